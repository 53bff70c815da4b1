use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::digest::CtOutput;

use crate::clock::now;
use crate::env::trim;
use crate::json::{self, SettingValue};
use crate::secret::{KeyedHmac, Secret, Tag, keyed_hmac_of_bytes, parse_into, tag};
use crate::settings::{check_user, is_missing};
use crate::strict_json::Object;
use crate::{Error, chat_settings_json, chat_settings_script};

/// The secret of Pylon's option "JWT (signed token)", kept as a keyed HMAC state.
///
/// The text is the key as it is, even if it is hexadecimal. It is hidden and wiped like an
/// [`IdentitySecret`](crate::IdentitySecret).
///
/// The rules for these tokens come from public integrations of August 2026. They were not tried with Pylon's service.
///
/// ```
/// use pylon_identity_core::{JwtSecret, JwtUser};
///
/// # let text = "the JWT secret from the dashboard";
/// let secret = JwtSecret::new(text)?;
/// let user = JwtUser { app_id: "your-app-id", email: "ada@example.com", ..JwtUser::default() };
/// let token = secret.sign_jwt(user, JwtSecret::LIFETIME)?;
/// assert_eq!(secret.verify_jwt(&token, "your-app-id")?.email, "ada@example.com");
/// # Ok::<(), pylon_identity_core::Error>(())
/// ```
pub struct JwtSecret {
    hmac: KeyedHmac,
}

impl Secret for JwtSecret {
    fn parse(text: &[u8]) -> Result<Self, Error> {
        if str::from_utf8(trim(text)).is_ok_and(is_missing) {
            return Err(Error::JwtSecretEmpty);
        }
        let is_quoted = matches!(text, [first @ (b'"' | b'\'' | b'`'), .., last] if first == last);
        if is_quoted || trim(text).len() < text.len() {
            return Err(Error::JwtSecretWrapped);
        }
        if text.len() < MIN_BYTES {
            return Err(Error::JwtSecretWeak);
        }
        Ok(Self { hmac: keyed_hmac_of_bytes(text) })
    }
}

pub(crate) const MIN_BYTES: usize = 16;

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// The logged-in user whom a JWT names.
#[derive(Clone, Copy, Default)]
pub struct JwtUser<'a> {
    /// The ID of the chat widget, from Pylon's dashboard; not empty. The claim `aud`.
    pub app_id: &'a str,
    /// The email of the logged-in session, exactly as it is stored; not empty.
    pub email: &'a str,
    /// The name to show. Here and below, an empty text is left out.
    pub name: Option<&'a str>,
    /// Your own ID of the user's account.
    pub account_external_id: Option<&'a str>,
    /// Your own ID of the user.
    pub contact_external_id: Option<&'a str>,
}

impl<'a> JwtUser<'a> {
    fn claims(
        self,
        issued_at: u64,
        expires_at: u64,
    ) -> impl Iterator<Item = (&'static str, SettingValue<'a>)> {
        // In some languages an empty text is the only way to leave one out.
        let given = |text: &&str| !text.is_empty();
        let text =
            |text: Option<&'a str>| text.filter(given).map(|text| SettingValue::Text(text.into()));
        let time = |time: u64| Some(SettingValue::Number(time as f64));
        let claims = [
            ("email", text(Some(self.email))),
            ("aud", text(Some(self.app_id))),
            ("iat", time(issued_at)),
            ("exp", time(expires_at)),
            ("name", text(self.name)),
            ("account_external_id", text(self.account_external_id)),
            ("contact_external_id", text(self.contact_external_id)),
        ];
        claims.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The claims of a JWT that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwtClaims {
    /// The ID of the chat widget: the claim `aud`.
    pub app_id: String,
    /// The user's email.
    pub email: String,
    /// The name to show.
    pub name: Option<String>,
    /// The backend's own ID of the user's account.
    pub account_external_id: Option<String>,
    /// The backend's own ID of the user.
    pub contact_external_id: Option<String>,
    /// When the token was issued, in Unix seconds: the claim `iat`.
    pub issued_at: u64,
    /// When the token expires, in Unix seconds: the claim `exp`.
    pub expires_at: u64,
}

impl JwtClaims {
    /// The claims that are present, by their names in the token: `email`, `aud`, `iat`, `exp`, `name`,
    /// `account_external_id` and `contact_external_id`.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, SettingValue<'_>)> {
        let user = JwtUser {
            app_id: &self.app_id,
            email: &self.email,
            name: self.name.as_deref(),
            account_external_id: self.account_external_id.as_deref(),
            contact_external_id: self.contact_external_id.as_deref(),
        };
        user.claims(self.issued_at, self.expires_at)
    }

    /// The same as a JSON object.
    pub fn to_json(&self) -> String {
        json::object(self.fields())
    }
}

/// The latest time whose seconds JavaScript can count.
const MAX_TIME: u64 = 1 << 53;

impl JwtSecret {
    /// The default lifetime of a token: 600 seconds.
    pub const LIFETIME: u64 = 600;

