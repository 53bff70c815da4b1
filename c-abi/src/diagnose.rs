use super::*;

/// The size in bytes of a buffer that holds every explanation, with its NUL.
pub const PYLON_IDENTITY_EXPLANATION_SIZE: usize = 4096;

/// A mistake that gives another email hash than the right one; each is a bit, as they come together.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pylon_identity_cause {
    /// The hexadecimal string itself was used as the key.
    PYLON_IDENTITY_CAUSE_SECRET_USED_AS_TEXT = 1 << 0,
    /// The secret was cut off at the first character that is not hexadecimal.
    PYLON_IDENTITY_CAUSE_SECRET_TRUNCATED = 1 << 1,
    /// The key was empty.
    PYLON_IDENTITY_CAUSE_SECRET_EMPTY_KEY = 1 << 2,
    /// There is white space around the secret.
    PYLON_IDENTITY_CAUSE_SECRET_WHITESPACE = 1 << 3,
    /// The email was lowercased or uppercased first.
    PYLON_IDENTITY_CAUSE_EMAIL_CASE = 1 << 4,
    /// White space around the email was added or removed first.
    PYLON_IDENTITY_CAUSE_EMAIL_WHITESPACE = 1 << 5,
    /// The email was URL-encoded, HTML-escaped or JSON-quoted first.
    PYLON_IDENTITY_CAUSE_EMAIL_ENCODED = 1 << 6,
    /// The secret and the email changed places.
    PYLON_IDENTITY_CAUSE_ARGUMENTS_SWAPPED = 1 << 7,
    /// A plain hash of the email, without a key.
    PYLON_IDENTITY_CAUSE_HASH_UNKEYED = 1 << 8,
    /// The hash has uppercase digits.
    PYLON_IDENTITY_CAUSE_HASH_UPPERCASE = 1 << 9,
    /// The hash is base64.
    PYLON_IDENTITY_CAUSE_HASH_BASE64 = 1 << 10,
    /// There is a prefix before the hash.
    PYLON_IDENTITY_CAUSE_HASH_PREFIXED = 1 << 11,
    /// The hash was made with another algorithm.
    PYLON_IDENTITY_CAUSE_HASH_WRONG_ALGORITHM = 1 << 12,
    /// Not an email hash at all.
    PYLON_IDENTITY_CAUSE_HASH_MALFORMED = 1 << 13,
    /// No known mistake gives this hash.
    PYLON_IDENTITY_CAUSE_UNKNOWN = 1 << 14,
}

/// The bit of the cause at this place in the core's list, of which the constants above are a copy.
const fn bit(index: usize) -> u32 {
    1 << index
}

/// Finds out why an email hash is not the one of this email under this secret.
///
/// Tries the usual mistakes in all combinations, and reports the fewest that give the observed hash.
/// Takes any bytes, a malformed secret too. For developers: it takes milliseconds.
///
/// @param hex              the hexadecimal string from Pylon's dashboard
/// @param hex_len          its length in bytes
/// @param email            the email, any bytes
/// @param email_len        its length in bytes
/// @param hash             the email hash to explain
/// @param hash_len         its length in bytes, without a terminating NUL
/// @param causes           receives the mistakes, pylon_identity_cause bits; 0 if the hash is right
/// @param explanation      receives what happened and how to mend it, NUL-terminated plain text that
///                         never shows the secret; NULL if not wanted
/// @param explanation_size the size of that buffer; PYLON_IDENTITY_EXPLANATION_SIZE is always enough
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_NULL_ARGUMENT, PYLON_IDENTITY_BUFFER_TOO_SMALL or
///         PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_diagnose(
    hex: *const c_char,
    hex_len: usize,
    email: *const c_char,
    email_len: usize,
    hash: *const c_char,
    hash_len: usize,
    causes: *mut u32,
    explanation: *mut c_char,
    explanation_size: usize,
) -> pylon_identity_status {
    status(|| {
        usable(causes)?;
        // SAFETY: as the caller promises.
        let (hex, email) = unsafe { (bytes(hex, hex_len)?, bytes(email, email_len)?) };
        // SAFETY: as the caller promises.
        let diagnosis =
            pylon_identity_core::diagnose(hex, email, unsafe { bytes(hash, hash_len) }?);
        let known = Cause::ALL.iter().enumerate();
        let found = known.filter(|(_, cause)| diagnosis.causes().contains(cause));
        let bits = found.fold(0, |bits, (index, _)| bits | bit(index));
        if !explanation.is_null() {
            // SAFETY: not NULL, so valid for writes of its size as the caller promises.
            unsafe { write_text(&diagnosis.explanation(), explanation, explanation_size) }?;
        }
        // SAFETY: not NULL and aligned, so valid for writes as the caller promises.
        unsafe { causes.write(bits) };
        Ok(())
    })
}

/// The name of a cause, the same in every language, for example "secret_used_as_text".
///
/// @param cause one of the pylon_identity_cause bits
/// @return a static, NUL-terminated text, never NULL; empty for anything but one known bit
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_cause_code(cause: u32) -> *const c_char {
    let mut known = Cause::ALL.iter().enumerate();
    let found = known.find(|(index, _)| bit(*index) == cause);
    found.map_or(c"", |(_, cause)| cause.c_code()).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::pylon_identity_cause::*;
    use super::*;

    const ALL: [pylon_identity_cause; 15] = [
        PYLON_IDENTITY_CAUSE_SECRET_USED_AS_TEXT,
        PYLON_IDENTITY_CAUSE_SECRET_TRUNCATED,
        PYLON_IDENTITY_CAUSE_SECRET_EMPTY_KEY,
        PYLON_IDENTITY_CAUSE_SECRET_WHITESPACE,
        PYLON_IDENTITY_CAUSE_EMAIL_CASE,
        PYLON_IDENTITY_CAUSE_EMAIL_WHITESPACE,
        PYLON_IDENTITY_CAUSE_EMAIL_ENCODED,
        PYLON_IDENTITY_CAUSE_ARGUMENTS_SWAPPED,
        PYLON_IDENTITY_CAUSE_HASH_UNKEYED,
        PYLON_IDENTITY_CAUSE_HASH_UPPERCASE,
        PYLON_IDENTITY_CAUSE_HASH_BASE64,
        PYLON_IDENTITY_CAUSE_HASH_PREFIXED,
        PYLON_IDENTITY_CAUSE_HASH_WRONG_ALGORITHM,
        PYLON_IDENTITY_CAUSE_HASH_MALFORMED,
        PYLON_IDENTITY_CAUSE_UNKNOWN,
    ];

    #[test]
    fn the_constants_are_the_core_s_causes() {
        assert_eq!(ALL.len(), Cause::ALL.len());
        for (index, (constant, cause)) in ALL.iter().zip(Cause::ALL).enumerate() {
            assert_eq!(*constant as u32, bit(index));
            let name = format!("PYLON_IDENTITY_CAUSE_{}", cause.code().to_uppercase());
            assert_eq!(format!("{constant:?}"), name);
        }
    }

    #[test]
    fn every_explanation_fits() {
        let all: usize = Cause::ALL.iter().map(|cause| cause.explanation().len() + 3).sum();
        let error = Error::ALL.iter().map(|error| error.message().len()).max().unwrap();
        assert!(all + error + 200 < PYLON_IDENTITY_EXPLANATION_SIZE, "{all} {error}");
    }
}
