//! The C interface: types and errors translated, and nothing else. The rules live in the core.
//!
//! The documentation of each public item is for readers of the header that is generated from it.

#![allow(non_camel_case_types)]
// The header says what each pointer must be, in the words of C.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{CStr, c_char};
use std::mem::{align_of, offset_of, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(pylon_identity_panic)]
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{ptr, slice};

use pylon_identity_core::{Cause, EmailHash, Error, IdentitySecret};
use zeroize::Zeroize;

mod diagnose;
mod settings;

pub use diagnose::*;
pub use settings::*;

/// The size in bytes of the buffer for an email hash: 64 hexadecimal digits and a NUL.
pub const PYLON_IDENTITY_EMAIL_HASH_SIZE: usize = 65;

const _: () = assert!(PYLON_IDENTITY_EMAIL_HASH_SIZE == EmailHash::LEN + 1);

/// What a call came to. The numbers are stable; pylon_identity_status_message() explains each.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pylon_identity_status {
    /// The call succeeded. From pylon_identity_verify(): the email hash is right.
    PYLON_IDENTITY_OK = 0,
    /// The identity secret has no digits at all.
    PYLON_IDENTITY_SECRET_EMPTY = 1,
    /// The identity secret has an odd number of hexadecimal digits.
    PYLON_IDENTITY_SECRET_ODD_LENGTH = 2,
    /// The identity secret contains a character that is not a hexadecimal digit.
    PYLON_IDENTITY_SECRET_NOT_HEX = 3,
    /// The struct was never initialised, or was wiped.
    PYLON_IDENTITY_SECRET_NOT_READY = 4,
    /// The email hash is not the one that this secret gives for this email.
    PYLON_IDENTITY_HASH_MISMATCH = 5,
    /// A pointer is NULL or misaligned, a length is larger than any object can be, or names and values
    /// do not come in pairs.
    PYLON_IDENTITY_NULL_ARGUMENT = 6,
    /// The library has a bug: it panicked.
    PYLON_IDENTITY_PANIC = 7,
    /// The environment variable with the identity secret is not set.
    PYLON_IDENTITY_SECRET_MISSING = 8,
    /// The environment variable has a name that bundlers ship to browsers.
    PYLON_IDENTITY_SECRET_EXPOSED = 9,
    /// Chat settings need an email.
    PYLON_IDENTITY_EMAIL_EMPTY = 10,
    /// Chat settings need an app ID.
    PYLON_IDENTITY_APP_ID_EMPTY = 11,
    /// The nonce is not base64 text.
    PYLON_IDENTITY_NONCE_INVALID = 12,
    /// The buffer for the output is too small.
    PYLON_IDENTITY_BUFFER_TOO_SMALL = 13,
}

use pylon_identity_status::*;

impl pylon_identity_status {
    const ALL: [Self; 14] = [
        PYLON_IDENTITY_OK,
        PYLON_IDENTITY_SECRET_EMPTY,
        PYLON_IDENTITY_SECRET_ODD_LENGTH,
        PYLON_IDENTITY_SECRET_NOT_HEX,
        PYLON_IDENTITY_SECRET_NOT_READY,
        PYLON_IDENTITY_HASH_MISMATCH,
        PYLON_IDENTITY_NULL_ARGUMENT,
        PYLON_IDENTITY_PANIC,
        PYLON_IDENTITY_SECRET_MISSING,
        PYLON_IDENTITY_SECRET_EXPOSED,
        PYLON_IDENTITY_EMAIL_EMPTY,
        PYLON_IDENTITY_APP_ID_EMPTY,
        PYLON_IDENTITY_NONCE_INVALID,
        PYLON_IDENTITY_BUFFER_TOO_SMALL,
    ];

