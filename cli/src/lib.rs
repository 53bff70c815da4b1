//! The command line of pylon-identity: one implementation for the program of that name, for the
//! Python package's `python -m pylon_identity` and for the Node package's `npx pylon-identity`.

#![forbid(unsafe_code)]

mod arguments;
mod help;
mod streams;

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};

use pylon_identity_core::binding::{diagnose_configured, json_object as to_json, trim};
use pylon_identity_core::{Error, IdentitySecret, generate_secret};

use arguments::{Arguments, Command};
use streams::{Patient, read_secret};

/// Runs the command line with `args`, without the program's name, and returns the exit code.
///
/// It uses the standard streams and the environment of the process and returns when it is done: 0 for
/// done or yes, 1 for no, 2 for whatever cannot be done, which it has then said on standard error.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let args: Vec<_> = args.into_iter().collect();
    let json = arguments::wants_json(&args);
    let mut output = BufWriter::with_capacity(BUFFER, Patient(io::stdout().lock()));
    let code = arguments::parse(args).map_err(Stop::from).and_then(|arguments| {
        let Answer { text, yes } = execute(arguments, json, &mut output)?;
        match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
            // Even if nobody reads it, the exit code must not turn a no into a yes.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::from(error)),
            _ => Ok(if yes { 0 } else { 1 }),
        }
    });
    match code {
        Ok(code) => code,
        Err(Stop::NobodyReads) => 0,
        Err(Stop::Failed(failure)) => {
            // What was done before it comes first. There is nobody left to tell if these fail.
            let _ = output.flush();
            let _ = Patient(io::stderr()).write_all(failure.report(json).as_bytes());
            2
        }
    }
}

const BUFFER: usize = 64 << 10;

/// The longest line of standard input, so that a file without line breaks cannot take all memory.
const MAX_LINE: usize = 1 << 20; // 1 MiB

/// What a command prints, and whether the exit code says yes.
struct Answer {
    text: String,
    yes: bool,
}

/// Why a command cannot be done. The message holds no argument, secret or email.
struct Failure {
    code: &'static str,
    message: String,
    /// What to do at a terminal, on a line of its own.
    hint: Option<&'static str>,
}

/// What ends a command early.
enum Stop {
    /// Whoever read the output has enough, as `head` does.
    NobodyReads,
    Failed(Failure),
}

impl Failure {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self {
            hint: Some("To learn more, run: pylon-identity --help"),
            ..Self::new("usage", message)
        }
    }

    fn report(&self, json: bool) -> String {
        if json {
            let error = to_json([("code", self.code), ("message", &self.message)]);
            return format!("{{\"error\":{error}}}\n");
        }
        let hint = self.hint.map(|hint| format!("{hint}\n")).unwrap_or_default();
        format!("pylon-identity: {}\n{hint}", self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = "Or keep it in a file that only you can read, and pass --secret-file PATH.";
        let hint = (error == Error::SecretMissing).then_some(hint);
        Self { hint, ..Self::new(error.code(), error.message()) }
    }
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// Only for errors of standard output; those of other streams are explained where they happen.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::NobodyReads;
        }
        let message = format!("Standard output cannot be written: {error}");
        Self::Failed(Failure::new("output_unwritable", message))
    }
}

