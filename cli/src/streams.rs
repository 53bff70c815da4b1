//! Reading the secret, and streams that others may have set to return at once.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use pylon_identity_core::{Error, IdentitySecret};
use zeroize::Zeroizing;

use crate::Failure;

/// Far more than a secret has, so that a file without an end does not hang the program.
const MAX_SECRET: usize = 64 << 10;

pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The secret as it is configured, with the white space around it.
pub(crate) fn read_secret(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let Some(path) = file else {
        let value = std::env::var_os(IdentitySecret::ENV).ok_or(Error::SecretMissing)?;
        return Ok(Zeroizing::new(value.into_encoded_bytes()));
    };
    // Room for all of it, since growing would leave copies behind.
    let mut value = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1));
    let mut read =
        |stream: &mut dyn Read| stream.take(MAX_SECRET as u64 + 1).read_to_end(&mut value);
    let read = if is_stdin(path) {
        read(&mut Patient(io::stdin().lock()))
    } else {
        File::open(path).and_then(|mut file| read(&mut file))
    };
    // The path is not repeated: it may be the secret by mistake.
    let problem = match read {
        Ok(length) if length <= MAX_SECRET => return Ok(value),
        Ok(_) => format!("is longer than {} KiB, so it is no secret", MAX_SECRET >> 10),
        Err(error) => {
            format!("cannot be read: {error}. It takes the path of a file, not the secret itself")
        }
    };
    let message = format!("The file of --secret-file {problem}.");
    Err(Failure::new("secret_file_unreadable", message))
}

/// Waits for a stream that is not ready, as a blocking one does by itself.
///
/// Whoever shares a pipe can make it non-blocking for all, and Node does so with its standard streams.
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
