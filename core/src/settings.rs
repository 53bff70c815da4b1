use std::fmt;

use crate::json::{self, SettingValue};
use crate::{EmailHash, Error, IdentitySecret};

/// The logged-in user, as the backend knows them.
#[derive(Clone, Copy, Default)]
pub struct User<'a> {
    /// The ID of the chat widget, from Pylon's dashboard; not empty.
    pub app_id: &'a str,
    /// The email of the logged-in session, exactly as it is stored; not empty.
    pub email: &'a str,
    /// The name to show.
    pub name: Option<&'a str>,
    /// The address of a picture.
    pub avatar_url: Option<&'a str>,
    /// Pylon's ID of the user's account.
    pub account_id: Option<&'a str>,
    /// Your own ID of the user's account.
    pub account_external_id: Option<&'a str>,
}

/// The object that the page assigns to `window.pylon.chat_settings`: text in the widget's own names.
///
/// It holds the email hash, which is as good as a login: send it only to its own user, uncached.
pub struct ChatSettings<'a> {
    user: User<'a>,
    email_hash: EmailHash,
}

/// Texts that stand where a program had no value.
pub(crate) const FILLERS: [&str; 8] =
    ["undefined", "null", "None", "nil", "NaN", "[object Object]", "[object Promise]", "%s"];

pub(crate) fn is_missing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || FILLERS.contains(&text)
}

impl IdentitySecret {
    /// Makes the settings of the chat widget for a logged-in user, with the email signed.
    ///
    /// The settings hold the very string that was signed; it is never normalised. Pass only an address
    /// that the user has proved to own.
    ///
    /// # Errors
    ///
    /// [`Error::AppIdEmpty`] and [`Error::EmailEmpty`], also for white space and for fillers such as
    /// "undefined".
    pub fn chat_settings<'a>(&self, user: User<'a>) -> Result<ChatSettings<'a>, Error> {
        let email_hash = sign_for_chat_settings(self, user.app_id, user.email)?;
        Ok(ChatSettings { user, email_hash })
    }
}

/// The email hash for a binding that has chat settings of its own.
///
/// Refuses an email that is not UTF-8, since the page would show another email than was signed.
pub fn sign_for_chat_settings(
    secret: &IdentitySecret,
    app_id: impl AsRef<[u8]>,
    email: impl AsRef<[u8]>,
) -> Result<EmailHash, Error> {
    Ok(secret.sign(check_user(app_id.as_ref(), email.as_ref())?))
}

/// The email, if a page can have this app ID and this email.
pub(crate) fn check_user<'a>(app_id: &[u8], email: &'a [u8]) -> Result<&'a str, Error> {
    if str::from_utf8(app_id).is_ok_and(is_missing) {
        return Err(Error::AppIdEmpty);
    }
    let email = str::from_utf8(email).map_err(|_| Error::EmailNotUnicode)?;
    if is_missing(email) { Err(Error::EmailEmpty) } else { Ok(email) }
}

impl<'a> ChatSettings<'a> {
    /// The fields that are present, in the order of [Pylon's docs]: `app_id`, `email`, `name`,
    /// `email_hash`, `avatar_url`, `account_id` and `account_external_id`.
    ///
    /// [Pylon's docs]: https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> + Clone {
        let User { app_id, email, name, avatar_url, account_id, account_external_id } = self.user;
        let fields = [
            ("app_id", Some(app_id)),
            ("email", Some(email)),
            ("name", name),
            ("email_hash", Some(self.email_hash.as_str())),
            ("avatar_url", avatar_url),
            ("account_id", account_id),
            ("account_external_id", account_external_id),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// The settings as a JSON object of printable ASCII, for single-page apps; safe inside HTML as well.
    pub fn to_json(&self) -> String {
        json::object(self.fields())
    }

    /// The script tag for the page; see [`chat_settings_script`].
    ///
    /// # Errors
    ///
    /// [`Error::NonceInvalid`].
    pub fn to_script(&self, nonce: Option<&str>) -> Result<String, Error> {
        chat_settings_script(self.fields(), nonce)
    }
}

impl fmt::Debug for ChatSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChatSettings(hidden)")
    }
}

