//! Calls the functions of the C library on buffers that end with their texts, so that AddressSanitizer sees each byte
//! too far. They must agree with the core.
#![no_main]

use std::ffi::{CStr, c_char};
use std::ptr;

use libfuzzer_sys::fuzz_target;
use pylon_identity_core::{self as core, Cause, IdentitySecret, binding};
use pylon_identity_fuzz::c_abi::pylon_identity_status::*;
use pylon_identity_fuzz::c_abi::*;
use pylon_identity_fuzz::texts;

/// The contents of output buffers until a call succeeds.
const UNTOUCHED: c_char = 0x55;

/// A buffer of exactly this size.
fn untouched(size: usize) -> Box<[c_char]> {
    vec![UNTOUCHED; size].into()
}

/// Asserts that a call wrote this text and a NUL. If there is no text, it must return the status and write nothing.
fn check(
    status: pylon_identity_status,
    out: &[c_char],
    expected: Result<&str, pylon_identity_status>,
) {
    match expected {
        Ok(text) => {
            assert_eq!(status, PYLON_IDENTITY_OK);
            let written = out.iter().map(|byte| *byte as u8);
            assert!(written.take(text.len() + 1).eq(text.bytes().chain([0])));
        }
        Err(expected) => {
            assert_eq!(status, expected);
            assert!(out.iter().all(|byte| *byte == UNTOUCHED));
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let [hex, email, other, numbers] = texts(input).map(Box::<[u8]>::from);
    let number = |i: usize| numbers.get(i).copied().map_or(0, usize::from);
    let (hex_start, hex_len) = (hex.as_ptr().cast(), hex.len());
    let (email_start, email_len) = (email.as_ptr().cast(), email.len());
    let (other_start, other_len) = (other.as_ptr().cast(), other.len());
    let parsed = IdentitySecret::from_hex(&hex);
    let mut memory = Box::new([0_u64; 32]);
    let secret = memory.as_mut_ptr().cast::<pylon_identity_secret>();

    // SAFETY: all pointers are valid for their lengths, or are refused before they are used.
    unsafe {
        // It refuses a struct that is zeroed, wiped or of other contents than a secret's.
        for contents in [0, 1, 0] {
            let mut out = untouched(65);
            let status = pylon_identity_sign(secret, email_start, email_len, out.as_mut_ptr());
            check(status, &out, Err(PYLON_IDENTITY_SECRET_NOT_READY));
            let status =
                pylon_identity_verify(secret, email_start, email_len, other_start, other_len);
            assert_eq!(status, PYLON_IDENTITY_SECRET_NOT_READY);
            assert_eq!(pylon_identity_secret_wipe(secret), PYLON_IDENTITY_OK);
            let words = secret.cast::<[u64; 32]>();
            assert_eq!(*words, [0; 32]);
            for (i, word) in (*words).iter_mut().enumerate() {
                // The word is even, unlike the word that marks a secret.
                *word = (contents * 2 * number(i) as u64) << ((i + number(i)) % 32);
            }
        }

        // Impossible pointers and lengths are refused.
        let wrong = PYLON_IDENTITY_INVALID_ARGUMENT;
        let (none, too_long) = (ptr::null(), isize::MAX as usize + 1 + number(0));
        assert_eq!(pylon_identity_secret_init(ptr::null_mut(), hex_start, hex_len), wrong);
        assert_eq!(pylon_identity_secret_init(secret.byte_add(1), hex_start, hex_len), wrong);
        assert_eq!(pylon_identity_secret_init(secret, none, number(0) + 1), wrong);
        assert_eq!(pylon_identity_secret_init(secret, hex_start, too_long), wrong);
        assert_eq!(*secret.cast::<[u64; 32]>(), [0; 32]);

        let mut out = untouched(65);
        let status = pylon_identity_sign_message_with_hmac(
            email_start,
            email_len,
            hex_start,
            hex_len,
            out.as_mut_ptr(),
        );
        let signed = core::sign_message_with_hmac(&email, &hex);
        let signed = signed.as_ref().map(AsRef::as_ref).map_err(|error| (*error).into());
        check(status, &out, signed);

        let value = if number(0) == 0 { none } else { hex_start };
        let status =
            pylon_identity_secret_init_from_env(secret, other_start, other_len, value, hex_len);
        let name = String::from_utf8_lossy(&other);
        let from_env = binding::trim_env_value(&name, (number(0) > 0).then_some(&hex[..]));
        let from_env = from_env.and_then(IdentitySecret::from_hex);
        assert_eq!(status, from_env.map_or_else(Into::into, |_| PYLON_IDENTITY_OK));

        // This overwrites earlier contents, a secret too.
        let status = pylon_identity_secret_init(secret, hex_start, hex_len);
        match &parsed {
            Ok(parsed) => {
                assert_eq!(status, PYLON_IDENTITY_OK);
                with_a_secret(secret, parsed, &email, &other, &numbers);
            }
            Err(error) => assert_eq!(status, (*error).into()),
        }

        let size = number(0) * number(1);
        let page = core::diagnose_page(&hex, &String::from_utf8_lossy(&other));
        for (of_page, diagnosis) in [(false, core::diagnose(&hex, &email, &other)), (true, page)] {
            let (mut causes, mut explanation) = (u64::MAX, untouched(size));
            let buffer = if size == 0 { ptr::null_mut() } else { explanation.as_mut_ptr() };
            let status = if of_page {
                pylon_identity_diagnose_page(
                    hex_start,
                    hex_len,
                    other_start,
                    other_len,
                    &mut causes,
                    buffer,
                    size,
                )
            } else {
                pylon_identity_diagnose(
                    hex_start,
                    hex_len,
                    email_start,
                    email_len,
                    other_start,
                    other_len,
                    &mut causes,
                    buffer,
                    size,
                )
            };
            let text = diagnosis.explanation();
            if size == 0 || text.len() < size {
                assert_eq!(status, PYLON_IDENTITY_OK);
                let found = Cause::ALL.iter().enumerate().filter(|(i, _)| causes & 1 << i != 0);
                assert!(found.map(|(_, cause)| cause).eq(diagnosis.causes()));
                assert!(causes < 1 << Cause::ALL.len());
                assert_eq!(causes & !PYLON_IDENTITY_WARNINGS == 0, diagnosis.matches());
                if size > 0 {
                    check(status, &explanation, Ok(&text));
                }
            } else {
                check(status, &explanation, Err(PYLON_IDENTITY_BUFFER_TOO_SMALL));
                assert_eq!(causes, u64::MAX);
            }
        }

        // Any number has a text.
        let any = numbers.first_chunk().map_or(0, |bytes| i32::from_le_bytes(*bytes));
        assert!(!CStr::from_ptr(pylon_identity_status_message(any)).is_empty());
        assert!(CStr::from_ptr(pylon_identity_cause_code(any as u64)).to_str().is_ok());
    }
    script(&email, &other, &numbers);
});

/// # Safety
///
/// `secret` is valid and holds the same key as `parsed`.
unsafe fn with_a_secret(
    secret: *mut pylon_identity_secret,
    parsed: &IdentitySecret,
    email: &[u8],
    other: &[u8],
    numbers: &[u8],
) {
    let (email_start, email_len) = (email.as_ptr().cast(), email.len());
    let (other_start, other_len) = (other.as_ptr().cast(), other.len());
    let right = parsed.sign(email);
    // SAFETY: all pointers are valid for their lengths, or are refused before they are used.
    unsafe {
        let mut out = untouched(65);
        let status = pylon_identity_sign(secret, email_start, email_len, out.as_mut_ptr());
        check(status, &out, Ok(right.as_str()));

        for shown in [other, right.as_bytes()] {
            let status = pylon_identity_verify(
                secret,
                email_start,
                email_len,
                shown.as_ptr().cast(),
                shown.len(),
            );
            let verified = parsed.verify(email, shown);
            let expected = if verified { PYLON_IDENTITY_OK } else { PYLON_IDENTITY_HASH_MISMATCH };
            assert_eq!(status, expected);
        }

        let mut out = untouched(65);
        let status = pylon_identity_chat_settings_hash(
            secret,
            other_start,
            other_len,
            email_start,
            email_len,
            out.as_mut_ptr(),
        );
        let expected = binding::sign_for_chat_settings(parsed, other, email);
        let expected = expected.as_ref().map(AsRef::as_ref).map_err(|error| (*error).into());
        check(status, &out, expected);

        let pieces = cut(email, numbers);
        let mut lengths: Vec<_> = pieces.iter().map(|piece| piece.len()).collect();
        let mut out = untouched(65 * pieces.len());
        let status = pylon_identity_sign_many(
            secret,
            email_start,
            lengths.as_ptr(),
            lengths.len(),
            out.as_mut_ptr(),
        );
        assert_eq!(status, PYLON_IDENTITY_OK);
        for (piece, written) in pieces.iter().zip(out.chunks(65)) {
            check(status, written, Ok(parsed.sign(piece).as_str()));
        }

        // These lengths are larger than any memory, alone or together.
        lengths.push(usize::MAX - numbers.len());
        let mut out = untouched(65 * lengths.len());
        let status = pylon_identity_sign_many(
            secret,
            email_start,
            lengths.as_ptr(),
            lengths.len(),
            out.as_mut_ptr(),
        );
        check(status, &out, Err(PYLON_IDENTITY_INVALID_ARGUMENT));
    }
}

/// Pieces of these lengths, as far as the text lasts.
fn cut<'a>(mut text: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, rest) = text.split_at(usize::from(*length).min(text.len()));
        pieces.push(piece);
        text = rest;
    }
    pieces
}

