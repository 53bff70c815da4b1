//! The program `pylon-identity`; see [`pylon_identity_cli::run`].

use pylon_identity_cli::{Closed, run_with_closed};

fn main() {
    std::process::exit(run_with_closed(std::env::args_os().skip(1), closed_at_start()));
}

#[cfg(not(unix))]
fn closed_at_start() -> Closed {
    Closed::default()
}

#[cfg(unix)]
use at_start::closed_at_start;

/// Rust's runtime opens /dev/null in place of a closed standard stream before `main`, so that output to it would be
/// lost without an error. This looks at the streams before the runtime does.
#[cfg(unix)]
mod at_start {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::Closed;

    static STDIN: AtomicBool = AtomicBool::new(false);
    static STDOUT: AtomicBool = AtomicBool::new(false);

    pub(super) fn closed_at_start() -> Closed {
        Closed { stdin: STDIN.load(Relaxed), stdout: STDOUT.load(Relaxed) }
    }

    extern "C" fn look() {
        for (descriptor, closed) in [(0, &STDIN), (1, &STDOUT)] {
            // SAFETY: F_GETFD takes no pointer and changes nothing.
            let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
            closed.store(flags == -1, Relaxed);
        }
    }

    // SAFETY: the loader calls each function in this section before `main`. `look` reads no argument and uses
    // nothing that Rust's runtime sets up.
    #[used]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    static LOOK: extern "C" fn() = look;
}
