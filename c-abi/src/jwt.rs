use pylon_identity_core::{JwtUser, diagnose_jwt};

use super::*;

/// The secret of Pylon's option "JWT (signed token)", kept as a keyed HMAC state.
///
/// The rules of pylon_identity_secret hold for it too, with functions of its own. The rules for the tokens come from
/// public integrations of August 2026. They were not tried with Pylon's service.
#[repr(C)]
pub struct pylon_identity_jwt_secret {
    opaque: [u64; 32],
}

impl Opaque for pylon_identity_jwt_secret {
    type Secret = JwtSecret;
    const READY: u64 = u64::from_be_bytes(*b"pylonid\x02");
}

/// Takes the JWT secret: at least 16 bytes, without white space or a pair of quotes around them.
///
/// The text is the key as it is, even if it is hexadecimal.
///
/// @param secret   where to keep the secret; overlaps no other argument, untouched unless the call succeeds
/// @param text     the secret from Pylon's dashboard; not kept, and yours to wipe
/// @param text_len its length in bytes
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_JWT_SECRET_EMPTY, PYLON_IDENTITY_JWT_SECRET_WRAPPED,
///         PYLON_IDENTITY_JWT_SECRET_WEAK, PYLON_IDENTITY_INVALID_ARGUMENT or PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_jwt_secret_init(
    secret: *mut pylon_identity_jwt_secret,
    text: *const c_char,
    text_len: usize,
) -> pylon_identity_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { parse(bytes(text, text_len)?, secret) })
}

/// Takes the JWT secret in an environment variable, trimmed of white space.
///
/// It works as pylon_identity_secret_init_from_env(). The usual name is PYLON_JWT_SECRET.
///
/// @param secret    where to keep the secret; overlaps no other argument, untouched unless the call succeeds
/// @param name      the variable's name
/// @param name_len  its length in bytes
/// @param value     the variable's value; NULL if it is not set
/// @param value_len its length in bytes
/// @return the statuses of pylon_identity_jwt_secret_init(); PYLON_IDENTITY_SECRET_MISSING if it is not set;
///         PYLON_IDENTITY_SECRET_EXPOSED for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_
///         and the like)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_jwt_secret_init_from_env(
    secret: *mut pylon_identity_jwt_secret,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> pylon_identity_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { parse_env_value(secret, name, name_len, value, value_len) })
}

/// Forgets the key: overwrites the whole struct with zero bytes, after which it is refused.
///
/// @param secret the struct to wipe, in any state; wiping twice is fine
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_INVALID_ARGUMENT or PYLON_IDENTITY_PANIC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_jwt_secret_wipe(
    secret: *mut pylon_identity_jwt_secret,
) -> pylon_identity_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { wipe(secret) })
}

/// The logged-in user whom a JWT names. Start with zero bytes: text of length 0 is left out.
#[repr(C)]
pub struct pylon_identity_jwt_user {
    /// The ID of the chat widget, from Pylon's dashboard; not empty. The claim aud.
    pub app_id: pylon_identity_text,
    /// The email of the logged-in session, exactly as it is stored; not empty. Pass only an address that
    /// the user has proved to own.
    pub email: pylon_identity_text,
    /// The name to show.
    pub name: pylon_identity_text,
    /// Your own ID of the user's account.
    pub account_external_id: pylon_identity_text,
    /// Your own ID of the user.
    pub contact_external_id: pylon_identity_text,
}

