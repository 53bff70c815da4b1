//! The Node addon: types and errors translated, and nothing else. The rules live in the core.
//!
//! `index.js` makes the public classes of these functions, and `index.d.ts` documents them.

#![allow(missing_docs)]

use napi::bindgen_prelude::{Env, External, FromNapiValue, Utf16String, sys};
use napi::{Error, Result, Status};
use napi_derive::napi;
use pylon_identity_core as core;

/// What a call throws: an `Error` whose `code` is, for example, `ERR_SECRET_EMPTY`.
type Thrown = Error<String>;

fn thrown(error: core::Error) -> Thrown {
    Error::new(format!("ERR_{}", error.code().to_uppercase()), error.message().to_owned())
}

/// Throws a `TypeError`; the error returned says only that something was thrown.
fn type_error(env: sys::napi_env, message: &str) -> Error {
    match Env::from_raw(env).throw_type_error(message, Some("ERR_INVALID_ARG_TYPE")) {
        Ok(()) => Error::from_status(Status::PendingException),
        Err(failure) => failure,
    }
}

/// A string argument; anything else is a `TypeError`. UTF-16, since only there a lone surrogate shows:
/// on the way to UTF-8 Node silently makes U+FFFD of it.
pub struct Text(Utf16String);

impl FromNapiValue for Text {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as the caller promises.
        unsafe { Utf16String::from_napi_value(env, value) }
            .map(Self)
            .map_err(|_| type_error(env, "Expected a string."))
    }
}

impl Text {
    fn well_formed(&self) -> std::result::Result<String, core::Error> {
        String::from_utf16(&self.0).map_err(|_| core::Error::EmailNotUnicode)
    }

    /// The text with U+FFFD for each lone surrogate, which is as little a hexadecimal digit.
    fn lossy(&self) -> String {
        String::from_utf16_lossy(&self.0)
    }
}

/// An array of strings; anything else is a `TypeError`.
pub struct Texts(Vec<Text>);

impl FromNapiValue for Texts {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as the caller promises.
        unsafe { Vec::from_napi_value(env, value) }.map(Self).map_err(|error| match error.status {
            Status::PendingException => error,
            _ => type_error(env, "Expected an array of strings."),
        })
    }
}

/// A parsed secret, until it is wiped.
type Handle = External<Option<core::IdentitySecret>>;

fn ready(secret: &Handle) -> Result<&core::IdentitySecret, String> {
    secret.as_ref().as_ref().ok_or_else(|| thrown(core::Error::SecretNotReady))
}

#[napi]
pub fn parse(hex: Text) -> Result<Handle, String> {
    Ok(External::new(Some(core::IdentitySecret::from_hex(hex.lossy()).map_err(thrown)?)))
}

#[napi]
pub fn wipe(secret: &mut Handle) {
    **secret = None;
}

#[napi]
pub fn sign(secret: &Handle, email: Text) -> Result<String, String> {
    Ok(ready(secret)?.sign(email.well_formed().map_err(thrown)?).to_string())
}

#[napi]
pub fn sign_many(secret: &Handle, emails: Texts) -> Result<Vec<String>, String> {
    let secret = ready(secret)?;
    let sign = |email: Text| Ok(secret.sign(email.well_formed()?).to_string());
    emails.0.into_iter().map(|email| sign(email).map_err(thrown)).collect()
}

#[napi]
pub fn verify(secret: &Handle, email: Text, email_hash: Text) -> Result<bool, String> {
    let secret = ready(secret)?;
    // Text without a UTF-8 form has no email hash, so nothing matches it.
    Ok(email.well_formed().is_ok_and(|email| secret.verify(email, email_hash.lossy())))
}

#[napi]
pub fn sign_message_with_hmac(message: Text, secret: Text) -> Result<String, String> {
    sign(&parse(secret)?, message)
}

#[napi]
pub fn generate_secret() -> String {
    core::generate_secret()
}

#[napi]
pub const VERSION: &str = core::VERSION;