    /// The name that is the same in every language, and the message.
    const fn texts(self) -> (&'static CStr, &'static CStr) {
        const fn of(error: Error) -> (&'static CStr, &'static CStr) {
            (error.c_code(), error.c_message())
        }
        match self {
            PYLON_IDENTITY_OK => (c"ok", c"Success."),
            PYLON_IDENTITY_SECRET_EMPTY => of(Error::SecretEmpty),
            PYLON_IDENTITY_SECRET_ODD_LENGTH => of(Error::SecretOddLength),
            PYLON_IDENTITY_SECRET_NOT_HEX => of(Error::SecretNotHex),
            PYLON_IDENTITY_SECRET_NOT_READY => of(Error::SecretNotReady),
            PYLON_IDENTITY_HASH_MISMATCH => (
                c"hash_mismatch",
                c"The email hash does not match: it was made for another email or with another \
                  secret, or changed on the way. Do not trust the email.",
            ),
            PYLON_IDENTITY_NULL_ARGUMENT => (
                c"null_argument",
                c"An argument cannot be used: a pointer is NULL or misaligned, a length is larger than \
                  any object can be, or a name has no value. Pass valid pointers with their lengths \
                  in bytes, and as many values as names.",
            ),
            PYLON_IDENTITY_PANIC => (
                c"panic",
                c"pylon-identity panicked, which is a bug. Please report it with what was written \
                  to standard error.",
            ),
            PYLON_IDENTITY_SECRET_MISSING => of(Error::SecretMissing),
            PYLON_IDENTITY_SECRET_EXPOSED => of(Error::SecretExposed),
            PYLON_IDENTITY_EMAIL_EMPTY => of(Error::EmailEmpty),
            PYLON_IDENTITY_APP_ID_EMPTY => of(Error::AppIdEmpty),
            PYLON_IDENTITY_NONCE_INVALID => of(Error::NonceInvalid),
            PYLON_IDENTITY_BUFFER_TOO_SMALL => (
                c"buffer_too_small",
                c"The buffer for the output is too small. Pass a larger one; the documentation of the \
                  function says what is always enough.",
            ),
        }
    }

    fn of_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as i32 == number)
    }
}

impl From<Error> for pylon_identity_status {
    fn from(error: Error) -> Self {
        match error {
            Error::SecretEmpty => PYLON_IDENTITY_SECRET_EMPTY,
            Error::SecretOddLength => PYLON_IDENTITY_SECRET_ODD_LENGTH,
            Error::SecretNotHex => PYLON_IDENTITY_SECRET_NOT_HEX,
            Error::SecretNotReady => PYLON_IDENTITY_SECRET_NOT_READY,
            Error::SecretMissing => PYLON_IDENTITY_SECRET_MISSING,
            Error::SecretExposed => PYLON_IDENTITY_SECRET_EXPOSED,
            Error::EmailEmpty => PYLON_IDENTITY_EMAIL_EMPTY,
            Error::AppIdEmpty => PYLON_IDENTITY_APP_ID_EMPTY,
            Error::NonceInvalid => PYLON_IDENTITY_NONCE_INVALID,
            _ => unreachable!("C cannot meet {error:?}"),
        }
    }
}

/// An identity secret, parsed once and kept as a keyed HMAC state.
///
/// The contents are private. The struct has a fixed size, holds no pointers and may be moved with
/// memcpy(); wipe every copy. It becomes usable with pylon_identity_secret_init() and ends with
/// pylon_identity_secret_wipe(); before and after, all zero bytes are refused. Start with zero bytes if it
/// might be used without either: what else memory holds cannot always be told from a secret.
#[repr(C)]
pub struct pylon_identity_secret {
    opaque: [u64; 32],
}

/// What a `pylon_identity_secret` holds when it is usable.
#[repr(C)]
struct Slot {
    ready: u64,
    secret: IdentitySecret,
}

/// Tells a usable struct from a zeroed or wiped one, and most likely from garbage.
const READY: u64 = u64::from_be_bytes(*b"pylonid\x01");

const _: () = assert!(size_of::<Slot>() <= size_of::<pylon_identity_secret>());
const _: () = assert!(align_of::<Slot>() <= align_of::<pylon_identity_secret>());
const _: () = assert!(offset_of!(Slot, ready) == 0);

type Outcome = Result<(), pylon_identity_status>;

/// Turns the outcome of `call` into a status, and a panic too.
fn status(call: impl FnOnce() -> Outcome) -> pylon_identity_status {
    let call = || {
        step();
        call()
    };
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => PYLON_IDENTITY_OK,
        Ok(Err(status)) => status,
        Err(_) => PYLON_IDENTITY_PANIC,
    }
}

fn usable<T>(pointer: *const T) -> Outcome {
    step();
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(PYLON_IDENTITY_NULL_ARGUMENT);
    }
    Ok(())
}

