//! Panics on purpose, for tests of the boundary. They exist only in a library built with
//! `--cfg pylon_identity_panic`; a library that is shipped has none.

#[cfg(pylon_identity_panic)]
mod planted {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use crate::{pylon_identity_status, status};

    static STEPS_LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

    /// Panics.
    #[unsafe(no_mangle)]
    pub extern "C" fn pylon_identity_test_panic() -> pylon_identity_status {
        status(|| panic!("on purpose"))
    }

    /// Plants one panic after this many steps of later calls. `usize::MAX` plants none.
    #[unsafe(no_mangle)]
    pub extern "C" fn pylon_identity_test_panic_after(steps: usize) {
        STEPS_LEFT.store(steps, Relaxed);
    }

    pub(crate) fn step() {
        if STEPS_LEFT.fetch_sub(1, Relaxed) == 0 {
            panic!("on purpose");
        }
    }
}

/// A step, where a planted panic can happen: at the start of a call, at each argument and before each write.
pub(crate) fn step() {
    #[cfg(pylon_identity_panic)]
    planted::step();
}
