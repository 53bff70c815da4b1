//! The time, in Unix seconds.

/// The time of the system's clock.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

#[cfg(target_arch = "wasm32")]
static NOW: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// The time that the host has set, since a module without imports has no clock.
#[cfg(target_arch = "wasm32")]
pub(crate) fn now() -> u64 {
    NOW.load(std::sync::atomic::Ordering::Relaxed)
}

/// Sets the time for the calls that follow.
#[cfg(target_arch = "wasm32")]
pub fn set(now: u64) {
    NOW.store(now, std::sync::atomic::Ordering::Relaxed);
}
