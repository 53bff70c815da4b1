//! The C interface: it translates types and errors. The rules live in the core.
//!
//! The documentation of each public item is for readers of the header that is generated from it.

#![allow(non_camel_case_types)]
// The header documents each pointer, in the words of C.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{CStr, c_char};
use std::mem::{align_of, offset_of, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{ptr, slice};

use pylon_identity_core::{EmailHash, Error, IdentitySecret, JwtSecret, binding};
use zeroize::Zeroize;

#[rustfmt::skip]
mod codes;
mod diagnose;
mod fault_injection;
mod jwt;
/// cbindgen:ignore
#[cfg(target_arch = "wasm32")]
mod portable;
mod settings;

pub use codes::*;
pub use diagnose::*;
use fault_injection::step;
pub use jwt::*;
use pylon_identity_status::*;
pub use settings::*;

/// The size in bytes of the buffer for an email hash: 64 hexadecimal digits and a NUL.
pub const PYLON_IDENTITY_EMAIL_HASH_SIZE: usize = 65;

const _: () = assert!(PYLON_IDENTITY_EMAIL_HASH_SIZE == EmailHash::LEN + 1);

/// The code and the message of a status.
fn texts(status: i32) -> Option<(&'static CStr, &'static CStr)> {
    let number = u32::try_from(status).ok()?;
    let result = binding::CallStatus::ALL.iter().find(|result| result.number() == number);
    let error = Error::ALL.iter().find(|error| error.number() == number);
    let (code, message) = match (result, error) {
        (Some(result), _) => (result.code_with_nul(), result.text_with_nul()),
        (_, Some(error)) => (error.code_with_nul(), error.text_with_nul()),
        _ => return None,
    };
    Some((c_text(code), c_text(message)))
}

fn c_text(with_nul: &'static str) -> &'static CStr {
    CStr::from_bytes_with_nul(with_nul.as_bytes()).unwrap_or_default()
}

/// An identity secret, parsed once and kept as a keyed HMAC state.
///
/// The contents are private. The struct has a fixed size, holds no pointers and may be moved with
/// memcpy(); wipe every copy. It becomes usable with pylon_identity_secret_init() and ends with
/// pylon_identity_secret_wipe(); before and after, all zero bytes are refused. Start with zero bytes if it
/// might be used without either: other contents of memory cannot always be told from a secret.
#[repr(C)]
pub struct pylon_identity_secret {
    opaque: [u64; 32],
}

/// A struct of C that keeps a secret of the core.
pub(crate) trait Opaque: Sized {
    type Secret: binding::Secret;

    /// Marks a usable struct. A zeroed or wiped struct, and most garbage, lacks it.
    const READY: u64;
}

impl Opaque for pylon_identity_secret {
    type Secret = IdentitySecret;
    const READY: u64 = u64::from_be_bytes(*b"pylonid\x01");
}

/// The contents of a usable struct.
#[repr(C)]
struct Slot<S> {
    ready: u64,
    secret: S,
}

const fn assert_room<T: Opaque>() {
    assert!(size_of::<T>() == size_of::<[u64; 32]>());
    assert!(size_of::<Slot<T::Secret>>() <= size_of::<T>());
    assert!(align_of::<Slot<T::Secret>>() <= align_of::<T>());
    assert!(offset_of!(Slot<T::Secret>, ready) == 0);
}

const _: () = assert_room::<pylon_identity_secret>();
const _: () = assert_room::<pylon_identity_jwt_secret>();

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
        return Err(PYLON_IDENTITY_INVALID_ARGUMENT);
    }
    Ok(())
}

/// # Safety
///
/// `pointer` is NULL, misaligned, or valid for reads while `'a` lasts of a struct that is zeroed or that
/// the functions of this library wrote.
unsafe fn borrow<'a, T: Opaque>(pointer: *const T) -> Result<&'a T::Secret, pylon_identity_status> {
    usable(pointer)?;
    let slot = pointer.cast::<Slot<T::Secret>>();
    // SAFETY: not NULL and aligned, so valid for reads, and initialised or zeroed, as the caller promises.
    if unsafe { (*slot).ready } != T::READY {
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
    // SAFETY: as the caller promises.
    unsafe { array(pointer.cast(), length) }
}

/// # Safety
///
/// `first` is NULL, misaligned or valid for reads of `count` values while `'a` lasts.
unsafe fn array<'a, T>(first: *const T, count: usize) -> Result<&'a [T], pylon_identity_status> {
    if count == 0 {
        step();
        return Ok(&[]);
    }
    usable(first)?;
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(PYLON_IDENTITY_INVALID_ARGUMENT);
    }
    // SAFETY: not NULL, aligned, of a size of at most isize::MAX, and valid as the caller promises.
    Ok(unsafe { slice::from_raw_parts(first, count) })
}

