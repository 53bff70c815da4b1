//! Signs each line of standard input.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use pylon_identity_core::IdentitySecret;
use pylon_identity_core::binding::push_json_object;

use crate::{Failure, Stop, tell};

/// The longest line, so that a file without line breaks cannot take all memory.
const MAX_LINE: usize = 1 << 20; // 1 MiB

/// A pipe takes up to this many bytes whole or not at all: PIPE_BUF on Linux. So an interruption leaves only whole
/// lines.
const WHOLE: usize = 4096;

/// Whole lines that wait for the output.
struct Lines<'a, W> {
    output: &'a mut W,
    waiting: String,
}

impl<W: Write> Lines<'_, W> {
    fn push(&mut self, write: impl FnOnce(&mut String)) -> io::Result<()> {
        let start = self.waiting.len();
        write(&mut self.waiting);
        if self.waiting.len() > WHOLE { self.write(start) } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write(self.waiting.len())?;
        self.output.flush()
    }

    fn write(&mut self, length: usize) -> io::Result<()> {
        let written = self.output.write_all(&self.waiting.as_bytes()[..length]);
        // After an error it is unknown how much was written, so nothing may follow.
        let gone = if written.is_ok() { length } else { self.waiting.len() };
        self.waiting.drain(..gone);
        written
    }
}

/// A line on standard error that counts emails. It shows if a person sees it and does not type the emails.
struct Progress {
    shown: bool,
    next: Instant,
}

const BETWEEN: Duration = Duration::from_millis(500);

impl Progress {
    fn new() -> Option<Self> {
        let wanted =
            io::stderr().is_terminal() && !io::stdin().is_terminal() && !io::stdout().is_terminal();
        wanted.then(|| Self { shown: false, next: Instant::now() + BETWEEN })
    }

    fn count(&mut self, signed: u64) {
        if signed.is_multiple_of(1024) && Instant::now() >= self.next {
            tell(&format!("\r{signed} emails signed"));
            self.shown = true;
            self.next = Instant::now() + BETWEEN;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            tell("\r\x1b[K");
        }
    }
}

/// Signs each line. It writes every answer before it waits for more input.
pub(crate) fn sign_lines(
    secret: &IdentitySecret,
    input: impl Read,
    output: &mut impl Write,
    json: bool,
) -> Result<(), Stop> {
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut lines = Lines { output, waiting: String::new() };
    let signed = sign_each(secret, &mut input, &mut lines, json);
    // The answers to the lines before an error come first.
    lines.flush()?;
    signed
}

fn sign_each(
    secret: &IdentitySecret,
    input: &mut BufReader<impl Read>,
    lines: &mut Lines<impl Write>,
    json: bool,
) -> Result<(), Stop> {
    let mut progress = Progress::new();
    let mut line = Vec::new();
    for number in 1.. {
        if !input.buffer().contains(&b'\n') {
            lines.flush()?;
        }
        line.clear();
        let failed = |code, problem: &str| {
            Failure::new(code, format!("Line {number} of standard input {problem}"))
        };
        match input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(length) if length <= MAX_LINE => {}
            Ok(_) => Err(failed("input_too_long", "is longer than 1 MiB, so it is no email."))?,
            Err(error) => Err(failed("input_unreadable", &format!("cannot be read: {error}.")))?,
        }
        let text = str::from_utf8(&line)
            .map_err(|_| failed("input_not_utf8", "is not valid UTF-8, so it is not signed."))?;
        let email =
            text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        // Some editors put a byte order mark at the beginning of a file.
        let email =
            if number == 1 { email.strip_prefix('\u{feff}').unwrap_or(email) } else { email };
        let hash = secret.sign(email);
        if json {
            let fields = [("email", email), ("email_hash", hash.as_str())];
            lines.push(|text| {
                push_json_object(text, fields);
                text.push('\n');
            })?;
        } else if email.contains(char::is_control) {
            Err(failed(
                "email_has_control_character",
                "has a tab or another control character, which would break the columns. Remove it, or \
                 pass --json.",
            ))?;
        } else {
            lines.push(|text| text.extend([email, "\t", hash.as_str(), "\n"]))?;
        }
        if let Some(progress) = &mut progress {
            progress.count(number);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It takes ten bytes, has no room once, and then has room again.
    #[derive(Default)]
    struct FullOnce {
        taken: Vec<u8>,
        calls: u32,
    }

    impl Write for FullOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            match self.calls {
                1 => self.taken.write(&bytes[..10]),
                2 => Err(io::ErrorKind::StorageFull.into()),
                _ => self.taken.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn writes_nothing_after_an_error() {
        let secret = IdentitySecret::from_hex([b'7'; 64]).unwrap();
        for input in [b"ada@example.com\n".to_vec(), b"ada@example.com\n".repeat(100)] {
            let mut output = FullOnce::default();
            assert!(sign_lines(&secret, &*input, &mut output, false).is_err());
            assert_eq!(output.taken, b"ada@exampl");
        }
    }
}
