//! The keys that code makes from the secret by mistake.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::search::{MAX_SECRET, Variant, distinct, join, variant};
use super::{Cause, trim};
use crate::settings::FILLERS;
use crate::{Error, IdentitySecret};

use Cause::{SecretDecodedToText, SecretEncoded, SecretUsedAsText, SecretWhitespace};

/// The keys of the secret, and of the secret inside the wrapping if it is wrapped.
pub(super) fn keys(secret: &[u8]) -> Vec<Variant> {
    let mut keys = keys_of(secret);
    if secret.len() <= MAX_SECRET
        && let Some(inner) = unwrap(secret)
    {
        keys.extend(keys_of(&inner).into_iter().map(|mut key| {
            key.causes.push(SecretEncoded);
            key
        }));
    }
    for filler in FILLERS {
        keys.push(variant(filler, &[Cause::SecretMissing]));
    }
    distinct(keys)
}

fn keys_of(secret: &[u8]) -> Vec<Variant> {
    let (trimmed, is_long) = (trim(secret), secret.len() > MAX_SECRET);
    // Python's bytes.fromhex skips white space.
    let mut squeezed = Zeroizing::new(secret.to_vec());
    squeezed.retain(|byte| !byte.is_ascii_whitespace());
    let mut keys = vec![variant([], &[Cause::SecretEmptyKey])];
    for digits in [trimmed, &squeezed] {
        let key = decode_as_node(digits);
        if !digits.is_empty() && 2 * key.bytes.len() == digits.len() {
            let mut causes = weakness(digits);
            causes.extend((digits != secret).then_some(SecretWhitespace));
            if !is_long {
                keys.extend(decoded_to_text(&key.bytes, &causes));
                let bytes = join(&[&key.bytes, &key.bytes]);
                keys.push(Variant { bytes, causes: vec![SecretEncoded] });
            }
            keys.push(Variant { causes, ..key });
        }
    }
    keys.push(decode_as_node(secret));
    let mut key = decode_as_node(trimmed);
    key.causes.push(SecretWhitespace);
    keys.push(key);
    if !trimmed.is_empty() {
        keys.push(variant(trimmed, &[SecretUsedAsText]));
    }
    if !trimmed.is_empty() && !is_long {
        let spaces: [(&[u8], &[u8]); 4] = [(b"", b"\n"), (b"", b"\r\n"), (b"", b" "), (b" ", b"")];
        let texts = spaces.map(|(before, after)| join(&[before, trimmed, after]));
        for text in texts.into_iter().chain([join(&[secret])]) {
            let causes = vec![SecretUsedAsText, SecretWhitespace];
            keys.push(Variant { bytes: text, causes });
        }
        for text in wrapped(trimmed) {
            keys.push(Variant { bytes: text, causes: vec![SecretUsedAsText, SecretEncoded] });
        }
        // The digits are base64 as well.
        let mut decoded = Zeroizing::new(vec![0; trimmed.len()]);
        if let Ok(key) = Base64::decode(trimmed, &mut decoded) {
            keys.push(variant(key, &[SecretEncoded]));
        }
    }
    distinct(keys)
}

