use std::fmt;
use std::hint::black_box;

use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use hmac::digest::{CtOutput, Output};
use hmac::{KeyInit, block_api::HmacCore};
use sha2::Sha256;
use zeroize::{Zeroizing, zeroize_stack};

use crate::Error;

/// HMAC-SHA256 with the key absorbed, without the block buffer that `hmac::Hmac` would copy along.
type KeyedHmac = HmacCore<Sha256>;

type Tag = Output<KeyedHmac>;

/// Deeper into the stack than parsing and a move reach: 1 kB is too little, and 1280 bytes are enough where
/// `make harden` looks at the memory.
const TRACE_OF_PARSING: usize = 2048;

/// Makes a call and wipes the stack that it used, `N` bytes deep.
///
/// What is wiped where it stays has been on the stack as well: `hmac` pads the key there, and a move
/// leaves a copy behind.
pub(crate) fn leave_no_trace<const N: usize, T>(call: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn apart<T>(call: impl FnOnce() -> T) -> T {
        call()
    }
    // A guard, so that what the call returns goes straight to where the caller wants it.
    let _guard = WipeStack::<N>;
    apart(call)
}

struct WipeStack<const N: usize>;

impl<const N: usize> Drop for WipeStack<N> {
    fn drop(&mut self) {
        zeroize_stack::<N>();
    }
}

/// The identity secret from Pylon's dashboard, parsed once and kept as a keyed HMAC state.
///
/// The hexadecimal string is not kept. The state is wiped when the value is dropped, and it has no
/// `Display`, no accessor and a `Debug` that shows nothing. Like any value of Rust, it leaves a copy behind
/// where it is moved from: let it stay where it was made.
pub struct IdentitySecret {
    hmac: KeyedHmac,
}

impl IdentitySecret {
    /// Parses the secret: an even, non-zero number of the digits `0-9a-fA-F` and nothing else.
    ///
    /// Pylon's secrets have 64 digits (32 bytes); every length from one byte up is accepted.
    ///
    /// # Errors
    ///
    /// [`Error::SecretEmpty`], [`Error::SecretNotHex`] for any other character (spaces, line breaks,
    /// quotes and `0x` included), [`Error::SecretOddLength`] for an odd number of digits.
    pub fn from_hex(hex: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::parse_into(hex.as_ref(), |secret| secret)
    }

    /// The same for a binding: `keep` moves the secret to where it stays.
    ///
    /// A move leaves a copy behind. Here that is in the stack that is wiped before this returns.
    #[doc(hidden)]
    pub fn parse_into<T>(digits: &[u8], keep: impl FnOnce(Self) -> T) -> Result<T, Error> {
        leave_no_trace::<TRACE_OF_PARSING, _>(|| Self::parse(digits).map(keep))
    }

    fn parse(digits: &[u8]) -> Result<Self, Error> {
        // HMAC pads a key with zeros to a block of the hash, and hashes longer ones first. A whole block is
        // copied without the C library, whose memcpy would leave a key in vector registers.
        let mut block = Zeroizing::new([0; 64]);
        let keyed = if digits.len() > 2 * block.len() {
            key_of_many_blocks(digits)
        } else {
            let decoded = base16ct::mixed::decode(digits, &mut *block);
            decoded.is_ok().then(|| KeyedHmac::new((&*block).into()))
        };
        match keyed {
            Some(hmac) if !digits.is_empty() => Ok(Self { hmac }),
            _ => Err(Self::explain(digits)),
        }
    }

    /// Says why these are not the digits of a secret.
    #[cold]
    fn explain(digits: &[u8]) -> Error {
        if digits.is_empty() {
            Error::SecretEmpty
        } else if !digits.iter().all(u8::is_ascii_hexdigit) {
            Error::SecretNotHex
        } else {
            Error::SecretOddLength
        }
    }

    /// Signs one email: HMAC-SHA256 over exactly these bytes, which are never trimmed or lowercased.
    ///
    /// Any text is accepted, the empty one too. Sign only the email of the logged-in session.
    pub fn sign(&self, email: impl AsRef<[u8]>) -> EmailHash {
        EmailHash::from_tag(&tag(self.hmac.clone(), email.as_ref()))
    }

    /// Whether `email_hash` is exactly what [`sign`](Self::sign) returns for `email`.
    ///
    /// Compares in constant time. Whatever is not 64 lowercase hexadecimal digits is simply `false`.
    pub fn verify(&self, email: impl AsRef<[u8]>, email_hash: impl AsRef<[u8]>) -> bool {
        let mut observed = Tag::default();
        let decoded = base16ct::lower::decode(email_hash, &mut observed);
        decoded.is_ok_and(|tag| tag.len() == EmailHash::LEN / 2)
            && CtOutput::new(tag(self.hmac.clone(), email.as_ref()))
                == CtOutput::<KeyedHmac>::new(observed)
    }
}

fn tag(mut hmac: KeyedHmac, message: &[u8]) -> Tag {
    let mut buffer = Buffer::<KeyedHmac>::default();
    buffer.digest_blocks(message, |blocks| hmac.update_blocks(blocks));
    let mut tag = Tag::default();
    hmac.finalize_fixed_core(&mut buffer, &mut tag);
    tag
}

#[cold]
fn key_of_many_blocks(digits: &[u8]) -> Option<KeyedHmac> {
    let keyed = |key: &[u8]| KeyedHmac::new_from_slice(key).expect("HMAC takes keys of any length");
    let mut key = Zeroizing::new(vec![0; digits.len() / 2]);
    let hmac = base16ct::mixed::decode(digits, &mut key).ok().map(keyed);
    // Once more with zeros, which take the place of the key in the vector registers of memcpy.
    key.fill(0);
    black_box(keyed(black_box(&key)));
    hmac
}

impl fmt::Debug for IdentitySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentitySecret(hidden)")
    }
}

/// An email hash: 64 lowercase hexadecimal digits.
///
/// Whoever has it can pose as the user, without expiry: do not log or cache it. `Debug` shows nothing,
/// `Display` and [`as_str`](Self::as_str) show the digits. It has no `==`; use
/// [`IdentitySecret::verify`], which compares in constant time.
#[derive(Clone)]
pub struct EmailHash([u8; Self::LEN]);

impl EmailHash {
    /// The number of digits: 64.
    pub const LEN: usize = 64;

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
/// Those of [`IdentitySecret::from_hex`].
pub fn sign_message_with_hmac(
    message: impl AsRef<[u8]>,
    secret: impl AsRef<[u8]>,
) -> Result<EmailHash, Error> {
    IdentitySecret::parse_into(secret.as_ref(), |secret| {
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
