//! Batches of emails on their way from JavaScript into the core, and hashes on their way back.

use std::mem;

use napi::bindgen_prelude::{
    BufferSlice, Env, Function, HandleScope, JsObjectValue, Object, Result, Uint32Array,
};
use pylon_identity_core as core;

use crate::text::{self, Joined};

/// Emails one after another, with the length in bytes of each.
struct Batch {
    joined: String,
    lengths: Vec<u32>,
}

impl core::Batch for Batch {
    fn count(&self) -> usize {
        self.lengths.len()
    }

    fn each(&self, mut sign: impl FnMut(&[u8])) {
        let mut rest = self.joined.as_bytes();
        self.lengths.iter().for_each(|length| sign(cut(&mut rest, *length)));
    }
}

fn cut<'a, T>(rest: &mut &'a [T], length: u32) -> &'a [T] {
    let (first, after) = rest.split_at(length as usize);
    *rest = after;
    first
}

impl Batch {
    /// `lengths` are in UTF-16 units.
    fn new(joined: Joined, lengths: &[u32]) -> std::result::Result<Self, core::Error> {
        let text = match joined {
            Joined::Ascii(joined) => return Ok(Self { joined, lengths: lengths.to_vec() }),
            Joined::Other(text) => text,
        };
        let (mut rest, mut batch) =
            (&text[..], Self { joined: String::new(), lengths: Vec::new() });
        for length in lengths {
            let email = text::from_utf16(cut(&mut rest, *length))?;
            batch.lengths.push(email.len() as u32);
            batch.joined += &email;
        }
        Ok(batch)
    }
}

/// Signs each batch `{ joined, lengths }` that `next` returns until it returns null. Writes the hashes into
/// `out`, and calls `take` with the number of bytes there whenever it is full, and at the end.
pub fn sign(
    env: &Env,
    secret: &core::IdentitySecret,
    next: Function<(), Option<Object>>,
    take: Function<u32, ()>,
    mut out: BufferSlice,
) -> Result<()> {
    let read = |batch: Object| {
        let lengths: Uint32Array = batch.get_named_property("lengths")?;
        Batch::new(batch.get_named_property_unchecked("joined")?, &lengths)
            .or_else(|error| crate::throw(env, error))
    };
    let next = || {
        let scope = HandleScope::create(env)?;
        // SAFETY: what leaves the scope is Rust's own.
        unsafe { scope.close(next, |next| next.call(())?.map(read).transpose()) }
    };
    let take = |written: usize| {
        let scope = HandleScope::create(env)?;
        // SAFETY: nothing leaves the scope.
        unsafe { scope.close(take, |take| take.call(written as u32)) }
    };
    let mut written = 0;
    secret.sign_batches(next, |_: Batch, signed| {
        for hash in &signed {
            out[written..][..core::EmailHash::LEN].copy_from_slice(hash.as_bytes());
            written += core::EmailHash::LEN;
            if written == out.len() {
                take(mem::take(&mut written))?;
            }
        }
        Ok(())
    })?;
    take(written)
}
