use std::collections::VecDeque;
use std::sync::{Mutex, mpsc};
use std::thread;

use crate::{EmailHash, IdentitySecret};

/// From how many emails on a batch is worth another thread: some 150 microseconds of work.
const SHARE: usize = 1024;

impl IdentitySecret {
    /// Signs many emails, in order, into as many arrays of digits; large numbers on all processors.
    ///
    /// Threads start and end within the call, so a `fork` between calls is safe; where none can be
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
    }

    /// Signs each batch that `next` returns and passes it with its hashes to `take`, in order.
    ///
    /// `next` and `take` run on the calling thread while other threads sign, so a binding can turn its
    /// language's objects into batches and hashes into objects meanwhile. Only a few batches exist at a
    /// time, and all are dropped on the calling thread. The first error of either ends the call. Threads as
    /// in [`sign_many`](Self::sign_many).
    #[doc(hidden)]
    pub fn sign_batches<B, E>(
        &self,
        mut next: impl FnMut() -> Result<Option<B>, E>,
        mut take: impl FnMut(B, Vec<EmailHash>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        B: Batch,
    {
        let sign = |batch: B| {
            let mut hashes = Vec::with_capacity(batch.count());
            batch.each(|email| hashes.push(self.sign(email)));
            (batch, hashes)
        };
        let (jobs, waiting) = mpsc::channel::<(B, mpsc::Sender<(B, Vec<EmailHash>)>)>();
        let waiting = Mutex::new(waiting);
        let work = || {
            while let Ok(Ok((batch, signed))) = waiting.lock().map(|jobs| jobs.recv()) {
                signed.send(sign(batch)).expect("kept until the threads have ended");
            }
        };
        // Signs what no thread has started on, rather than wait for the oldest batch idly. Jobs are taken
        // in order and a thread holds the lock only to take one. So if the lock is taken or no job is
        // left, a thread has the oldest batch or is just taking it, and its answer will come.
        let collect = |signed: mpsc::Receiver<_>| loop {
            match signed.try_recv() {
                Ok(done) => break done,
                Err(_) => match waiting.try_lock().ok().and_then(|jobs| jobs.try_recv().ok()) {
                    Some((batch, signed)) => signed.send(sign(batch)).expect("kept in the queue"),
                    None => break signed.recv().expect("a thread is signing this batch"),
                },
            }
        };
        // Outlives the threads, so that after an error the batches come back to be dropped here.
        let mut signing = VecDeque::new();
        thread::scope(|scope| {
            let jobs = jobs; // Dropped at the end of this closure, which ends the threads.
            let (mut threads, mut other_processors) = (0, None);
            while let Some(batch) = next()? {
                if batch.count() >= SHARE
                    && threads < *other_processors.get_or_insert_with(count_other_processors)
                    && thread::Builder::new().spawn_scoped(scope, work).is_ok()
                {
                    threads += 1;
                }
                let (reply, signed) = mpsc::channel();
                jobs.send((batch, reply)).expect("the other end is in this function");
                signing.push_back(signed);
                if signing.len() > 2 * threads {
                    let (batch, hashes) = collect(signing.pop_front().expect("just pushed"));
                    take(batch, hashes)?;
                }
            }
            while let Some(signed) = signing.pop_front() {
                let (batch, hashes) = collect(signed);
                take(batch, hashes)?;
            }
            Ok(())
        })
    }
}

/// Emails that a binding hands to another thread together.
#[doc(hidden)]
pub trait Batch: Send {
    /// How many emails there are.
    fn count(&self) -> usize;

    /// Calls `sign` with each, in order.
    fn each(&self, sign: impl FnMut(&[u8]));
}

impl<T: AsRef<[u8]> + Send> Batch for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn each(&self, mut sign: impl FnMut(&[u8])) {
        self.iter().for_each(|email| sign(email.as_ref()));
    }
}

/// How many processors there are besides the one that runs the calling thread.
fn count_other_processors() -> usize {
    thread::available_parallelism().map_or(0, |processors| processors.get() - 1)
}