fn execute(arguments: Arguments, json: bool, output: &mut impl Write) -> Result<Answer, Stop> {
    let secret_file = arguments.secret_file.as_deref();
    let secret = || -> Result<_, Failure> {
        let value = read_secret(secret_file)?;
        // As in a variable, white space around it is trimmed.
        Ok(IdentitySecret::from_hex(trim(&value))?)
    };
    let colours = colours(
        io::stdout().is_terminal(),
        std::env::var_os("NO_COLOR").as_deref(),
        std::env::var_os("TERM").as_deref(),
    );
    let (text, yes) = match arguments.command {
        Command::Help(text) => (headings(text, colours), true),
        Command::Version => (format!("pylon-identity {}\n", pylon_identity_core::VERSION), true),
        Command::Sign { email } => {
            let hash = secret()?.sign(&email);
            let text = if json { signed(&email, hash.as_str()) } else { format!("{hash}\n") };
            (text, true)
        }
        Command::SignLines if secret_file.is_some_and(streams::is_stdin) => {
            let message = "Standard input cannot give both the secret and the emails.";
            return Err(Failure::usage(message).into());
        }
        Command::SignLines => {
            let input = BufReader::with_capacity(BUFFER, Patient(io::stdin().lock()));
            sign_lines(&secret()?, input, output, json)?;
            (String::new(), true)
        }
        Command::Verify { email, email_hash } => {
            let verified = secret()?.verify(email, email_hash);
            let text = match verified {
                _ if json => format!("{{\"verified\":{verified}}}\n"),
                true => format!("{}\n", paint(GREEN, "verified", colours)),
                false => format!(
                    "{}\nTo find out why, run the same with diagnose in place of verify.\n",
                    paint(RED, "not verified", colours)
                ),
            };
            (text, verified)
        }
        Command::Diagnose { email, email_hash } => {
            let value = read_secret(secret_file)?;
            let diagnosis = diagnose_configured(&value, &email, &email_hash);
            let (matches, explanation) = (diagnosis.matches(), diagnosis.explanation());
            let text = if json {
                let codes = diagnosis.causes().iter().map(|cause| format!("\"{}\"", cause.code()));
                let codes = codes.collect::<Vec<_>>().join(",");
                let explanation = to_json([("explanation", &explanation)]);
                format!("{{\"matches\":{matches},\"causes\":[{codes}],{}\n", &explanation[1..])
            } else {
                let (verdict, rest) = explanation.split_once('\n').unwrap_or((&explanation, ""));
                let verdict = paint(if matches { GREEN } else { RED }, verdict, colours);
                format!("{}\n", format!("{verdict}\n{rest}").trim_end())
            };
            (text, matches)
        }
        Command::GenerateSecret => {
            let secret = generate_secret();
            let text = if json { to_json([("secret", &secret)]) } else { secret };
            (text + "\n", true)
        }
    };
    Ok(Answer { text, yes })
}

/// The line of JSON for a signed email.
fn signed(email: &str, hash: &str) -> String {
    to_json([("email", email), ("email_hash", hash)]) + "\n"
}

/// Signs each line, and has written every answer whenever it waits for more input.
fn sign_lines(
    secret: &IdentitySecret,
    mut input: BufReader<impl Read>,
    output: &mut impl Write,
    json: bool,
) -> Result<(), Stop> {
    let mut line = Vec::new();
    for number in 1.. {
        if !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
        line.clear();
        let failed = |code, problem: &str| {
            Failure::new(code, format!("Line {number} of standard input {problem}"))
        };
        match (&mut input).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(length) if length <= MAX_LINE => {}
            Ok(_) => Err(failed("input_too_long", "is longer than 1 MiB, so it is no email."))?,
            Err(error) => Err(failed("input_unreadable", &format!("cannot be read: {error}")))?,
        }
        let text = str::from_utf8(&line)
            .map_err(|_| failed("input_not_utf8", "is not valid UTF-8, so it is not signed."))?;
        let email =
            text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        // The mark that some editors put at the beginning of a file is not part of what it holds.
        let email =
            if number == 1 { email.strip_prefix('\u{feff}').unwrap_or(email) } else { email };
        let hash = secret.sign(email);
        if json {
            output.write_all(signed(email, hash.as_str()).as_bytes())?;
        } else {
            for piece in [email.as_bytes(), b"\t", hash.as_bytes(), b"\n"] {
                output.write_all(piece)?;
            }
        }
    }
    Ok(())
}

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";

/// Whether to colour, as <https://no-color.org> asks for.
fn colours(terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    terminal
        && no_color.is_none_or(OsStr::is_empty)
        && term.is_some_and(|term| !term.is_empty() && term != "dumb")
}

fn paint(colour: &str, text: &str, colours: bool) -> String {
    if colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

fn headings(help: &str, colours: bool) -> String {
    let line = |line: &str| {
        let is_heading = line.ends_with(':') && !line.starts_with(' ');
        paint(BOLD, line, colours && is_heading) + "\n"
    };
    help.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_where_they_are_wanted() {
        let decide = |terminal, no_color: Option<&str>, term: Option<&str>| {
            colours(terminal, no_color.map(OsStr::new), term.map(OsStr::new))
        };
        assert!(decide(true, None, Some("xterm-256color")));
        assert!(decide(true, Some(""), Some("xterm")), "an empty NO_COLOR is none");
        assert!(!decide(false, None, Some("xterm")), "not a terminal");
        assert!(!decide(true, Some("1"), Some("xterm")), "NO_COLOR");
        assert!(!decide(true, None, Some("dumb")));
        assert!(!decide(true, None, None));
    }

    #[test]
    fn paints_headings_and_nothing_else() {
        assert_eq!(headings("Title.\n\nUsage:\n  x:\n", false), "Title.\n\nUsage:\n  x:\n");
        let painted = headings("Title.\n\nUsage:\n  x:\n", true);
        assert_eq!(painted, "Title.\n\n\x1b[1mUsage:\x1b[0m\n  x:\n");
    }
}
