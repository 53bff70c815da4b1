//! Signing an ordinary email in as few steps as Node-API allows, with nothing on the heap but the string
//! returned; `docs/performance.md` has the figures.
//!
//! Each function returns undefined for anything out of the ordinary: another type, long text, text that
//! is not ASCII, a secret that is malformed or wiped. `index.js` then calls the general function.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::{ptr, slice};

use napi::bindgen_prelude::sys;
use pylon_identity_core::EmailHash;
use zeroize::Zeroizing;

use crate::{Handle, text};

/// Longer than most emails, and than a secret of 64 digits.
const SHORT: usize = 256;

/// `signFast(secret, email)`
pub unsafe extern "C" fn sign(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let signed = || {
        // SAFETY: Node passes the environment and the arguments of the running call.
        let [secret, email] = unsafe { arguments(env, info) }?;
        let mut handle = ptr::null_mut();
        // SAFETY: as above, and `handle` is a local.
        ok(unsafe { sys::napi_get_value_external(env, secret, &mut handle) })?;
        // SAFETY: `index.js` passes only what `parse` returned, and napi-rs checks the type once more; the
        // argument keeps it alive during the call.
        let secret = unsafe { Handle::inner_from_raw(handle) }?.borrow();
        let secret = secret.as_ref()?;
        let mut buffer = [MaybeUninit::<u8>::uninit(); SHORT];
        // SAFETY: as above, and the buffer has the size that it must have.
        Some(secret.sign(unsafe { short_ascii(env, email, buffer.as_mut_ptr().cast()) }?))
    };
    // SAFETY: as above.
    unsafe { returned(env, signed()) }
}

/// `signMessageFast(message, secret)`
pub unsafe extern "C" fn sign_message_with_hmac(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let signed = || {
        // SAFETY: Node passes the environment and the arguments of the running call.
        let [message, secret] = unsafe { arguments(env, info) }?;
        // Of words, which are wiped in fewer steps than bytes.
        let mut hex = Zeroizing::new([0_u64; SHORT / 8]);
        // SAFETY: as above, and the buffer has the size that it must have.
        let hex = unsafe { short_ascii(env, secret, hex.as_mut_ptr().cast()) }?;
        let mut buffer = [MaybeUninit::<u8>::uninit(); SHORT];
        // SAFETY: as above.
        let message = unsafe { short_ascii(env, message, buffer.as_mut_ptr().cast()) }?;
        pylon_identity_core::sign_message_with_hmac(message, hex).ok()
    };
    // SAFETY: as above.
    unsafe { returned(env, signed()) }
}

fn ok(status: sys::napi_status) -> Option<()> {
    (status == sys::Status::napi_ok).then_some(())
}

/// # Safety
///
/// `env` and `info` are those of the running call.
unsafe fn arguments(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> Option<[sys::napi_value; 2]> {
    let (mut count, mut values) = (2, [ptr::null_mut(); 2]);
    let (this, data) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: as the caller promises; Node fills at most `count` values, missing ones with undefined.
    ok(unsafe { sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), this, data) })?;
    Some(values)
}

/// The bytes of a string that is short and ASCII, copied into `buffer`.
///
/// # Safety
///
/// `env` is that of the running call, and `value` belongs to it. `buffer` is valid for `SHORT` bytes, and
/// nothing else uses it while `'a` lasts.
unsafe fn short_ascii<'a>(
    env: sys::napi_env,
    value: sys::napi_value,
    buffer: *mut c_char,
) -> Option<&'a [u8]> {
    let mut length = 0;
    // SAFETY: as the caller promises.
    ok(unsafe { sys::napi_get_value_string_utf8(env, value, buffer, SHORT, &mut length) })?;
    // SAFETY: Node has written `length` bytes, less than the size of the buffer.
    let text = unsafe { slice::from_raw_parts(buffer.cast::<u8>(), length) };
    // What was cut short ends within a character of the end of the buffer. A lone surrogate has become
    // U+FFFD, which is not ASCII.
    (length < SHORT - 4 && text.is_ascii()).then_some(text)
}

/// # Safety
///
/// `env` is that of the running call.
unsafe fn returned(env: sys::napi_env, hash: Option<EmailHash>) -> sys::napi_value {
    // SAFETY: as the caller promises.
    let value = hash.and_then(|hash| unsafe { text::ascii(env, hash.as_bytes()) }.ok());
    value.unwrap_or(ptr::null_mut())
}