/// Signs a JWT (RFC 7519) with HS256, in compact serialisation.
///
/// Until it expires it is as good as a login of the user: do not log it. The page sets window.pylon.chat_settings to
/// app_id and jwt alone. Pass the token as the text "jwt" among the other settings of a pylon_identity_user. In texts
/// other than the email, bytes that are not UTF-8 become U+FFFD.
///
/// @param secret     an initialised secret
/// @param user       the user
/// @param expires_in after how many seconds the token expires, from 1 to 900; 0 for 600
/// @param now        the time in Unix seconds, for tests; 0 for that of the system's clock
/// @param out        receives the token, NUL-terminated; untouched unless the call succeeds
/// @param out_size   the size of that buffer; 8 * (the sum of the lengths in user) + 400 is always enough
/// @param written    receives the length of the token, without the NUL; NULL if not wanted
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_APP_ID_EMPTY, PYLON_IDENTITY_EMAIL_EMPTY,
///         PYLON_IDENTITY_EMAIL_NOT_UNICODE, PYLON_IDENTITY_JWT_LIFETIME (also for a time beyond 2^53),
///         PYLON_IDENTITY_BUFFER_TOO_SMALL, PYLON_IDENTITY_SECRET_NOT_READY,
///         PYLON_IDENTITY_INVALID_ARGUMENT or PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_sign_jwt(
    secret: *const pylon_identity_jwt_secret,
    user: *const pylon_identity_jwt_user,
    expires_in: u64,
    now: u64,
    out: *mut c_char,
    out_size: usize,
    written: *mut usize,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        usable(user)?;
        // SAFETY: as the caller promises.
        let (secret, user) = unsafe { (borrow(secret)?, &*user) };
        // SAFETY: as the caller promises.
        let lossy = |value| unsafe { lossy(value) };
        // SAFETY: as the caller promises.
        let email = unsafe { text(user.email) }?.unwrap_or_default();
        let (app_id, name) = (lossy(user.app_id)?, lossy(user.name)?);
        let account_external_id = lossy(user.account_external_id)?;
        let contact_external_id = lossy(user.contact_external_id)?;
        let user = JwtUser {
            app_id: app_id.as_deref().unwrap_or_default(),
            email: str::from_utf8(email).map_err(|_| PYLON_IDENTITY_EMAIL_NOT_UNICODE)?,
            name: name.as_deref(),
            account_external_id: account_external_id.as_deref(),
            contact_external_id: contact_external_id.as_deref(),
        };
        let expires_in = if expires_in == 0 { JwtSecret::LIFETIME } else { expires_in };
        let token = match now {
            0 => secret.sign_jwt(user, expires_in),
            _ => secret.sign_jwt_at(user, expires_in, now),
        }?;
        // SAFETY: not NULL, so valid for writes of its size as the caller promises; `written` too.
        unsafe { write_text(&token, out, out_size, written) }
    })
}

/// Writes the claims of a JWT that is right for this secret and app ID, as a JSON object of printable ASCII.
///
/// For tests, proxies and stand-ins of Pylon's service. The names are those in the token: email, aud, iat and
/// exp, and name, account_external_id and contact_external_id if they are there. Claims that Pylon does not
/// know are left out. The signature is compared in constant time.
///
/// @param secret     an initialised secret
/// @param token      the JWT
/// @param token_len  its length in bytes, without a terminating NUL
/// @param app_id     the ID of the chat widget
/// @param app_id_len its length in bytes
/// @param now        the time in Unix seconds, for tests; 0 for that of the system's clock
/// @param out        receives the object, NUL-terminated; untouched unless the call succeeds
/// @param out_size   the size of that buffer; 5 * token_len + 400 is always enough
/// @param written    receives the length of the object, without the NUL; NULL if not wanted
/// @return PYLON_IDENTITY_OK, which is 0, if the token is right; otherwise the first that applies of
///         PYLON_IDENTITY_JWT_MALFORMED, PYLON_IDENTITY_JWT_ALGORITHM, PYLON_IDENTITY_JWT_SIGNATURE,
///         PYLON_IDENTITY_JWT_EXPIRED, PYLON_IDENTITY_JWT_NOT_YET_VALID, PYLON_IDENTITY_JWT_AUDIENCE,
///         PYLON_IDENTITY_JWT_LIFETIME; PYLON_IDENTITY_BUFFER_TOO_SMALL, PYLON_IDENTITY_SECRET_NOT_READY,
///         PYLON_IDENTITY_INVALID_ARGUMENT, PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_verify_jwt(
    secret: *const pylon_identity_jwt_secret,
    token: *const c_char,
    token_len: usize,
    app_id: *const c_char,
    app_id_len: usize,
    now: u64,
    out: *mut c_char,
    out_size: usize,
    written: *mut usize,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let secret = unsafe { borrow(secret) }?;
        // SAFETY: as the caller promises.
        let (token, app_id) = unsafe { (bytes(token, token_len)?, bytes(app_id, app_id_len)?) };
        let token = str::from_utf8(token).map_err(|_| PYLON_IDENTITY_JWT_MALFORMED)?;
        let app_id = String::from_utf8_lossy(app_id);
        let claims = match now {
            0 => secret.verify_jwt(token, &app_id),
            _ => secret.verify_jwt_at(token, &app_id, now),
        }?;
        // SAFETY: not NULL, so valid for writes of its size as the caller promises; `written` too.
        unsafe { write_text(&claims.to_json(), out, out_size, written) }
    })
}

