use std::fmt::{self, Write};

use crate::{EmailHash, Error, IdentitySecret};

/// Who is logged in, as the backend knows it.
#[derive(Clone, Copy, Default)]
pub struct User<'a> {
    /// The ID of the chat widget, from Pylon's dashboard; not empty.
    pub app_id: &'a str,
    /// The email of the logged-in session, exactly as it is stored; not empty.
    pub email: &'a str,
    /// The name to show.
    pub name: &'a str,
    /// The address of a picture.
    pub avatar_url: Option<&'a str>,
    /// Pylon's ID of the user's account.
    pub account_id: Option<&'a str>,
    /// Your own ID of the user's account.
    pub account_external_id: Option<&'a str>,
}

/// What the page assigns to `window.pylon.chat_settings`: fields of text in the widget's own names.
///
/// Holds the email hash, which is as good as a login: send it only to its own user, uncached.
pub struct ChatSettings<'a> {
    user: User<'a>,
    email_hash: EmailHash,
}

impl IdentitySecret {
    /// Makes the settings of the chat widget for a logged-in user, with the email signed.
    ///
    /// The email is the very string that was signed; it is never normalised.
    ///
    /// # Errors
    ///
    /// [`Error::AppIdEmpty`] and [`Error::EmailEmpty`].
    pub fn chat_settings<'a>(&self, user: User<'a>) -> Result<ChatSettings<'a>, Error> {
        let email_hash = self.sign_for_chat_settings(user.app_id, user.email)?;
        Ok(ChatSettings { user, email_hash })
    }

    /// The email hash for a binding that has chat settings of its own.
    #[doc(hidden)]
    pub fn sign_for_chat_settings(
        &self,
        app_id: impl AsRef<[u8]>,
        email: impl AsRef<[u8]>,
    ) -> Result<EmailHash, Error> {
        if app_id.as_ref().is_empty() {
            return Err(Error::AppIdEmpty);
        }
        if email.as_ref().is_empty() {
            return Err(Error::EmailEmpty);
        }
        Ok(self.sign(email))
    }
}

impl ChatSettings<'_> {
    /// The fields that are present, in the order of [Pylon's docs]: `app_id`, `email`, `name`,
    /// `email_hash`, and those given of `avatar_url`, `account_id` and `account_external_id`.
    ///
    /// [Pylon's docs]: https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let User { app_id, email, name, avatar_url, account_id, account_external_id } = self.user;
        let fields = [
            ("app_id", Some(app_id)),
            ("email", Some(email)),
            ("name", Some(name)),
            ("email_hash", Some(self.email_hash.as_str())),
            ("avatar_url", avatar_url),
            ("account_id", account_id),
            ("account_external_id", account_external_id),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// The settings as a JSON object, for single-page apps; safe inside HTML as well.
    pub fn to_json(&self) -> String {
        to_json(self.fields())
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

/// Writes the script tag that sets `window.pylon` to `{"chat_settings":{…}}`, before the widget's own.
///
/// Whatever the fields hold is safe inside HTML: `<`, `>`, `&`, U+2028 and U+2029 are escaped
/// ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259#section-7) allows it in any string). `nonce` is
/// that of the page's [Content-Security-Policy](https://www.w3.org/TR/CSP3/#grammardef-base64-value),
/// if it has one.
///
/// # Errors
///
/// [`Error::NonceInvalid`] if the nonce is not base64 text, the empty one included.
pub fn chat_settings_script<N: AsRef<str>, V: AsRef<str>>(
    fields: impl IntoIterator<Item = (N, V)>,
    nonce: Option<&str>,
) -> Result<String, Error> {
    let attribute = match nonce {
        None => String::new(),
        Some(nonce) if is_base64_value(nonce) => format!(" nonce=\"{nonce}\""),
        Some(_) => return Err(Error::NonceInvalid),
    };
    let settings = to_json(fields);
    Ok(format!("<script{attribute}>window.pylon = {{\"chat_settings\":{settings}}};</script>"))
}

fn is_base64_value(nonce: &str) -> bool {
    let digits = nonce.strip_suffix("==").or_else(|| nonce.strip_suffix('=')).unwrap_or(nonce);
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    !digits.is_empty() && digits.bytes().all(is_digit)
}

/// Writes a JSON object of text, safe inside HTML.
#[doc(hidden)]
pub fn to_json<N: AsRef<str>, V: AsRef<str>>(fields: impl IntoIterator<Item = (N, V)>) -> String {
    let mut json = String::from("{");
    for (i, (name, value)) in fields.into_iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        push_json_string(&mut json, name.as_ref());
        json.push(':');
        push_json_string(&mut json, value.as_ref());
    }
    json.push('}');
    json
}

fn push_json_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\x08' => json.push_str("\\b"),
            '\x0c' => json.push_str("\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(json, "\\u{:04x}", character as u32).expect("a String takes all");
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}
