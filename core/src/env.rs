use std::ffi::OsString;

use zeroize::Zeroizing;

use crate::{Error, IdentitySecret};

/// Prefixes of the names of variables whose values bundlers compile into what browsers load.
const SHIPPED_TO_BROWSERS: [&str; 7] =
    ["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_"];

impl IdentitySecret {
    /// The environment variable that [`from_env`](Self::from_env) reads in every language by default.
    pub const ENV: &str = "PYLON_IDENTITY_SECRET";

    /// Parses the secret in the environment variable `name`, commonly [`IdentitySecret::ENV`].
    ///
    /// White space around the value is trimmed, since secret files end in newlines.
    ///
    /// # Errors
    ///
    /// [`Error::SecretExposed`] for a name that bundlers ship to browsers, set or not;
    /// [`Error::SecretMissing`] if the variable is not set; and those of
    /// [`from_hex`](Self::from_hex), [`Error::SecretEmpty`] for nothing but white space.
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let value = std::env::var_os(name);
        let value = value.map(OsString::into_encoded_bytes).map(Zeroizing::new);
        Self::from_env_value(name, value.as_ref().map(|value| &value[..]))
    }

    /// The same for a binding whose language has an environment of its own: `value` is what it holds.
    #[doc(hidden)]
    pub fn from_env_value(name: &str, value: Option<&[u8]>) -> Result<Self, Error> {
        Self::from_hex(Self::trim_env_value(name, value)?)
    }

    /// What is left to parse.
    #[doc(hidden)]
    pub fn trim_env_value<'a>(name: &str, value: Option<&'a [u8]>) -> Result<&'a [u8], Error> {
        if SHIPPED_TO_BROWSERS.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(Error::SecretExposed);
        }
        value.map(trim).ok_or(Error::SecretMissing)
    }
}

/// Without the Unicode white space around it; what is not UTF-8 is no secret either way.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    str::from_utf8(text).map_or(text, |text| text.trim().as_bytes())
}