/// # Safety
///
/// `pointer` is NULL, misaligned, or valid for reads while `'a` lasts of a struct that is zeroed or that
/// the functions of this library wrote.
unsafe fn borrow<'a>(
    pointer: *const pylon_identity_secret,
) -> Result<&'a IdentitySecret, pylon_identity_status> {
    usable(pointer)?;
    let slot = pointer.cast::<Slot>();
    // SAFETY: not NULL and aligned, so valid for reads, and initialised or zeroed, as the caller promises.
    if unsafe { (*slot).ready } != READY {
        return Err(PYLON_IDENTITY_SECRET_NOT_READY);
    }
    // SAFETY: READY is written only together with a valid secret, wiping erases it, and the caller
    // promises that nothing else wrote here.
    Ok(unsafe { &(*slot).secret })
}

/// # Safety
///
/// `pointer` is NULL or valid for reads of `length` bytes while `'a` lasts.
unsafe fn bytes<'a>(
    pointer: *const c_char,
    length: usize,
) -> Result<&'a [u8], pylon_identity_status> {
    step();
    if length == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || isize::try_from(length).is_err() {
        return Err(PYLON_IDENTITY_NULL_ARGUMENT);
    }
    // SAFETY: not NULL, at most isize::MAX long, and valid for reads as the caller promises.
    Ok(unsafe { slice::from_raw_parts(pointer.cast(), length) })
}

/// # Safety
///
/// `out` is valid for writes of `PYLON_IDENTITY_EMAIL_HASH_SIZE` bytes.
unsafe fn write_hash(hash: &EmailHash, out: *mut c_char) {
    step();
    // SAFETY: as the caller promises; `hash` is Rust's own, so it cannot overlap.
    unsafe {
        ptr::copy_nonoverlapping(hash.as_bytes().as_ptr().cast(), out, EmailHash::LEN);
        out.add(EmailHash::LEN).write(0);
    }
}

/// # Safety
///
/// `out` is valid for writes of `size` bytes.
unsafe fn write_text(text: &str, out: *mut c_char, size: usize) -> Outcome {
    step();
    if text.len() >= size {
        return Err(PYLON_IDENTITY_BUFFER_TOO_SMALL);
    }
    // SAFETY: as the caller promises; `text` is Rust's own, so it cannot overlap.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), out, text.len());
        out.add(text.len()).write(0);
    }
    Ok(())
}

/// # Safety
///
/// `secret` is valid for writes.
unsafe fn keep(parsed: IdentitySecret, secret: *mut pylon_identity_secret) {
    step();
    // SAFETY: as the caller promises.
    unsafe { secret.cast::<Slot>().write(Slot { ready: READY, secret: parsed }) };
}

/// # Safety
///
/// `lengths` is NULL, misaligned or valid for reads of `count` lengths while `'a` lasts, and `joined` NULL
/// or valid for reads of their sum.
unsafe fn split<'a>(
    joined: *const c_char,
    lengths: *const usize,
    count: usize,
) -> Result<impl Iterator<Item = &'a [u8]>, pylon_identity_status> {
    let mut found: &[usize] = &[];
    if count > 0 {
        usable(lengths)?;
        if count > isize::MAX as usize / size_of::<usize>() {
            return Err(PYLON_IDENTITY_NULL_ARGUMENT);
        }
        // SAFETY: not NULL, aligned, of a size below isize::MAX, and valid as the caller promises.
        found = unsafe { slice::from_raw_parts(lengths, count) };
    }
    let total = found.iter().try_fold(0, |sum: usize, length| sum.checked_add(*length));
    // SAFETY: as the caller promises.
    let mut rest = unsafe { bytes(joined, total.ok_or(PYLON_IDENTITY_NULL_ARGUMENT)?) }?;
    Ok(found.iter().map(move |length| {
        let (first, after) = rest.split_at(*length);
        rest = after;
        first
    }))
}

/// Parses the identity secret: an even, non-zero number of the digits 0-9a-fA-F, and nothing else.
///
/// @param secret  where to keep the parsed secret; overlaps no other argument, untouched unless the call
///                succeeds
/// @param hex     the hexadecimal string from Pylon's dashboard; not kept, and yours to wipe
/// @param hex_len its length in bytes; Pylon's secrets have 64 digits, any even length works
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_EMPTY, PYLON_IDENTITY_SECRET_NOT_HEX,
///         PYLON_IDENTITY_SECRET_ODD_LENGTH, PYLON_IDENTITY_NULL_ARGUMENT or PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_secret_init(
    secret: *mut pylon_identity_secret,
    hex: *const c_char,
    hex_len: usize,
) -> pylon_identity_status {
    status(|| {
        usable(secret)?;
        // SAFETY: as the caller promises.
        let hex = unsafe { bytes(hex, hex_len) }?;
        // SAFETY: not NULL and aligned, so valid for writes and apart from `hex` as the caller promises.
        IdentitySecret::parse_into(hex, |parsed| unsafe { keep(parsed, secret) })?;
        Ok(())
    })
}

