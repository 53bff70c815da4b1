use std::borrow::Cow;

use pylon_identity_core::{SettingValue, chat_settings_json, chat_settings_script};

use super::*;
use pylon_identity_setting_kind::*;

/// Parses the secret in an environment variable, trimmed of white space.
///
/// For C: pylon_identity_secret_init_from_env(&secret, name, strlen(name), value, value ? strlen(value) : 0)
/// with value = getenv(name). The usual name is PYLON_IDENTITY_SECRET.
///
/// @param secret    where to keep the parsed secret; overlaps no other argument, untouched unless the
///                  call succeeds
/// @param name      the variable's name
/// @param name_len  its length in bytes
/// @param value     the variable's value; NULL if it is not set
/// @param value_len its length in bytes
/// @return the statuses of pylon_identity_secret_init(); PYLON_IDENTITY_SECRET_MISSING if it is not set;
///         PYLON_IDENTITY_SECRET_EXPOSED for a name that bundlers ship to browsers (NEXT_PUBLIC_, VITE_
///         and the like)
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_secret_init_from_env(
    secret: *mut pylon_identity_secret,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> pylon_identity_status {
    // SAFETY: as the caller promises.
    status(|| unsafe { parse_env_value(secret, name, name_len, value, value_len) })
}

/// # Safety
///
/// `secret` is NULL, misaligned or valid for writes and apart from the texts, which are NULL or valid for reads.
pub(crate) unsafe fn parse_env_value<T: Opaque>(
    secret: *mut T,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> Outcome {
    usable(secret)?;
    // SAFETY: as the caller promises.
    let name = String::from_utf8_lossy(unsafe { bytes(name, name_len) }?);
    let value = match value.is_null() {
        true => None,
        // SAFETY: as the caller promises.
        false => Some(unsafe { bytes(value, value_len) }?),
    };
    // SAFETY: as the caller promises.
    unsafe { parse(binding::trim_env_value(&name, value)?, secret) }
}

/// Signs the email for chat settings that a program writes by itself.
///
/// Refuses an app ID or email that is empty, white space or a filler such as "undefined", and an email that is
/// not UTF-8.
///
/// @param secret     an initialised secret
/// @param app_id     the ID of the chat widget
/// @param app_id_len its length in bytes
/// @param email      the email of the logged-in session
/// @param email_len  its length in bytes
/// @param out        receives 64 digits and a NUL: PYLON_IDENTITY_EMAIL_HASH_SIZE bytes; untouched
///                   unless the call succeeds
/// @return the statuses of pylon_identity_sign(); PYLON_IDENTITY_APP_ID_EMPTY, PYLON_IDENTITY_EMAIL_EMPTY,
///         PYLON_IDENTITY_EMAIL_NOT_UNICODE
#[must_use]
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
        let hash = binding::sign_for_chat_settings(secret, app_id, email)?;
        // SAFETY: `out` is not NULL, so valid for writes of 65 bytes as the caller promises.
        unsafe { write_hash(hash.as_bytes(), out) };
        Ok(())
    })
}

/// Text: bytes and their number. A length of 0 means no text, for any pointer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct pylon_identity_text {
    /// The bytes, as UTF-8; no terminating NUL is needed.
    pub data: *const c_char,
    /// Their number.
    pub length: usize,
}

/// The kind of value that a setting has.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum pylon_identity_setting_kind {
    /// The value is `text`, which may be empty.
    PYLON_IDENTITY_SETTING_TEXT = 0,
    /// The value is `number`, from -(2^53 - 1) to 2^53 - 1.
    PYLON_IDENTITY_SETTING_NUMBER = 1,
    /// The value is whether `number` is not 0.
    PYLON_IDENTITY_SETTING_BOOLEAN = 2,
}

/// One more setting of the widget, such as hide_default_launcher.
#[repr(C)]
pub struct pylon_identity_setting {
    /// The widget's own name for it.
    pub name: pylon_identity_text,
    /// A pylon_identity_setting_kind: text by default.
    pub kind: i32,
    /// The value of text.
    pub text: pylon_identity_text,
    /// The value of a number or a boolean.
    pub number: f64,
}

/// The logged-in user, as the backend knows them. Start with zero bytes: text of length 0 is left out.
#[repr(C)]
pub struct pylon_identity_user {
    /// The ID of the chat widget, from Pylon's dashboard; not empty.
    pub app_id: pylon_identity_text,
    /// The email of the logged-in session, exactly as it is stored. Pass only an address that the user has
    /// proved to own. A visitor who is not logged in has none.
    pub email: pylon_identity_text,
    /// The name to show.
    pub name: pylon_identity_text,
    /// The address of a picture.
    pub avatar_url: pylon_identity_text,
    /// Pylon's ID of the user's account.
    pub account_id: pylon_identity_text,
    /// Your own ID of the user's account.
    pub account_external_id: pylon_identity_text,
    /// The email hash, if it was made before. Leave it out with a secret, which makes the hash.
    pub email_hash: pylon_identity_text,
    /// More settings of the widget, after those above; NULL for none.
    pub other: *const pylon_identity_setting,
    /// Their number.
    pub other_count: usize,
}

