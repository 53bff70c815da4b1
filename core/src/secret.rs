use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;

/// The identity secret from Pylon's dashboard, parsed once and kept as a keyed HMAC state.
///
/// The hexadecimal string is not kept. The state is wiped when the value is dropped, and it has no
/// `Display`, no accessor and a `Debug` that shows nothing.
pub struct IdentitySecret {
    mac: Hmac<Sha256>,
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
        let digits = hex.as_ref();
        if digits.is_empty() {
            return Err(Error::SecretEmpty);
        }
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Error::SecretNotHex);
        }
        if digits.len() % 2 != 0 {
            return Err(Error::SecretOddLength);
        }
        let mut key = Zeroizing::new(vec![0; digits.len() / 2]);
        hex::decode_to_slice(digits, &mut key).map_err(|_| Error::SecretNotHex)?;
        Ok(Self { mac: Hmac::new_from_slice(&key).expect("HMAC takes keys of any length") })
    }

    /// Signs one email: HMAC-SHA256 over exactly these bytes, which are never trimmed or lowercased.
    ///
    /// Any text is accepted, the empty one too. Sign only the email of the logged-in session.
    pub fn sign(&self, email: impl AsRef<[u8]>) -> EmailHash {
        let mac = self.mac.clone().chain_update(email).finalize();
        let mut digits = [0; EmailHash::LEN];
        hex::encode_to_slice(mac.as_bytes(), &mut digits).expect("32 bytes are 64 digits");
        EmailHash(digits)
    }

    /// Whether `email_hash` is exactly what [`sign`](Self::sign) returns for `email`.
    ///
    /// Compares in constant time. Whatever is not 64 lowercase hexadecimal digits is simply `false`.
    pub fn verify(&self, email: impl AsRef<[u8]>, email_hash: impl AsRef<[u8]>) -> bool {
        let digits = email_hash.as_ref();
        let mut observed = [0; EmailHash::LEN / 2];
        !digits.iter().any(u8::is_ascii_uppercase)
            && hex::decode_to_slice(digits, &mut observed).is_ok()
            && self.mac.clone().chain_update(email).verify_slice(&observed).is_ok()
    }
}

impl fmt::Debug for IdentitySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentitySecret(hidden)")
    }
}

/// An email hash: 64 lowercase hexadecimal digits.
///
/// Whoever has it can pose as the user, without expiry: do not log or cache it. It has no `==`;
/// use [`IdentitySecret::verify`], which compares in constant time.
#[derive(Clone)]
pub struct EmailHash([u8; Self::LEN]);

impl EmailHash {
    /// The number of digits: 64.
    pub const LEN: usize = 64;

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
        f.debug_tuple("EmailHash").field(&self.as_str()).finish()
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
    Ok(IdentitySecret::from_hex(secret)?.sign(message))
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
    getrandom::fill(key.as_mut_slice()).expect("the operating system provides randomness");
    hex::encode(key)
}
