//! The standard streams, and text that comes from them or from files.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use pylon_identity_core::binding::MAX_PAGE;
use pylon_identity_core::{EnvError, Error, binding};
use zeroize::Zeroizing;

use crate::{Failure, Warning};

/// The standard streams that were closed when the process started, where its runtime hides that.
#[derive(Clone, Copy, Default)]
pub struct Closed {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
}

fn closed() -> io::Error {
    io::Error::other("it is closed")
}

/// Standard input and output as files of their own: Rust's streams take a closed one for an endless one.
#[cfg(unix)]
mod files {
    use std::os::fd::AsFd;

    use super::*;

    pub(crate) fn stdin(at_start: Closed) -> io::Result<Patient<File>> {
        if at_start.stdin {
            return Err(closed());
        }
        Ok(Patient(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }

    pub(crate) fn stdout(at_start: Closed) -> io::Result<Patient<File>> {
        if at_start.stdout {
            return Err(closed());
        }
        Ok(Patient(io::stdout().as_fd().try_clone_to_owned()?.into()))
    }
}

/// Rust's streams, which translate text for a console of Windows.
#[cfg(not(unix))]
mod files {
    use super::*;

    pub(crate) fn stdin(at_start: Closed) -> io::Result<Patient<io::Stdin>> {
        if at_start.stdin { Err(closed()) } else { Ok(Patient(io::stdin())) }
    }

    pub(crate) fn stdout(at_start: Closed) -> io::Result<Patient<io::Stdout>> {
        if at_start.stdout { Err(closed()) } else { Ok(Patient(io::stdout())) }
    }
}

pub(crate) use files::{stdin, stdout};

/// Whether the path names standard input: `-`, or the same file.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-") || is_same_file_as_stdin(path)
}

#[cfg(unix)]
fn is_same_file_as_stdin(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let same = || {
        let input = stdin(Closed::default())?.0.metadata()?;
        let file = path.metadata()?;
        io::Result::Ok((input.dev(), input.ino()) == (file.dev(), file.ino()))
    };
    same().unwrap_or(false)
}

#[cfg(not(unix))]
fn is_same_file_as_stdin(_path: &Path) -> bool {
    false
}

/// Reads the secret as it is configured, with the white space around it. Warns if its file is not private.
///
/// Without a file, it reads the first of these variables that is set.
pub(crate) fn read_secret(
    file: Option<&Path>,
    variables: &[&str],
    at_start: Closed,
) -> Result<(Zeroizing<Vec<u8>>, Option<Warning>), Failure> {
    let Some(path) = file else {
        let missing = || EnvError::new(variables[0], Error::SecretMissing);
        let value = variables.iter().find_map(std::env::var_os).ok_or_else(missing)?;
        return Ok((Zeroizing::new(value.into_encoded_bytes()), None));
    };
    let read = if path == Path::new("-") {
        stdin(at_start).and_then(|stream| Ok((binding::read_secret(stream)?, None)))
    } else {
        File::open(path).and_then(|file| Ok((binding::read_secret(&file)?, warning_about(&file)?)))
    };
    // The path is not repeated: it may be the secret by mistake.
    read.map_err(|error| {
        let message = format!(
            "The file of --secret-file cannot be read: {error}. It takes the path of a file, not the secret \
             itself."
        );
        Failure::new("secret_file_unreadable", message)
    })
}

#[cfg(unix)]
fn warning_about(file: &File) -> io::Result<Option<Warning>> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = file.metadata()?;
    let shared = metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
    Ok(shared.then_some(Warning {
        code: "secret_file_not_private",
        message: "Other users have access to the secret file. Make it private with chmod 600.",
    }))
}

#[cfg(not(unix))]
fn warning_about(_file: &File) -> io::Result<Option<Warning>> {
    Ok(None)
}

/// Far longer than a hash or a JWT.
const MAX_TEXT: usize = 64 << 10;

/// The email hash or the JWT on standard input, without the line break at its end.
pub(crate) fn read_text(name: &str, at_start: Closed) -> Result<String, Failure> {
    let failed = |problem: String| {
        Failure::new("input_unreadable", format!("The {name} on standard input {problem}."))
    };
    let mut text = String::new();
    let read = stdin(at_start)
        .and_then(|stream| stream.take(MAX_TEXT as u64 + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length <= MAX_TEXT => {}
        Ok(_) => return Err(failed(format!("is longer than {} KiB", MAX_TEXT >> 10))),
        Err(error) => return Err(failed(format!("cannot be read: {error}"))),
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// The text of a page. Bytes that are not UTF-8 become U+FFFD, as in a browser.
pub(crate) fn read_page(path: &Path, at_start: Closed) -> Result<String, Failure> {
    let mut page = Vec::new();
    let too_long = MAX_PAGE as u64 + 1;
    let read = match is_stdin(path) {
        true => stdin(at_start).and_then(|input| input.take(too_long).read_to_end(&mut page)),
        false => File::open(path).and_then(|file| file.take(too_long).read_to_end(&mut page)),
    };
    let problem = match read {
        Ok(length) if length <= MAX_PAGE => {
            return Ok(String::from_utf8_lossy(&page).into_owned());
        }
        Ok(_) => "it is longer than 1 MiB".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Failure::new("page_unreadable", format!("The page of --page cannot be read: {problem}.")))
}

/// Waits for a stream that is not ready, as a blocking stream does by itself.
///
/// A process that shares a pipe can make it non-blocking for all, and Node does so with its standard streams.
pub(crate) struct Patient<T>(pub(crate) T);

impl<T> Patient<T> {
    fn wait<R>(&mut self, mut call: impl FnMut(&mut T) -> io::Result<R>) -> io::Result<R> {
        loop {
            match call(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    sleep(Duration::from_millis(1))
                }
                done => return done,
            }
        }
    }
}

impl<T: Read> Read for Patient<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(|stream| stream.read(buffer))
    }
}

impl<T: Write> Write for Patient<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait(T::flush)
    }
}
