//! Reads strings of JavaScript and makes them. `index.js` has checked that each argument is a string, and that each
//! email is well formed.

use std::ptr;
use std::str::Utf8Error;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, check_status, sys};
use napi::{Error, Result};
use pylon_identity_core as core;
use zeroize::{Zeroize, Zeroizing};

/// Longer than most emails, and than a secret of 64 digits.
const SHORT: usize = 128;

/// The bytes of the longest character in UTF-8.
const CHARACTER: usize = 4;

/// A string argument. The function reads it into its own buffer, since a move leaves a copy of a secret behind.
pub struct StringArgument {
    pub env: sys::napi_env,
    pub value: sys::napi_value,
}

impl FromNapiValue for StringArgument {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        Ok(Self { env, value })
    }
}

/// The bytes of one argument: short text on the stack, long text on the heap. `Zeroizing` wipes both.
#[derive(Default)]
pub struct TextBuffer {
    // Words are wiped in fewer steps than bytes.
    short: [u64; SHORT / 8],
    long: Vec<u8>,
}

impl Zeroize for TextBuffer {
    fn zeroize(&mut self) {
        self.short.zeroize();
        self.long.zeroize();
    }
}

impl StringArgument {
    /// Reads the string as UTF-8. A lone surrogate becomes U+FFFD.
    pub fn read<'a>(&self, buffer: &'a mut TextBuffer) -> Result<&'a [u8]> {
        let read = |buffer: *mut u8, size: usize| {
            let mut length = 0;
            // SAFETY: this is the environment and an argument of the running call, and the buffer is null or has
            // this size.
            check_status!(unsafe {
                sys::napi_get_value_string_utf8(
                    self.env,
                    self.value,
                    buffer.cast(),
                    size,
                    &mut length,
                )
            })?;
            Ok::<_, Error>(length)
        };
        let short = buffer.short.as_mut_ptr().cast::<u8>();
        let length = read(short, SHORT)?;
        // Node writes whole characters and a final NUL, so a string that was cut ends near the end of the buffer.
        if length < SHORT - CHARACTER {
            // SAFETY: the buffer has more bytes than this, all of them initialised.
            return Ok(unsafe { std::slice::from_raw_parts(short, length) });
        }
        buffer.long = vec![0; read(ptr::null_mut(), 0)? + 1];
        let length = read(buffer.long.as_mut_ptr(), buffer.long.len())?;
        Ok(&buffer.long[..length])
    }

    pub fn read_text<'a>(&self, buffer: &'a mut TextBuffer) -> Result<&'a str> {
        str::from_utf8(self.read(buffer)?)
            .map_err(|error: Utf8Error| Error::from_reason(error.to_string()))
    }
}

/// The result of a call: a value, or the number of an error, which `index.js` throws.
pub struct Outcome<T>(pub std::result::Result<T, core::Error>);

impl<T: ToNapiValue> ToNapiValue for Outcome<T> {
    unsafe fn to_napi_value(env: sys::napi_env, outcome: Self) -> Result<sys::napi_value> {
        match outcome.0 {
            // SAFETY: as the caller promises.
            Ok(value) => unsafe { T::to_napi_value(env, value) },
            // SAFETY: as the caller promises.
            Err(error) => unsafe { u32::to_napi_value(env, error.number()) },
        }
    }
}

/// ASCII text that the addon returns: email hashes and secrets.
pub struct Latin1Result<T>(pub T);

impl<T: AsRef<[u8]>> ToNapiValue for Latin1Result<T> {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        let text = text.0.as_ref();
        let mut value = ptr::null_mut();
        // SAFETY: `env` is valid as the caller promises, and the text has the length given.
        check_status!(unsafe {
            sys::napi_create_string_latin1(
                env,
                text.as_ptr().cast(),
                text.len() as isize,
                &mut value,
            )
        })?;
        Ok(value)
    }
}

pub type SecretBuffer = Zeroizing<TextBuffer>;