/// # Safety
///
/// `out` is valid for writes of `PYLON_IDENTITY_EMAIL_HASH_SIZE` bytes.
unsafe fn write_hash(hash: &[u8; EmailHash::LEN], out: *mut c_char) {
    step();
    // SAFETY: as the caller promises; `hash` is Rust's own, so it cannot overlap.
    unsafe {
        ptr::copy_nonoverlapping(hash.as_ptr().cast(), out, EmailHash::LEN);
        out.add(EmailHash::LEN).write(0);
    }
}

/// # Safety
///
/// `out` is valid for writes of `size` bytes, and `written` is NULL, misaligned or valid for a write.
unsafe fn write_text(text: &str, out: *mut c_char, size: usize, written: *mut usize) -> Outcome {
    step();
    if !written.is_null() {
        usable(written)?;
    }
    if text.len() >= size {
        return Err(PYLON_IDENTITY_BUFFER_TOO_SMALL);
    }
    // SAFETY: as the caller promises; `text` is Rust's own, so it cannot overlap.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), out, text.len());
        out.add(text.len()).write(0);
        if !written.is_null() {
            written.write(text.len());
        }
    }
    Ok(())
}

/// # Safety
///
/// `secret` is NULL, misaligned or valid for writes and apart from `text`.
unsafe fn parse<T: Opaque>(text: &[u8], secret: *mut T) -> Outcome {
    usable(secret)?;
    // SAFETY: not NULL and aligned, so valid for writes and apart from `text` as the caller promises.
    binding::parse_into(text, |parsed| unsafe {
        step();
        secret.cast::<Slot<T::Secret>>().write(Slot { ready: T::READY, secret: parsed });
    })?;
    Ok(())
}

/// # Safety
///
/// `secret` is NULL, misaligned or valid for writes.
unsafe fn wipe<T: Opaque>(secret: *mut T) -> Outcome {
    usable(secret)?;
    // SAFETY: not NULL and aligned, so valid for writes as the caller promises. The parsed secret
    // owns nothing outside the struct, so overwriting it leaves nothing to drop.
    unsafe { (*secret.cast::<[u64; 32]>()).zeroize() };
    Ok(())
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
    // SAFETY: as the caller promises.
    let lengths = unsafe { array(lengths, count) }?;
    let total = lengths.iter().try_fold(0, |sum: usize, length| sum.checked_add(*length));
    // SAFETY: as the caller promises.
    let mut rest = unsafe { bytes(joined, total.ok_or(PYLON_IDENTITY_INVALID_ARGUMENT)?) }?;
    Ok(lengths.iter().map(move |length| {
        let (first, after) = rest.split_at(*length);
        rest = after;
        first
    }))
}

/// Parses the identity secret: an even number of the digits 0-9a-fA-F and nothing else, for at least 16 bytes
/// that are not all zero.
///
/// @param secret  where to keep the parsed secret; overlaps no other argument, untouched unless the call
///                succeeds
/// @param hex     the hexadecimal string from Pylon's dashboard; not kept, and yours to wipe
/// @param hex_len its length in bytes; Pylon's secrets have 64 digits
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_EMPTY, PYLON_IDENTITY_SECRET_NOT_HEX,
///         PYLON_IDENTITY_SECRET_ODD_LENGTH, PYLON_IDENTITY_SECRET_WEAK,
///         PYLON_IDENTITY_INVALID_ARGUMENT or PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_secret_init(
    secret: *mut pylon_identity_secret,
    hex: *const c_char,
    hex_len: usize,
) -> pylon_identity_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { parse(bytes(hex, hex_len)?, secret) })
}

/// Forgets the key: overwrites the whole struct with zero bytes, after which it is refused.
///
/// @param secret the struct to wipe, in any state; wiping twice is fine
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_INVALID_ARGUMENT or PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_secret_wipe(
    secret: *mut pylon_identity_secret,
) -> pylon_identity_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { wipe(secret) })
}

/// Signs one email: HMAC-SHA256 (RFC 2104) over exactly these bytes, as lowercase hexadecimal.
///
/// Sign only the email of the logged-in session, as UTF-8, and only an address that the user has proved to
/// own. It is never trimmed or lowercased. This is the hash that Pylon's docs describe:
/// https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification
///
/// @param secret    an initialised secret
/// @param email     the email, any bytes
/// @param email_len its length in bytes, zero included
/// @param out       receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
///                  unless the call succeeds
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_INVALID_ARGUMENT or
///         PYLON_IDENTITY_PANIC
#[must_use]
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
        unsafe { write_hash(secret.sign(email).as_bytes(), out) };
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
/// @return the statuses of pylon_identity_secret_init() and pylon_identity_sign()
#[must_use]
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
        unsafe { write_hash(hash.as_bytes(), out) };
        Ok(())
    })
}