/// Finds out why Pylon does not accept a JWT for this app ID.
///
/// Takes any bytes, a malformed secret too. It is for developers, and not for the path of a request.
///
/// @param secret           the JWT secret from Pylon's dashboard
/// @param secret_len       its length in bytes
/// @param app_id           the ID of the chat widget
/// @param app_id_len       its length in bytes
/// @param token            the JWT to explain
/// @param token_len        its length in bytes, without a terminating NUL
/// @param email            the email that is beside it on the page
/// @param email_len        its length in bytes; 0 for no email, whatever the pointer
/// @param now              the time in Unix seconds, for tests; 0 for that of the system's clock
/// @param causes           receives the mistakes, PYLON_IDENTITY_CAUSE_ bits; 0 if the token is right
/// @param explanation      receives the explanation and the fix, NUL-terminated plain text that
///                         never shows the secret; NULL if not wanted
/// @param explanation_size the size of that buffer; PYLON_IDENTITY_EXPLANATION_SIZE is always enough
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_INVALID_ARGUMENT, PYLON_IDENTITY_BUFFER_TOO_SMALL or
///         PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_diagnose_jwt(
    secret: *const c_char,
    secret_len: usize,
    app_id: *const c_char,
    app_id_len: usize,
    token: *const c_char,
    token_len: usize,
    email: *const c_char,
    email_len: usize,
    now: u64,
    causes: *mut u64,
    explanation: *mut c_char,
    explanation_size: usize,
) -> pylon_identity_status {
    status(|| {
        usable(causes)?;
        // SAFETY: as the caller promises.
        let secret = unsafe { bytes(secret, secret_len) }?;
        // SAFETY: as the caller promises.
        let lossy = |data, length| unsafe { lossy(pylon_identity_text { data, length }) };
        let (app_id, token) = (lossy(app_id, app_id_len)?, lossy(token, token_len)?);
        let email = lossy(email, email_len)?;
        let diagnosis = diagnose_jwt(
            secret,
            app_id.as_deref().unwrap_or_default(),
            token.as_deref().unwrap_or_default(),
            email.as_deref(),
            (now != 0).then_some(now),
        );
        // SAFETY: as the caller promises.
        unsafe { write_diagnosis(&diagnosis, causes, explanation, explanation_size) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_sizes_are_always_enough() {
        let text = |text: &'static [u8]| pylon_identity_text {
            data: text.as_ptr().cast(),
            length: text.len(),
        };
        // Each byte takes six characters in JSON, the most that there is.
        let controls = text(&[1; 100]);
        let user = pylon_identity_jwt_user {
            app_id: controls,
            email: controls,
            name: text(&[0xff; 100]),
            account_external_id: controls,
            contact_external_id: controls,
        };
        let key = text(b"a secret of a test");
        let mut secret = pylon_identity_jwt_secret { opaque: [0; 32] };
        let mut token = [0; 8 * 500 + 400];
        let mut json = [0; 5 * 4400 + 400];
        let (mut length, mut written) = (0, 0);
        let now = (1 << 53) - 1000;
        // SAFETY: valid pointers and lengths.
        let (signed, verified) = unsafe {
            let _ = pylon_identity_jwt_secret_init(&mut secret, key.data, key.length);
            let (out, read) = (token.as_mut_ptr(), json.as_mut_ptr());
            let size = token.len();
            (
                pylon_identity_sign_jwt(&secret, &user, 900, now, out, size, &mut length),
                pylon_identity_verify_jwt(
                    &secret,
                    out,
                    length,
                    controls.data,
                    controls.length,
                    now,
                    read,
                    json.len(),
                    &mut written,
                ),
            )
        };
        assert_eq!((signed, verified), (PYLON_IDENTITY_OK, PYLON_IDENTITY_OK));
        assert!(length > 8 * 500 && written > 6 * 500, "{length} {written}");
    }
}