/// Forgets the key: overwrites the whole struct with zero bytes, after which it is refused.
///
/// @param secret the struct to wipe, in any state; wiping twice is fine
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_NULL_ARGUMENT or PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_secret_wipe(
    secret: *mut pylon_identity_secret,
) -> pylon_identity_status {
    status(|| {
        usable(secret)?;
        // SAFETY: not NULL and aligned, so valid for writes as the caller promises. The parsed secret
        // owns nothing outside the struct, so overwriting it leaves nothing to drop.
        unsafe { (*secret).opaque.zeroize() };
        Ok(())
    })
}

/// Signs one email: HMAC-SHA256 (RFC 2104) over exactly these bytes, as lowercase hexadecimal.
///
/// Sign only the email of the logged-in session, as UTF-8; it is never trimmed or lowercased. This is
/// the hash that Pylon's docs describe:
/// https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification
///
/// @param secret    an initialised secret
/// @param email     the email, any bytes
/// @param email_len its length in bytes, zero included
/// @param out       receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
///                  unless the call succeeds
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_NULL_ARGUMENT or
///         PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_sign(
    secret: *const pylon_identity_secret,
    email: *const c_char,
    email_len: usize,
    out: *mut c_char,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let (secret, email) = unsafe { (borrow(secret)?, bytes(email, email_len)?) };
        // SAFETY: `out` is not NULL, so valid for writes of 65 bytes as the caller promises.
        unsafe { write_hash(&secret.sign(email), out) };
        Ok(())
    })
}

/// Parses the secret, signs one message and forgets the key: the snippet of Pylon's docs in one call.
///
/// To sign more than once, keep a pylon_identity_secret.
///
/// @param message     the message, any bytes
/// @param message_len its length in bytes, zero included
/// @param hex         the hexadecimal string from Pylon's dashboard
/// @param hex_len     its length in bytes
/// @param out         receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
///                    unless the call succeeds
/// @return what pylon_identity_secret_init() and pylon_identity_sign() return
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_sign_message_with_hmac(
    message: *const c_char,
    message_len: usize,
    hex: *const c_char,
    hex_len: usize,
    out: *mut c_char,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let (message, hex) = unsafe { (bytes(message, message_len)?, bytes(hex, hex_len)?) };
        let hash = pylon_identity_core::sign_message_with_hmac(message, hex)?;
        // SAFETY: `out` is not NULL, so valid for writes of 65 bytes as the caller promises.
        unsafe { write_hash(&hash, out) };
        Ok(())
    })
}

/// Signs many emails in one call, on the calling thread.
///
/// For callers to whom each call is dear, such as bindings of other languages.
///
/// @param secret  an initialised secret
/// @param emails  the emails one after another, with nothing between them
/// @param lengths the length in bytes of each
/// @param count   how many emails there are
/// @param out     receives 64 digits and a NUL for each: count times PYLON_IDENTITY_EMAIL_HASH_SIZE
///                bytes that overlap no other argument; untouched unless the call succeeds, but of
///                no certain contents after PYLON_IDENTITY_PANIC
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_NULL_ARGUMENT (also for
///         lengths that add up to more than any object can have) or PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_sign_many(
    secret: *const pylon_identity_secret,
    emails: *const c_char,
    lengths: *const usize,
    count: usize,
    out: *mut c_char,
) -> pylon_identity_status {
    status(|| {
        // SAFETY: as the caller promises.
        let secret = unsafe { borrow(secret) }?;
        if count == 0 {
            return Ok(());
        }
        usable(out)?;
        if count > isize::MAX as usize / PYLON_IDENTITY_EMAIL_HASH_SIZE {
            return Err(PYLON_IDENTITY_NULL_ARGUMENT);
        }
        // SAFETY: as the caller promises.
        for (i, email) in unsafe { split(emails, lengths, count) }?.enumerate() {
            // SAFETY: `out` has room for `count` hashes, of which this is number `i`.
            unsafe { write_hash(&secret.sign(email), out.add(i * PYLON_IDENTITY_EMAIL_HASH_SIZE)) };
        }
        Ok(())
    })
}