/// Signs many emails in one call; large numbers on all processors.
///
/// Threads start and end within the call. Where none can be started, the calling thread does the work.
///
/// @param secret  an initialised secret
/// @param emails  the emails one after another, with nothing between them
/// @param lengths the length in bytes of each
/// @param count   how many emails there are
/// @param out     receives 64 digits and a NUL for each: count times PYLON_IDENTITY_EMAIL_HASH_SIZE
///                bytes that overlap no other argument; untouched unless the call succeeds, but of
///                no certain contents after PYLON_IDENTITY_PANIC
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_INVALID_ARGUMENT (also for
///         lengths that add up to more than any object can have) or PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_sign_many(
    secret: *const pylon_identity_secret,
    emails: *const c_char,
    lengths: *const usize,
    count: usize,
    out: *mut c_char,
) -> pylon_identity_status {
    /// It bounds the memory that a call takes.
    const CHUNK: usize = 16_384;
    status(|| {
        // SAFETY: as the caller promises.
        let secret = unsafe { borrow(secret) }?;
        if count == 0 {
            return Ok(());
        }
        usable(out)?;
        if count > isize::MAX as usize / PYLON_IDENTITY_EMAIL_HASH_SIZE {
            return Err(PYLON_IDENTITY_INVALID_ARGUMENT);
        }
        // SAFETY: as the caller promises.
        let mut emails = unsafe { split(emails, lengths, count) }?;
        let mut hashes = vec![[0; EmailHash::LEN]; count.min(CHUNK)];
        for start in (0..count).step_by(CHUNK) {
            let chunk: Vec<_> = emails.by_ref().take(CHUNK).collect();
            let hashes = &mut hashes[..chunk.len()];
            secret.sign_many(&chunk, hashes);
            for (i, hash) in hashes.iter().enumerate() {
                // SAFETY: `out` has room for `count` hashes.
                unsafe { write_hash(hash, out.add((start + i) * PYLON_IDENTITY_EMAIL_HASH_SIZE)) };
            }
        }
        Ok(())
    })
}

/// Checks whether an email hash is exactly the one that pylon_identity_sign() gives for this email.
///
/// The comparison takes constant time. Anything but 64 lowercase hexadecimal digits is a mismatch.
///
/// @param secret    an initialised secret
/// @param email     the email, any bytes
/// @param email_len its length in bytes, zero included
/// @param hash      the email hash to check
/// @param hash_len  its length in bytes, without a terminating NUL
/// @return PYLON_IDENTITY_OK, which is 0, if it matches, so compare: if (... == PYLON_IDENTITY_OK);
///         otherwise PYLON_IDENTITY_HASH_MISMATCH,
///         PYLON_IDENTITY_SECRET_NOT_READY, PYLON_IDENTITY_INVALID_ARGUMENT, PYLON_IDENTITY_PANIC
#[must_use]
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

/// Explains a status to people: the problem and the next step.
///
/// @param status a pylon_identity_status
/// @return a static, NUL-terminated English text, never NULL; the same for every unknown number
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_status_message(status: i32) -> *const c_char {
    let unknown = c"Not a status of this version of pylon-identity.";
    texts(status).map_or(unknown, |(_, message)| message).as_ptr()
}

/// The name of a status for programs and logs, the same in every language, for example "secret_empty".
///
/// @param status a pylon_identity_status
/// @return a static, NUL-terminated text, never NULL; empty for every unknown number
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_status_code(status: i32) -> *const c_char {
    texts(status).map_or(c"", |(code, _)| code).as_ptr()
}

/// The version of the library, for example "1.2.3".
///
/// @return a static, NUL-terminated text
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(status(|| panic!("on purpose")), PYLON_IDENTITY_PANIC);
    }

    /// Wiping overwrites the struct without dropping its contents.
    #[test]
    fn a_secret_owns_no_memory_outside_the_struct() {
        let mut secret = pylon_identity_secret { opaque: [0; 32] };
        // SAFETY: valid pointers and lengths.
        unsafe {
            let hex = c"000102030405060708090a0b0c0d0e0f";
            assert_eq!(
                pylon_identity_secret_init(&mut secret, hex.as_ptr(), 32),
                PYLON_IDENTITY_OK
            );
            assert_ne!(secret.opaque, [0; 32]);
            assert_eq!(pylon_identity_secret_wipe(&mut secret), PYLON_IDENTITY_OK);
        }
        assert_eq!(secret.opaque, [0; 32]);
    }
}