/// Writes the script tag that sets `window.pylon` to `{"chat_settings":{…}}`. It belongs before the widget's own
/// tag.
///
/// The tag is safe inside HTML of any encoding, whatever the fields hold: it is printable ASCII, and `<`, `>`
/// and `&` in the fields are escaped. `nonce` is the nonce of the page's
/// [Content-Security-Policy](https://www.w3.org/TR/CSP3/#grammardef-base64-value), if it has one.
///
/// # Errors
///
/// - [`Error::AppIdEmpty`] for an `app_id` that is empty, white space or a filler such as "undefined".
/// - [`Error::SettingsInvalid`] for no fields, for a name that occurs twice, for a name that is not the widget's
///   (`appId` instead of `app_id`, `__proto__`), for `email_hash` beside `jwt`, and for a number that JavaScript
///   cannot hold (beyond 2^53 - 1, or not finite).
/// - [`Error::NonceInvalid`] if the nonce is not base64 text. The empty nonce is not.
pub fn chat_settings_script<'a, N: AsRef<str>, V: Into<SettingValue<'a>>>(
    fields: impl IntoIterator<Item = (N, V)>,
    nonce: Option<&str>,
) -> Result<String, Error> {
    let settings = chat_settings_json(fields)?;
    let attribute = match nonce {
        None => String::new(),
        Some(nonce) if is_base64_value(nonce) => format!(" nonce=\"{nonce}\""),
        Some(_) => return Err(Error::NonceInvalid),
    };
    Ok(format!("<script{attribute}>window.pylon = {{\"chat_settings\":{settings}}};</script>"))
}

/// Writes the settings as a JSON object of printable ASCII, safe inside HTML of any encoding.
///
/// # Errors
///
/// [`Error::AppIdEmpty`] and [`Error::SettingsInvalid`], as [`chat_settings_script`].
pub fn chat_settings_json<'a, N: AsRef<str>, V: Into<SettingValue<'a>>>(
    fields: impl IntoIterator<Item = (N, V)>,
) -> Result<String, Error> {
    let fields: Vec<(N, SettingValue)> =
        fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    if fields.iter().any(|(name, value)| is_missing_app_id(name.as_ref(), value)) {
        return Err(Error::AppIdEmpty);
    }
    let mut names: Vec<_> = fields.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    let has_duplicate = names.windows(2).any(|pair| pair[0] == pair[1]);
    let is_usable = |(name, value): &(N, SettingValue)| is_name(name.as_ref()) && is_value(value);
    // Pylon accepts only one of them.
    let has_both = ["email_hash", "jwt"].iter().all(|name| names.binary_search(name).is_ok());
    if names.is_empty() || has_duplicate || has_both || !fields.iter().all(is_usable) {
        return Err(Error::SettingsInvalid);
    }
    Ok(json::object(fields))
}

/// A visitor's settings have only the app ID, and an unset variable leaves a filler there.
fn is_missing_app_id(name: &str, value: &SettingValue) -> bool {
    name == "app_id" && matches!(value, SettingValue::Text(text) if is_missing(text))
}

/// Whether the page may have a setting of this name. The refused names in camelCase belong to a binding, not to the
/// widget.
fn is_name(name: &str) -> bool {
    const NOT_THE_WIDGETS: [&str; 9] = [
        "__proto__",
        "appId",
        "appID",
        "emailHash",
        "avatarUrl",
        "accountId",
        "accountExternalId",
        // This is only a claim of a JWT.
        "contact_external_id",
        "contactExternalId",
    ];
    !NOT_THE_WIDGETS.contains(&name)
}

fn is_value(value: &SettingValue) -> bool {
    /// JavaScript's `Number.MAX_SAFE_INTEGER`.
    const MAX_SAFE_INTEGER: f64 = ((1_u64 << 53) - 1) as f64;
    match value {
        SettingValue::Number(number) => number.abs() <= MAX_SAFE_INTEGER,
        SettingValue::Text(_) | SettingValue::Boolean(_) => true,
    }
}

fn is_base64_value(nonce: &str) -> bool {
    let digits = nonce.strip_suffix("==").or_else(|| nonce.strip_suffix('=')).unwrap_or(nonce);
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    !digits.is_empty() && digits.bytes().all(is_digit) && !digits.starts_with("nonce-")
}