/// Checks whether an email hash is exactly what pylon_identity_sign() gives for this email.
///
/// The comparison takes constant time. Anything but 64 lowercase hexadecimal digits is a mismatch.
///
/// @param secret    an initialised secret
/// @param email     the email, any bytes
/// @param email_len its length in bytes, zero included
/// @param hash      the email hash to check
/// @param hash_len  its length in bytes, without a terminating NUL
/// @return PYLON_IDENTITY_OK, which is 0, if it matches, so compare: if (... == PYLON_IDENTITY_OK);
///         else PYLON_IDENTITY_HASH_MISMATCH; or
///         PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_NULL_ARGUMENT, PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_verify(
    secret: *const pylon_identity_secret,
    email: *const c_char,
    email_len: usize,
    hash: *const c_char,
    hash_len: usize,
) -> pylon_identity_status {
    status(|| {
        // SAFETY: as the caller promises.
        let secret = unsafe { borrow(secret) }?;
        // SAFETY: as the caller promises.
        let (email, hash) = unsafe { (bytes(email, email_len)?, bytes(hash, hash_len)?) };
        if !secret.verify(email, hash) {
            return Err(PYLON_IDENTITY_HASH_MISMATCH);
        }
        Ok(())
    })
}

/// Explains a status to people: what is wrong and what to do next.
///
/// @param status a pylon_identity_status
/// @return a static, NUL-terminated English text, never NULL; the same for every unknown number
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_status_message(status: i32) -> *const c_char {
    let unknown = c"Not a status of this version of pylon-identity.";
    pylon_identity_status::of_number(status).map_or(unknown, |status| status.texts().1).as_ptr()
}

/// The name of a status for programs and logs, the same in every language, for example "secret_empty".
///
/// @param status a pylon_identity_status
/// @return a static, NUL-terminated text, never NULL; empty for every unknown number
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_status_code(status: i32) -> *const c_char {
    pylon_identity_status::of_number(status).map_or(c"", |status| status.texts().0).as_ptr()
}

/// The version of the library, for example "1.2.3".
///
/// @return a static, NUL-terminated text
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// A panic on purpose, for tests of what a program makes of it; never in a library that is shipped.
#[cfg(pylon_identity_panic)]
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_test_panic() -> pylon_identity_status {
    status(|| panic!("on purpose"))
}

/// Plants one panic, after so many steps of the calls to come; `usize::MAX` is never reached.
#[cfg(pylon_identity_panic)]
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_test_panic_after(steps: usize) {
    STEPS_LEFT.store(steps, Relaxed);
}

#[cfg(pylon_identity_panic)]
static STEPS_LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Where a planted panic can strike: at the start of a call, at each argument and before each write.
fn step() {
    #[cfg(pylon_identity_panic)]
    if STEPS_LEFT.fetch_sub(1, Relaxed) == 0 {
        panic!("on purpose");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_error_that_c_can_meet_has_its_status() {
        for error in Error::ALL.iter().filter(|error| **error != Error::EmailNotUnicode) {
            let status = pylon_identity_status::from(*error);
            let name = format!("PYLON_IDENTITY_{}", error.code().to_uppercase());
            assert_eq!(format!("{status:?}"), name);
            assert_eq!(status.texts().0.to_str(), Ok(error.code()));
            assert_eq!(status.texts().1.to_str(), Ok(error.message()));
        }
    }

    #[test]
    fn every_code_is_the_name_of_the_constant() {
        for status in pylon_identity_status::ALL {
            let name = status.texts().0.to_str().unwrap().to_uppercase();
            assert_eq!(format!("{status:?}"), format!("PYLON_IDENTITY_{name}"));
        }
    }

    #[test]
    fn statuses_are_numbered_as_listed() {
        for (number, status) in pylon_identity_status::ALL.into_iter().enumerate() {
            assert_eq!(status as usize, number);
        }
    }

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(status(|| panic!("on purpose")), PYLON_IDENTITY_PANIC);
    }

    /// Wiping overwrites the struct without dropping what is in it.
    #[test]
    fn a_secret_owns_no_memory_outside_the_struct() {
        let mut secret = pylon_identity_secret { opaque: [0; 32] };
        // SAFETY: valid pointers and lengths.
        unsafe {
            let hex = c"aa";
            assert_eq!(pylon_identity_secret_init(&mut secret, hex.as_ptr(), 2), PYLON_IDENTITY_OK);
            assert_ne!(secret.opaque, [0; 32]);
            assert_eq!(pylon_identity_secret_wipe(&mut secret), PYLON_IDENTITY_OK);
        }
        assert_eq!(secret.opaque, [0; 32]);
    }
}
