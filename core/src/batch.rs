use std::sync::Mutex;
use std::thread;

use crate::secret::overwrite_registers;
use crate::{EmailHash, IdentitySecret};

/// The number of emails that is worth another thread: about 150 microseconds of work.
const SHARE: usize = 1024;

impl IdentitySecret {
    /// Signs many emails, in order, and writes one array of digits for each. Large batches use all processors.
    ///
    /// Threads start and end within the call, so a `fork` between calls is safe. Where no thread can be
    /// started, the calling thread does the work.
    ///
    /// # Panics
    ///
    /// If there are not as many arrays as emails.
    pub fn sign_many<T: AsRef<[u8]> + Sync>(
        &self,
        emails: &[T],
        hashes: &mut [[u8; EmailHash::LEN]],
    ) {
        assert_eq!(emails.len(), hashes.len(), "one array for each email");
        let shares = emails.chunks(SHARE).zip(hashes.chunks_mut(SHARE));
        let threads = match shares.len() {
            0 | 1 => 0,
            shares => count_other_processors().min(shares - 1),
        };
        let shares = Mutex::new(shares);
        let take_share = || shares.lock().ok()?.next();
        let work = || {
            while let Some((emails, hashes)) = take_share() {
                for (email, hash) in emails.iter().zip(hashes) {
                    *hash = *self.sign(email).as_bytes();
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..threads {
                if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        overwrite_registers();
    }
}

/// The number of processors, without the one of the calling thread.
fn count_other_processors() -> usize {
    thread::available_parallelism().map_or(0, |processors| processors.get() - 1)
}
