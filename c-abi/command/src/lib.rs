//! The command line as a C function, for the program in Go. It has a library of its own, so that the C library
//! and programs that link it do not get larger.
#![cfg(unix)]

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::panic::catch_unwind;

use pylon_identity_cli::{Closed, run_with_closed};

/// Runs the command line and returns the exit code; see `pylon_identity_cli::run`.
///
/// # Safety
///
/// `args` are `count` strings that end in NUL, without the program's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_command_line(
    args: *const *const c_char,
    count: usize,
    stdin_closed: c_int,
    stdout_closed: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    let arg = |index| unsafe { CStr::from_ptr(*args.add(index)) };
    let args: Vec<OsString> =
        (0..count).map(|index| OsStr::from_bytes(arg(index).to_bytes()).to_owned()).collect();
    let closed = Closed { stdin: stdin_closed != 0, stdout: stdout_closed != 0 };
    catch_unwind(|| run_with_closed(args, closed)).unwrap_or(2)
}