/// Writes the script tag that sets window.pylon, to be put into the page before the widget's own tag.
///
/// The tag is printable ASCII, safe inside HTML of any encoding, whatever the texts hold. In texts other than
/// the email, bytes that are not UTF-8 become U+FFFD.
///
/// @param secret    an initialised secret, which signs the email; NULL for a visitor who is not logged
///                  in, or if user->email_hash was made before
/// @param user      the user
/// @param nonce     the nonce of the page's Content-Security-Policy, base64 text
/// @param nonce_len its length in bytes; 0 for no nonce, whatever the pointer
/// @param out       receives the tag, NUL-terminated; untouched unless the call succeeds
/// @param out_size  the size of that buffer;
///                  6 * (the sum of the lengths in user + nonce_len) + 40 * other_count + 400 is always enough
/// @param written   receives the length of the tag, without the NUL; NULL if not wanted
/// @return PYLON_IDENTITY_OK, PYLON_IDENTITY_APP_ID_EMPTY, PYLON_IDENTITY_EMAIL_EMPTY,
///         PYLON_IDENTITY_EMAIL_NOT_UNICODE, PYLON_IDENTITY_SETTINGS_INVALID (a name, kind or number that
///         cannot be used), PYLON_IDENTITY_NONCE_INVALID,
///         PYLON_IDENTITY_BUFFER_TOO_SMALL, PYLON_IDENTITY_SECRET_NOT_READY,
///         PYLON_IDENTITY_INVALID_ARGUMENT (also for a secret together with user->email_hash) or
///         PYLON_IDENTITY_PANIC
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_chat_settings_script(
    secret: *const pylon_identity_secret,
    user: *const pylon_identity_user,
    nonce: *const c_char,
    nonce_len: usize,
    out: *mut c_char,
    out_size: usize,
    written: *mut usize,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let fields = unsafe { chat_settings_fields(secret, user) }?;
        let nonce = pylon_identity_text { data: nonce, length: nonce_len };
        // SAFETY: as the caller promises.
        let nonce = unsafe { lossy(nonce) }?;
        let script = chat_settings_script(fields, nonce.as_deref())?;
        // SAFETY: not NULL, so valid for writes of its size as the caller promises; `written` too.
        unsafe { write_text(&script, out, out_size, written) }
    })
}

/// Writes the chat settings as a JSON object, for single-page apps and for templates that write the tag
/// themselves.
///
/// The object is printable ASCII, safe inside HTML of any encoding.
///
/// @param secret   as for pylon_identity_chat_settings_script()
/// @param user     the user
/// @param out      receives the object, NUL-terminated; untouched unless the call succeeds
/// @param out_size the size of that buffer;
///                 6 * (the sum of the lengths in user) + 40 * other_count + 400 is always enough
/// @param written  receives the length of the object, without the NUL; NULL if not wanted
/// @return the statuses of pylon_identity_chat_settings_script()
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_chat_settings_json(
    secret: *const pylon_identity_secret,
    user: *const pylon_identity_user,
    out: *mut c_char,
    out_size: usize,
    written: *mut usize,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let json = chat_settings_json(unsafe { chat_settings_fields(secret, user) }?)?;
        // SAFETY: not NULL, so valid for writes of its size as the caller promises; `written` too.
        unsafe { write_text(&json, out, out_size, written) }
    })
}

type Field<'a> = (Cow<'a, str>, SettingValue<'a>);

