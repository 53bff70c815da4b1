use super::*;

/// Parses the secret in an environment variable, trimmed of white space.
///
/// For C: pylon_identity_secret_init_from_env(&secret, name, strlen(name), value, value ? strlen(value) : 0)
/// with value = getenv(name). The usual name is PYLON_IDENTITY_SECRET.
///
/// @param secret    where to keep the parsed secret; overlaps no other argument, untouched unless the
///                  call succeeds
/// @param name      the variable's name
/// @param name_len  its length in bytes
/// @param value     what the environment holds; NULL if the variable is not set
/// @param value_len its length in bytes
/// @return what pylon_identity_secret_init() returns; PYLON_IDENTITY_SECRET_MISSING if it is not set;
///         PYLON_IDENTITY_SECRET_EXPOSED for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_
///         and the like)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_secret_init_from_env(
    secret: *mut pylon_identity_secret,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> pylon_identity_status {
    status(|| {
        usable(secret)?;
        // SAFETY: as the caller promises.
        let name = String::from_utf8_lossy(unsafe { bytes(name, name_len) }?);
        let value = match value.is_null() {
            true => None,
            // SAFETY: as the caller promises.
            false => Some(unsafe { bytes(value, value_len) }?),
        };
        let digits = IdentitySecret::trim_env_value(&name, value)?;
        // SAFETY: not NULL and aligned, so valid for writes and apart from `value` as the caller promises.
        IdentitySecret::parse_into(digits, |parsed| unsafe { keep(parsed, secret) })?;
        Ok(())
    })
}

/// Signs the email for the settings of the chat widget, which have neither app ID nor email empty.
///
/// @param secret     an initialised secret
/// @param app_id     the ID of the chat widget
/// @param app_id_len its length in bytes
/// @param email      the email of the logged-in session
/// @param email_len  its length in bytes
/// @param out        receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
///                   unless the call succeeds
/// @return what pylon_identity_sign() returns; PYLON_IDENTITY_APP_ID_EMPTY, PYLON_IDENTITY_EMAIL_EMPTY
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_chat_settings_hash(
    secret: *const pylon_identity_secret,
    app_id: *const c_char,
    app_id_len: usize,
    email: *const c_char,
    email_len: usize,
    out: *mut c_char,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let secret = unsafe { borrow(secret) }?;
        // SAFETY: as the caller promises.
        let (app_id, email) = unsafe { (bytes(app_id, app_id_len)?, bytes(email, email_len)?) };
        let hash = secret.sign_for_chat_settings(app_id, email)?;
        // SAFETY: `out` is not NULL, so valid for writes of 65 bytes as the caller promises.
        unsafe { write_hash(&hash, out) };
        Ok(())
    })
}

/// Writes the script tag that sets window.pylon, to be put into the page before the widget's own.
///
/// Whatever the fields hold is safe inside HTML; bytes that are not UTF-8 become U+FFFD.
///
/// @param fields    the names and values of the chat settings in turn, one after another with nothing
///                  between them, as UTF-8
/// @param lengths   the length in bytes of each
/// @param count     how many names and values there are, an even number
/// @param nonce     the nonce of the page's Content-Security-Policy, base64 text; NULL for none
/// @param nonce_len its length in bytes
/// @param out       receives the tag, NUL-terminated; untouched unless the call succeeds
/// @param out_size  the size of that buffer; always enough are
///                  6 * (the sum of the lengths + nonce_len) + 8 * count + 100
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_NONCE_INVALID, PYLON_IDENTITY_BUFFER_TOO_SMALL,
///         PYLON_IDENTITY_NULL_ARGUMENT or PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_chat_settings_script(
    fields: *const c_char,
    lengths: *const usize,
    count: usize,
    nonce: *const c_char,
    nonce_len: usize,
    out: *mut c_char,
    out_size: usize,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let texts = unsafe { split(fields, lengths, count) }?;
        let texts: Vec<_> = texts.map(String::from_utf8_lossy).collect();
        let (fields, []) = texts.as_chunks() else {
            return Err(PYLON_IDENTITY_NULL_ARGUMENT);
        };
        let nonce = match nonce.is_null() {
            true => None,
            // SAFETY: as the caller promises.
            false => Some(String::from_utf8_lossy(unsafe { bytes(nonce, nonce_len) }?)),
        };
        let fields = fields.iter().map(|[name, value]| (name, value));
        let script = pylon_identity_core::chat_settings_script(fields, nonce.as_deref())?;
        // SAFETY: not NULL, so valid for writes of its size as the caller promises.
        unsafe { write_text(&script, out, out_size) }
    })
}