/// The script, in a buffer of a size that is always enough and in one of any size.
fn script(fields: &[u8], nonce: &[u8], numbers: &[u8]) {
    let pieces = cut(fields, numbers);
    let piece = |i: usize| pieces.get(i).copied().unwrap_or_default();
    // Text of length 0 is none, for any pointer.
    let text = |i| pylon_identity_text { data: piece(i).as_ptr().cast(), length: piece(i).len() };
    let names = [
        "app_id",
        "email",
        "name",
        "email_hash",
        "avatar_url",
        "account_id",
        "account_external_id",
    ];
    let user = pylon_identity_user {
        app_id: text(0),
        email: text(1),
        name: text(2),
        email_hash: text(3),
        avatar_url: text(4),
        account_id: text(5),
        account_external_id: text(6),
        other: ptr::null(),
        other_count: 0,
    };
    let enough = 6 * (fields.len() + nonce.len()) + 400;
    let small = numbers.iter().map(|number| usize::from(*number)).sum();
    let given = String::from_utf8_lossy(nonce);
    let nonce_text = (!nonce.is_empty()).then_some(&*given);
    // A user without an app ID has an empty one.
    let present = names.iter().enumerate().filter(|(i, _)| *i == 0 || !piece(*i).is_empty());
    let present = present.map(|(i, name)| (name, String::from_utf8_lossy(piece(i))));
    let expected = match str::from_utf8(piece(1)) {
        Ok(_) => core::chat_settings_script(present, nonce_text).map_err(Into::into),
        Err(_) => Err(PYLON_IDENTITY_EMAIL_NOT_UNICODE),
    };
    for size in [enough, small] {
        let mut out = untouched(size);
        // SAFETY: all pointers are valid for their lengths.
        let status = unsafe {
            pylon_identity_chat_settings_script(
                ptr::null(),
                &user,
                nonce.as_ptr().cast(),
                nonce.len(),
                out.as_mut_ptr(),
                size,
                ptr::null_mut(),
            )
        };
        let expected = match &expected {
            Ok(script) if script.len() >= size && size < enough => {
                Err(PYLON_IDENTITY_BUFFER_TOO_SMALL)
            }
            Ok(script) => Ok(script.as_str()),
            Err(status) => Err(*status),
        };
        check(status, &out, expected);
    }
}