/// # Safety
///
/// `secret` and `user` are NULL, misaligned or valid for reads while `'a` lasts, and so are the texts and the
/// other settings of `user`.
unsafe fn chat_settings_fields<'a>(
    secret: *const pylon_identity_secret,
    user: *const pylon_identity_user,
) -> Result<Vec<Field<'a>>, pylon_identity_status> {
    usable(user)?;
    // SAFETY: not NULL and aligned, so valid for reads as the caller promises.
    let user = unsafe { &*user };
    // SAFETY: as the caller promises.
    let (app_id, email) = unsafe { (text(user.app_id)?, text(user.email)?) };
    // SAFETY: as the caller promises.
    let lossy = |value| unsafe { lossy(value) };
    let mut email_hash: Option<Cow<str>> = lossy(user.email_hash)?;
    if !secret.is_null() {
        // SAFETY: as the caller promises.
        let secret = unsafe { borrow(secret) }?;
        if email_hash.is_some() {
            return Err(PYLON_IDENTITY_INVALID_ARGUMENT);
        }
        let (app_id, email) = (app_id.unwrap_or_default(), email.unwrap_or_default());
        let hash = binding::sign_for_chat_settings(secret, app_id, email)?;
        email_hash = Some(hash.as_str().to_owned().into());
    }
    let email = email.map(str::from_utf8).transpose();
    let email = email.map_err(|_| PYLON_IDENTITY_EMAIL_NOT_UNICODE)?;
    let texts = [
        ("app_id", Some(String::from_utf8_lossy(app_id.unwrap_or_default()))),
        ("email", email.map(Cow::Borrowed)),
        ("name", lossy(user.name)?),
        ("email_hash", email_hash),
        ("avatar_url", lossy(user.avatar_url)?),
        ("account_id", lossy(user.account_id)?),
        ("account_external_id", lossy(user.account_external_id)?),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.into(), text?.into())));
    let mut fields: Vec<Field> = texts.collect();
    // SAFETY: as the caller promises.
    fields.extend(unsafe { other_fields(user.other, user.other_count) }?);
    Ok(fields)
}

/// # Safety
///
/// `first` is NULL, misaligned or valid for reads of `count` settings while `'a` lasts, and so are their texts.
pub(crate) unsafe fn other_fields<'a>(
    first: *const pylon_identity_setting,
    count: usize,
) -> Result<Vec<Field<'a>>, pylon_identity_status> {
    // SAFETY: as the caller promises.
    let lossy = |value| unsafe { lossy(value) };
    let mut fields = Vec::new();
    // SAFETY: as the caller promises.
    for setting in unsafe { array(first, count) }? {
        let value = match setting.kind {
            TEXT => lossy(setting.text)?.unwrap_or_default().into(),
            NUMBER => setting.number.into(),
            BOOLEAN => (setting.number != 0.0).into(),
            _ => return Err(PYLON_IDENTITY_SETTINGS_INVALID),
        };
        fields.push((lossy(setting.name)?.unwrap_or_default(), value));
    }
    Ok(fields)
}

const TEXT: i32 = PYLON_IDENTITY_SETTING_TEXT as i32;
const NUMBER: i32 = PYLON_IDENTITY_SETTING_NUMBER as i32;
const BOOLEAN: i32 = PYLON_IDENTITY_SETTING_BOOLEAN as i32;

/// # Safety
///
/// `text.data` is NULL or valid for reads of `text.length` bytes while `'a` lasts.
pub(crate) unsafe fn text<'a>(
    text: pylon_identity_text,
) -> Result<Option<&'a [u8]>, pylon_identity_status> {
    // An empty std::string has a pointer, too.
    if text.length == 0 {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    unsafe { bytes(text.data, text.length) }.map(Some)
}

/// # Safety
///
/// `value.data` is NULL or valid for reads of `value.length` bytes while `'a` lasts.
pub(crate) unsafe fn lossy<'a>(
    value: pylon_identity_text,
) -> Result<Option<Cow<'a, str>>, pylon_identity_status> {
    // SAFETY: as the caller promises.
    Ok(unsafe { text(value) }?.map(String::from_utf8_lossy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_size_is_always_enough() {
        let text = |text: &'static [u8]| pylon_identity_text {
            data: text.as_ptr().cast(),
            length: text.len(),
        };
        // Each byte takes six characters, the most that there is.
        let controls = text(&[1; 100]);
        // The longest numbers that there are.
        let others = [b"a", b"b", b"c"].map(|name| pylon_identity_setting {
            name: text(name),
            kind: NUMBER,
            text: text(b""),
            number: -f64::MIN_POSITIVE,
        });
        let user = pylon_identity_user {
            app_id: controls,
            email: controls,
            name: text(&[0xff; 100]),
            avatar_url: controls,
            account_id: controls,
            account_external_id: controls,
            email_hash: text(b""),
            other: others.as_ptr(),
            other_count: others.len(),
        };
        let nonce = [b'a'; 100];
        let mut out = [0; 6 * 703 + 40 * 3 + 400];
        let mut written = 0;
        // SAFETY: valid pointers and lengths.
        let status = unsafe {
            let (nonce, out) = (nonce.as_ptr().cast(), out.as_mut_ptr());
            let secret = ptr::null();
            pylon_identity_chat_settings_script(secret, &user, nonce, 100, out, 4738, &mut written)
        };
        assert_eq!(status, PYLON_IDENTITY_OK);
        assert!(written > 6 * 600, "{written}");
    }
}