    /// The longest lifetime of a token, by Pylon's rule: 900 seconds.
    pub const MAX_LIFETIME: u64 = 900;

    /// Takes the secret as it is in Pylon's dashboard: at least 16 bytes.
    ///
    /// # Errors
    ///
    /// - [`Error::JwtSecretEmpty`] for no text, white space, and fillers such as "undefined".
    /// - [`Error::JwtSecretWrapped`] for white space or a pair of quotes around it.
    /// - [`Error::JwtSecretWeak`] for fewer than 16 bytes.
    pub fn new(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        parse_into(text.as_ref(), |secret| secret)
    }

    /// Signs a JWT ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) with HS256, in compact serialisation.
    ///
    /// It expires `expires_in` seconds from now. Until then it is as good as a login of the user: do not log it.
    ///
    /// # Errors
    ///
    /// - [`Error::AppIdEmpty`] and [`Error::EmailEmpty`], also for white space and for fillers such as
    ///   "undefined".
    /// - [`Error::JwtLifetime`] if `expires_in` is not from 1 to 900.
    pub fn sign_jwt(&self, user: JwtUser<'_>, expires_in: u64) -> Result<String, Error> {
        self.sign_jwt_at(user, expires_in, now())
    }

    /// The same at another time than now, in Unix seconds, for tests.
    ///
    /// # Errors
    ///
    /// The errors of [`sign_jwt`](Self::sign_jwt); [`Error::JwtLifetime`] also for a time beyond 2^53.
    pub fn sign_jwt_at(
        &self,
        user: JwtUser<'_>,
        expires_in: u64,
        now: u64,
    ) -> Result<String, Error> {
        check_user(user.app_id.as_bytes(), user.email.as_bytes())?;
        if !(1..=Self::MAX_LIFETIME).contains(&expires_in) || now >= MAX_TIME - expires_in {
            return Err(Error::JwtLifetime);
        }
        let claims = json::object(user.claims(now, now + expires_in));
        let mut token =
            [HEADER, ".", &Base64UrlUnpadded::encode_string(claims.as_bytes())].concat();
        let signature = tag(self.hmac.clone(), token.as_bytes());
        token.push('.');
        token.push_str(&Base64UrlUnpadded::encode_string(&signature));
        Ok(token)
    }

    /// Returns the claims of a JWT that is right for this secret and app ID now.
    ///
    /// For tests, proxies and stand-ins of Pylon's service. The clocks may not differ at all. Claims that Pylon does
    /// not know are ignored. Compares in constant time.
    ///
    /// # Errors
    ///
    /// The first that applies:
    ///
    /// - [`Error::JwtMalformed`] for anything but canonical base64url and JSON in which no name occurs twice, and
    ///   after the signature for claims that are missing or of a wrong type.
    /// - [`Error::JwtAlgorithm`] for another algorithm than HS256, and for none.
    /// - [`Error::JwtSignature`] for another secret.
    /// - [`Error::JwtExpired`], [`Error::JwtNotYetValid`].
    /// - [`Error::JwtAudience`] for another app ID, or none.
    /// - [`Error::JwtLifetime`] for a token that lives for more than 900 seconds.
    pub fn verify_jwt(&self, token: &str, app_id: &str) -> Result<JwtClaims, Error> {
        self.verify_jwt_at(token, app_id, now())
    }

