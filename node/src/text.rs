//! JavaScript strings to bytes and back. `index.js` has checked that what comes in is a string.

use std::ptr;

use napi::Result;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, Utf16String, check_status, sys};
use pylon_identity_core::{EmailHash, Error};
use zeroize::Zeroizing;

/// A string as UTF-8, or what is wrong with it.
pub struct Text(std::result::Result<String, Error>);

impl FromNapiValue for Text {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as the caller promises.
        Ok(Self(match unsafe { Joined::from_napi_value(env, value) }? {
            Joined::Ascii(text) => Ok(text),
            Joined::Other(text) => from_utf16(&text),
        }))
    }
}

/// A string that may be cut at any UTF-16 unit. Only in UTF-16 does a lone surrogate show: on the way to
/// UTF-8 Node silently makes U+FFFD of it, which is not ASCII.
pub enum Joined {
    Ascii(String),
    Other(Utf16String),
}

impl FromNapiValue for Joined {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as the caller promises.
        let text = unsafe { String::from_napi_value(env, value) }?;
        if text.is_ascii() {
            return Ok(Self::Ascii(text));
        }
        // SAFETY: as the caller promises.
        unsafe { Utf16String::from_napi_value(env, value) }.map(Self::Other)
    }
}

impl Text {
    pub fn well_formed(&self) -> std::result::Result<&str, Error> {
        self.0.as_deref().map_err(|error| *error)
    }
}

/// A string that may be a secret: wiped when it is dropped.
///
/// A lone surrogate has become U+FFFD, which is as little a hexadecimal digit.
pub struct Wiped(pub Zeroizing<String>);

impl FromNapiValue for Wiped {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: as the caller promises.
        unsafe { String::from_napi_value(env, value) }.map(|text| Self(Zeroizing::new(text)))
    }
}

impl ToNapiValue for Wiped {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        // SAFETY: as the caller promises.
        unsafe { <&str>::to_napi_value(env, text.0.as_str()) }
    }
}

pub fn from_utf16(text: &[u16]) -> std::result::Result<String, Error> {
    String::from_utf16(text).map_err(|_| Error::EmailNotUnicode)
}

/// An email hash on its way to JavaScript.
pub struct Digits(pub EmailHash);

impl ToNapiValue for Digits {
    unsafe fn to_napi_value(env: sys::napi_env, hash: Self) -> Result<sys::napi_value> {
        // SAFETY: as the caller promises.
        unsafe { ascii(env, hash.0.as_bytes()) }
    }
}

/// # Safety
///
/// `env` is the environment of the running call.
pub unsafe fn ascii(env: sys::napi_env, text: &[u8]) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: `env` is valid as the caller promises, and the text has the length given.
    check_status!(unsafe {
        sys::napi_create_string_latin1(env, text.as_ptr().cast(), text.len() as isize, &mut value)
    })?;
    Ok(value)
}
