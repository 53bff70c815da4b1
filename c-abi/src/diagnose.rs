use pylon_identity_core::{Cause, Diagnosis, diagnose, diagnose_page};

use super::*;

/// The size in bytes of a buffer that holds every explanation, with its NUL.
pub const PYLON_IDENTITY_EXPLANATION_SIZE: usize = 16384;

/// Finds out why an email hash is not the one of this email under this secret.
///
/// Tries the usual mistakes in combinations of up to three, and reports the fewest that give the observed hash. Takes
/// any bytes, a malformed secret too. It is for developers: it takes milliseconds.
///
/// @param hex              the hexadecimal string from Pylon's dashboard
/// @param hex_len          its length in bytes
/// @param email            the email, any bytes
/// @param email_len        its length in bytes
/// @param hash             the email hash to explain
/// @param hash_len         its length in bytes, without a terminating NUL
/// @param causes           receives the mistakes, PYLON_IDENTITY_CAUSE_ bits; 0 if the hash is right
/// @param explanation      receives the explanation and the fix, NUL-terminated plain text that
///                         never shows the secret; NULL if not wanted
/// @param explanation_size the size of that buffer; PYLON_IDENTITY_EXPLANATION_SIZE is always enough
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_INVALID_ARGUMENT, PYLON_IDENTITY_BUFFER_TOO_SMALL or
///         PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_diagnose(
    hex: *const c_char,
    hex_len: usize,
    email: *const c_char,
    email_len: usize,
    hash: *const c_char,
    hash_len: usize,
    causes: *mut u64,
    explanation: *mut c_char,
    explanation_size: usize,
) -> pylon_identity_status {
    status(|| {
        usable(causes)?;
        // SAFETY: as the caller promises.
        let (hex, email) = unsafe { (bytes(hex, hex_len)?, bytes(email, email_len)?) };
        // SAFETY: as the caller promises.
        let diagnosis = diagnose(hex, email, unsafe { bytes(hash, hash_len) }?);
        // SAFETY: as the caller promises.
        unsafe { write_diagnosis(&diagnosis, causes, explanation, explanation_size) }
    })
}

/// Finds out what is wrong with the chat settings of a page.
///
/// A page is the result of JSON.stringify(window.pylon) in the browser's console, or its chat_settings alone, as JSON
/// or as the literal that a console shows. It may also be the HTML of the page, whose inline scripts are read and not
/// run. Only the first MiB is read. Takes any bytes, a malformed secret too. It is for developers: it takes
/// milliseconds.
///
/// @param hex              the hexadecimal string from Pylon's dashboard; the JWT secret for a page that has
///                         a jwt
/// @param hex_len          its length in bytes
/// @param page             the page, UTF-8
/// @param page_len         its length in bytes
/// @param causes           receives the mistakes, PYLON_IDENTITY_CAUSE_ bits; without others than those of
///                         PYLON_IDENTITY_WARNINGS, the widget finds an email and the right hash
/// @param explanation      receives the explanation and the fix, NUL-terminated plain text that
///                         never shows the secret; NULL if not wanted
/// @param explanation_size the size of that buffer; PYLON_IDENTITY_EXPLANATION_SIZE is always enough
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_INVALID_ARGUMENT, PYLON_IDENTITY_BUFFER_TOO_SMALL or
///         PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_diagnose_page(
    hex: *const c_char,
    hex_len: usize,
    page: *const c_char,
    page_len: usize,
    causes: *mut u64,
    explanation: *mut c_char,
    explanation_size: usize,
) -> pylon_identity_status {
    status(|| {
        usable(causes)?;
        // SAFETY: as the caller promises.
        let (hex, page) = unsafe { (bytes(hex, hex_len)?, bytes(page, page_len)?) };
        let diagnosis = diagnose_page(hex, &String::from_utf8_lossy(page));
        // SAFETY: as the caller promises.
        unsafe { write_diagnosis(&diagnosis, causes, explanation, explanation_size) }
    })
}

/// # Safety
///
/// `causes` is valid for a write, and `explanation` is NULL or valid for writes of `size` bytes.
pub(crate) unsafe fn write_diagnosis(
    diagnosis: &Diagnosis,
    causes: *mut u64,
    explanation: *mut c_char,
    size: usize,
) -> Outcome {
    let bits = diagnosis.causes().iter().fold(0, |bits, cause| bits | 1_u64 << cause.number());
    if !explanation.is_null() {
        // SAFETY: not NULL, so valid for writes of its size as the caller promises.
        unsafe { write_text(&diagnosis.explanation(), explanation, size, ptr::null_mut()) }?;
    }
    // SAFETY: valid for a write as the caller promises.
    unsafe { causes.write(bits) };
    Ok(())
}

/// The name of a cause, the same in every language, for example "secret_used_as_text".
///
/// @param cause one of the PYLON_IDENTITY_CAUSE_ bits
/// @return a static, NUL-terminated text, never NULL; empty for anything but one known bit
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_cause_code(cause: u64) -> *const c_char {
    let found = Cause::ALL.iter().find(|known| 1_u64 << known.number() == cause);
    found.map_or(c"", |cause| c_text(cause.code_with_nul())).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_explanation_fits() {
        let all: usize = Cause::ALL.iter().map(|cause| cause.explanation().len() + 3).sum();
        let error = Error::ALL.iter().map(|error| error.message().len()).max().unwrap();
        assert!(all + error + 1000 < PYLON_IDENTITY_EXPLANATION_SIZE, "{all} {error}");
    }
}