    /// The same at another time than now, in Unix seconds, for tests.
    ///
    /// # Errors
    ///
    /// The errors of [`verify_jwt`](Self::verify_jwt).
    pub fn verify_jwt_at(&self, token: &str, app_id: &str, now: u64) -> Result<JwtClaims, Error> {
        let claims = Object::parse(&self.open(token)?).ok_or(Error::JwtMalformed)?;
        let malformed = || Error::JwtMalformed;
        let optional = |name| match claims.get(name) {
            None => Ok(None),
            Some(_) => claims.text(name).map(|text| Some(text.to_owned())).ok_or_else(malformed),
        };
        let time = |name| claims.integer(name).ok_or_else(malformed);
        let email =
            claims.text("email").filter(|email| !is_missing(email)).ok_or_else(malformed)?;
        let (issued_at, expires_at) = (time("iat")?, time("exp")?);
        let not_before = match claims.get("nbf") {
            Some(_) => time("nbf")?,
            None => issued_at,
        };
        let [audience, name, account_external_id, contact_external_id] =
            ["aud", "name", "account_external_id", "contact_external_id"].map(optional);
        let (audience, name) = (audience?, name?);
        let (account_external_id, contact_external_id) =
            (account_external_id?, contact_external_id?);
        let now = now.min(MAX_TIME) as i64;
        if expires_at <= now {
            return Err(Error::JwtExpired);
        }
        if issued_at.max(not_before) > now {
            return Err(Error::JwtNotYetValid);
        }
        let app_id = audience.filter(|audience| audience == app_id).ok_or(Error::JwtAudience)?;
        // A token from before 1970 that has not expired lives too long.
        match u64::try_from(issued_at) {
            Ok(issued_at) if expires_at as u64 - issued_at <= Self::MAX_LIFETIME => Ok(JwtClaims {
                app_id,
                email: email.to_owned(),
                name,
                account_external_id,
                contact_external_id,
                issued_at,
                expires_at: expires_at as u64,
            }),
            _ => Err(Error::JwtLifetime),
        }
    }

    /// The payload of a token with a right header and signature ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515)).
    fn open(&self, token: &str) -> Result<Vec<u8>, Error> {
        let Parts { signed, header, payload, signature } =
            Parts::of(token).ok_or(Error::JwtMalformed)?;
        // The header crit names extensions that a reader must know. This one knows none.
        if header.get("crit").is_some() {
            return Err(Error::JwtMalformed);
        }
        if header.text("alg") != Some("HS256") {
            return Err(Error::JwtAlgorithm);
        }
        let observed = Tag::try_from(&signature[..]).map_err(|_| Error::JwtSignature)?;
        let right = CtOutput::new(tag(self.hmac.clone(), signed.as_bytes()));
        if right == CtOutput::<KeyedHmac>::new(observed) {
            Ok(payload)
        } else {
            Err(Error::JwtSignature)
        }
    }

    /// Makes the settings of the chat widget for a logged-in user: the app ID and a JWT that names the user.
    ///
    /// They hold nothing else, since other values of an identity would have to equal the claims.
    ///
    /// # Errors
    ///
    /// The errors of [`sign_jwt`](Self::sign_jwt).
    pub fn chat_settings<'a>(
        &self,
        user: JwtUser<'a>,
        expires_in: u64,
    ) -> Result<JwtChatSettings<'a>, Error> {
        Ok(JwtChatSettings { app_id: user.app_id, jwt: self.sign_jwt(user, expires_in)? })
    }
}

/// A token, decoded. Its header is an object in canonical base64url.
pub(crate) struct Parts<'a> {
    /// The text that is signed.
    pub(crate) signed: &'a str,
    pub(crate) header: Object,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let decode = |part| Base64UrlUnpadded::decode_vec(part).ok();
        Some(Self {
            signed,
            header: Object::parse(&decode(header)?)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }
}

impl fmt::Debug for JwtSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSecret(hidden)")
    }
}

/// The object that the page assigns to `window.pylon.chat_settings`, with a JWT.
///
/// Until it expires it is as good as a login: send it only to its own user, uncached.
pub struct JwtChatSettings<'a> {
    app_id: &'a str,
    jwt: String,
}

impl JwtChatSettings<'_> {
    /// The fields: `app_id` and `jwt`.
    pub fn fields(&self) -> [(&'static str, &str); 2] {
        [("app_id", self.app_id), ("jwt", &self.jwt)]
    }

    /// The settings as a JSON object of printable ASCII, for single-page apps; safe inside HTML as well.
    pub fn to_json(&self) -> String {
        chat_settings_json(self.fields()).expect("the app ID was checked")
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

impl fmt::Debug for JwtChatSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtChatSettings(hidden)")
    }
}

#[cfg(test)]
mod tests;
