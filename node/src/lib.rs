//! The Node addon: types and errors translated, and nothing else. The rules live in the core.
//!
//! `index.js` makes the public classes of these functions, and `index.d.ts` documents them.

#![allow(missing_docs)]

mod fast;
mod text;

use napi::bindgen_prelude::{External, JsObjectValue, Object, Uint32Array};
use napi::{Error, Result};
use napi_derive::napi;
use pylon_identity_core as core;
use text::{Digits, Joined, Text};

/// What a call throws: an `Error` whose `code` is, for example, `ERR_SECRET_EMPTY`.
fn thrown(error: core::Error) -> Error<String> {
    Error::new(format!("ERR_{}", error.code().to_uppercase()), error.message().to_owned())
}

/// A parsed secret, until it is wiped.
type Handle = External<Option<core::IdentitySecret>>;

fn ready(secret: &Handle) -> Result<&core::IdentitySecret, String> {
    secret.as_ref().as_ref().ok_or_else(|| thrown(core::Error::SecretNotReady))
}

#[napi(catch_unwind)]
pub fn parse(hex: Text) -> Result<Handle, String> {
    Ok(External::new(Some(core::IdentitySecret::from_hex(hex.lossy()).map_err(thrown)?)))
}

#[napi(catch_unwind)]
pub fn wipe(secret: &mut Handle) {
    **secret = None;
}

#[napi(catch_unwind)]
pub fn sign(secret: &Handle, email: Text) -> Result<Digits<core::EmailHash>, String> {
    Ok(Digits(ready(secret)?.sign(email.well_formed().map_err(thrown)?)))
}

#[napi(module_exports)]
pub fn add_fast_functions(mut exports: Object) -> Result<()> {
    exports.create_named_method("signFast", fast::sign)?;
    exports.create_named_method("signMessageFast", fast::sign_message_with_hmac)
}

/// Signs emails that come joined into one string, with their lengths in UTF-16 units. The hashes come
/// joined too, a few hundred to a string.
#[napi(catch_unwind)]
pub fn sign_many(
    secret: &Handle,
    joined: Joined,
    lengths: Uint32Array,
) -> Result<Vec<Digits<Vec<u8>>>, String> {
    let secret = ready(secret)?;
    let mut hashes = vec![[0; core::EmailHash::LEN]; lengths.len()];
    match joined {
        Joined::Ascii(text) => secret.sign_many(&split(text.as_bytes(), &lengths), &mut hashes),
        Joined::Other(text) => {
            let emails = split(&text, &lengths).into_iter().map(text::from_utf16);
            let emails = emails.collect::<std::result::Result<Vec<_>, _>>().map_err(thrown)?;
            secret.sign_many(&emails, &mut hashes);
        }
    }
    Ok(hashes.chunks(HASHES_IN_A_STRING).map(|some| Digits(some.as_flattened().to_vec())).collect())
}

/// A slice of a JavaScript string keeps the whole alive, so this bounds what one kept hash holds on to.
const HASHES_IN_A_STRING: usize = 256;

fn split<'a, T>(mut joined: &'a [T], lengths: &[u32]) -> Vec<&'a [T]> {
    let next = |length: &u32| {
        let (text, rest) = joined.split_at(*length as usize);
        joined = rest;
        text
    };
    lengths.iter().map(next).collect()
}

#[napi(catch_unwind)]
pub fn verify(secret: &Handle, email: Text, email_hash: Text) -> Result<bool, String> {
    let secret = ready(secret)?;
    // Text without a UTF-8 form has no email hash, so nothing matches it.
    Ok(email.well_formed().is_ok_and(|email| secret.verify(email, email_hash.lossy())))
}

#[napi(catch_unwind)]
pub fn sign_message_with_hmac(
    message: Text,
    secret: Text,
) -> Result<Digits<core::EmailHash>, String> {
    let secret = core::IdentitySecret::from_hex(secret.lossy()).map_err(thrown)?;
    Ok(Digits(secret.sign(message.well_formed().map_err(thrown)?)))
}

#[napi(catch_unwind)]
pub fn generate_secret() -> String {
    core::generate_secret()
}

#[napi]
pub const VERSION: &str = core::VERSION;