/// The bytes of the key as text. Bytes that are not text are replaced, left out or read in another encoding.
#[inline(never)] // for the size of the packages
fn decoded_to_text(key: &[u8], causes: &[Cause]) -> Vec<Variant> {
    // It has its full size from the start, since growing would leave copies behind.
    let collect = |characters: &mut dyn Iterator<Item = char>| {
        let mut text = Zeroizing::new(String::with_capacity(key.len() * char::MAX.len_utf8()));
        text.extend(characters);
        text
    };
    let convert =
        |change: fn(u8) -> Option<char>| collect(&mut key.iter().copied().filter_map(change));
    let replaced = collect(&mut key.utf8_chunks().flat_map(|chunk| {
        let broken = (!chunk.invalid().is_empty()).then_some('\u{fffd}');
        chunk.valid().chars().chain(broken)
    }));
    let ignored = collect(&mut key.utf8_chunks().flat_map(|chunk| chunk.valid().chars()));
    let texts = [
        replaced,
        ignored,
        convert(|byte| Some(char::from(byte))), // Latin-1
        convert(|byte| Some(super::unicode::from_windows_1252(byte))),
        convert(|byte| Some(char::from(byte & 0x7f))), // Node's "ascii"
        convert(|byte| byte.is_ascii().then_some(char::from(byte))),
        convert(|byte| Some(if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' })),
        convert(|byte| Some(if byte.is_ascii() { char::from(byte) } else { '?' })),
    ];
    let causes = [causes, &[SecretDecodedToText]].concat();
    texts.iter().map(|text| variant(text.as_bytes(), &causes)).collect()
}

/// The texts that people configure in place of the digits.
fn wrapped(digits: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    // Each buffer has its full size from the start, since growing would leave copies behind.
    let base64 = |text: &[u8]| Zeroizing::new(Base64::encode_string(text).into_bytes());
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| {
        let mut text = Zeroizing::new(Vec::with_capacity(2 * digits.len()));
        digits.iter().for_each(|byte| text.extend(to_bytes((*byte).into())));
        text
    };
    let name = IdentitySecret::ENV.as_bytes();
    let mut texts = vec![
        join(&[b"\"", digits, b"\""]),
        join(&[b"'", digits, b"'"]),
        join(&[b"0x", digits]),
        join(&[name, b"=", digits]),
        join(&[name, b"=\"", digits, b"\""]),
        join(&["\u{feff}".as_bytes(), digits]),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        join(&[b"\xff\xfe", &utf16(u16::to_le_bytes)]),
        base64(digits),
        base64(&join(&[digits, b"\n"])),
        base64(&base64(digits)),
        base64(&decode_as_node(digits).bytes),
        join(&[digits, digits]),
        Zeroizing::new(digits.to_ascii_uppercase()),
        Zeroizing::new(digits.to_ascii_lowercase()),
    ];
    texts.retain(|text| text[..] != *digits);
    texts
}

/// How many times a secret may be wrapped: base64 in base64, in quotes, after a name.
const LAYERS: usize = 4;

/// The secret inside a text that is not a secret itself.
pub(super) fn unwrap(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut inner = Zeroizing::new(trim(text).to_vec());
    for _ in 0..LAYERS {
        inner = peel(&inner)?;
        let parsed = IdentitySecret::from_hex(&inner[..]);
        if parsed.is_ok() && peel(&inner).is_none() {
            return Some(inner);
        }
    }
    None
}

/// Removes one layer.
fn peel(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let keep = |inner: &[u8]| Some(Zeroizing::new(trim(inner).to_vec()));
    if let [first @ (b'"' | b'\'' | b'`'), inner @ .., last] = text
        && first == last
    {
        return keep(inner);
    }
    for prefix in [&b"0x"[..], b"0X", b"\\x"] {
        if let Some(inner) = text.strip_prefix(prefix) {
            return keep(inner);
        }
    }
    if text.contains(&0) {
        let mut inner = Zeroizing::new(Vec::with_capacity(text.len() / 2));
        for pair in text.as_chunks::<2>().0 {
            match pair {
                [0, byte] | [byte, 0] => inner.push(*byte),
                [0xff, 0xfe] | [0xfe, 0xff] => {}
                _ => return None,
            }
        }
        return keep(&inner);
    }
    let (first, second) = text.split_at(text.len() / 2);
    if first == second && first.len() >= 64 && first.iter().all(u8::is_ascii_hexdigit) {
        return keep(first);
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_- ".contains(byte);
    if let Some(at) = text.iter().position(|byte| b"=:".contains(byte))
        && text[..at].iter().all(is_name)
        && !text[at + 1..].iter().all(|byte| *byte == b'=')
    {
        return keep(&text[at + 1..]);
    }
    if text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut decoded = Zeroizing::new(vec![0; text.len()]);
    match Base64::decode(text, &mut decoded) {
        Ok(inner) if inner.is_ascii() && !inner.is_empty() => keep(inner),
        _ => None,
    }
}

/// Why these digits are too weak a key, although HMAC accepts it.
fn weakness(digits: &[u8]) -> Vec<Cause> {
    match IdentitySecret::from_hex(digits) {
        Err(Error::SecretWeak) if digits.iter().all(|digit| *digit == b'0') => {
            vec![Cause::SecretEmptyKey]
        }
        Err(Error::SecretWeak) => vec![Cause::SecretTruncated],
        _ => Vec::new(),
    }
}

/// Node's `Buffer.from(text, 'hex')`, which stops at the first pair that is not two digits.
pub(super) fn decode_as_node(text: &[u8]) -> Variant {
    // The pairs are counted first, since a vector that grows leaves copies behind.
    let pairs = text.chunks_exact(2).take_while(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    let digits = &text[..2 * pairs.count()];
    let bytes = base16ct::mixed::decode_vec(digits).expect("an even number of digits");
    let cause = if bytes.is_empty() { Cause::SecretEmptyKey } else { Cause::SecretTruncated };
    variant(bytes, &[cause])
}
