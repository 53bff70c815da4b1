use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::jwt::MIN_BYTES;
use crate::secret::{MIN_DIGITS, Secret, parse_into};
use crate::{Error, IdentitySecret, JwtSecret};

/// This word is refused anywhere in a name, since many prefixes end in it.
const PUBLIC: &str = "PUBLIC_";

/// Variables of these prefixes are compiled into the code that browsers load, as the page of each tool says.
#[rustfmt::skip]
const EXPOSED: &[&str] = &[
    "NEXT_PUBLIC_", // Next.js: https://nextjs.org/docs/app/guides/environment-variables
    "PUBLIC_", // SvelteKit: https://svelte.dev/docs/kit/$env-static-public
    "PUBLIC_", // Astro: https://docs.astro.build/en/guides/environment-variables
    "NUXT_PUBLIC_", // Nuxt: https://nuxt.com/docs/guide/going-further/runtime-config
    "NUXT_ENV_", // Nuxt 2: https://v2.nuxt.com/docs/configuration-glossary/configuration-env
    "EXPO_PUBLIC_", // Expo: https://docs.expo.dev/guides/environment-variables
    "PLASMO_PUBLIC_", // Plasmo: https://docs.plasmo.com/framework/env
    "FRESH_PUBLIC_", // Fresh: https://fresh.deno.dev/docs/advanced/environment-variables
    "BUN_PUBLIC_", // Bun: https://bun.com/docs/bundler/fullstack
    "SNOWPACK_PUBLIC_", // Snowpack: https://www.snowpack.dev/reference/environment-variables
    "PAYLOAD_PUBLIC_", // Payload: https://payloadcms.com/docs/v2/admin/environment-vars
    "VITE_", // Vite: https://vite.dev/guide/env-and-mode
    "RENDERER_VITE_", // electron-vite: https://electron-vite.org/guide/env-and-mode
    "REACT_APP_", // Create React App: https://create-react-app.dev/docs/adding-custom-environment-variables
    "PREACT_APP_", // Preact CLI: https://www.npmjs.com/package/preact-cli
    "VUE_APP_", // Vue CLI: https://cli.vuejs.org/guide/mode-and-env.html
    "NG_APP_", // ngx-env: https://www.npmjs.com/package/@ngx-env/builder
    "GATSBY_", // Gatsby: https://www.gatsbyjs.com/docs/how-to/local-development/environment-variables
    "GRIDSOME_", // Gridsome: https://gridsome.org/docs/environment-variables
    "STORYBOOK_", // Storybook: https://storybook.js.org/docs/configure/environment-variables
    "SANITY_STUDIO_", // Sanity: https://www.sanity.io/docs/environment-variables
    "SANITY_APP_", // Sanity App SDK: https://www.sanity.io/docs/environment-variables
    "STRAPI_ADMIN_", // Strapi: https://docs.strapi.io/cms/configurations/environment
    "MIX_", // Laravel Mix: https://laravel-mix.com/docs/6.0/environment-variables
    "UMI_APP_", // Umi: https://umijs.org/docs/guides/env-variables
    "TARO_APP_", // Taro: https://docs.taro.zone/docs/env-mode-config
    "RAZZLE_", // Razzle: https://razzlejs.org/docs/environment-variables
];

/// Why an environment variable gave no secret.
///
/// The message begins with the name of the variable, unless that may be the secret, passed in place of the name:
/// a name of 16 bytes or more is shown only with an underscore, `A-Z` and digits alone, and fewer than 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvError {
    message: String,
    error: Error,
}

impl EnvError {
    #[doc(hidden)]
    pub fn new(variable: &str, error: Error) -> Self {
        let message = match may_be_shown(variable) {
            true => format!("{variable}: {error}"),
            false => error.to_string(),
        };
        Self { message, error }
    }

    /// The error, without the name of the variable.
    pub fn error(&self) -> Error {
        self.error
    }
}

fn may_be_shown(variable: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    match variable.len() {
        ..MIN_BYTES => true,
        MIN_BYTES..MIN_DIGITS => variable.contains('_') && variable.bytes().all(of_a_name),
        MIN_DIGITS.. => false,
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EnvError {}

impl From<EnvError> for Error {
    fn from(error: EnvError) -> Self {
        error.error
    }
}

impl IdentitySecret {
    /// The environment variable that [`from_env`](Self::from_env) reads in every language by default.
    pub const ENV: &str = "PYLON_IDENTITY_SECRET";

    /// Parses the secret in the environment variable `name`, commonly [`IdentitySecret::ENV`].
    ///
    /// White space and a byte order mark around the value are trimmed, since secret files have them.
    ///
    /// # Errors
    ///
    /// - [`Error::SecretExposed`] for a name that bundlers ship to browsers, set or not.
    /// - [`Error::SecretMissing`] if the variable is not set.
    /// - The errors of [`from_hex`](Self::from_hex); [`Error::SecretEmpty`] also for white space alone.
    pub fn from_env(name: &str) -> Result<Self, EnvError> {
        from_env(name)
    }

    /// Parses the secret in a file, trimmed as by [`from_env`](Self::from_env): the usual way with the secrets of
    /// Docker and Kubernetes.
    ///
    /// # Errors
    ///
    /// The errors of reading a file. [`io::ErrorKind::InvalidData`] for a file of more than 64 KiB, and with an
    /// [`Error`] inside ([`io::Error::get_ref`]) for a text that is no secret.
    pub fn from_file(path: impl AsRef<Path>) -> io::Result<Self> {
        from_file(path.as_ref())
    }
}

impl JwtSecret {
    /// The environment variable that [`from_env`](Self::from_env) reads in every language by default.
    pub const ENV: &str = "PYLON_JWT_SECRET";

    /// Parses the secret in the environment variable `name`, commonly [`JwtSecret::ENV`].
    ///
    /// White space and a byte order mark around the value are trimmed, since secret files have them.
    ///
    /// # Errors
    ///
    /// [`Error::SecretExposed`] and [`Error::SecretMissing`] as for [`IdentitySecret::from_env`], and the errors of
    /// [`new`](Self::new).
    pub fn from_env(name: &str) -> Result<Self, EnvError> {
        from_env(name)
    }

    /// Parses the secret in a file, trimmed as by [`from_env`](Self::from_env).
    ///
    /// # Errors
    ///
    /// The errors of [`IdentitySecret::from_file`].
    pub fn from_file(path: impl AsRef<Path>) -> io::Result<Self> {
        from_file(path.as_ref())
    }
}

fn from_env<S: Secret>(name: &str) -> Result<S, EnvError> {
    let value = std::env::var_os(name);
    let value = value.map(OsString::into_encoded_bytes).map(Zeroizing::new);
    trim_env_value(name, value.as_ref().map(|value| &value[..]))
        .and_then(|text| parse_into(text, |secret| secret))
        .map_err(|error| EnvError::new(name, error))
}

fn from_file<S: Secret>(path: &Path) -> io::Result<S> {
    let text = read_secret(File::open(path)?)?;
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    parse_into(trim(&text), |secret| secret).map_err(invalid)
}

/// Reads a secret as it is configured, with the white space around it.
pub fn read_secret(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    /// Far longer than a secret, so that a file without an end does not hang the program.
    const MAX: usize = 64 << 10;
    // It has its full size from the start, since growing would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX + 1));
    match source.take(MAX as u64 + 1).read_to_end(&mut text)? > MAX {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is longer than 64 KiB")),
        false => Ok(text),
    }
}

/// The digits in the value of the environment variable `name`. `None` means that it is not set.
pub fn trim_env_value<'a>(name: &str, value: Option<&'a [u8]>) -> Result<&'a [u8], Error> {
    if is_exposed(name) {
        return Err(Error::SecretExposed);
    }
    value.map(trim).ok_or(Error::SecretMissing)
}

fn is_exposed(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with(PUBLIC)
        || name.contains(&format!("_{PUBLIC}"))
        || EXPOSED.iter().any(|prefix| name.starts_with(prefix))
}

/// Removes the Unicode white space and byte order marks around `text`. Bytes that are not UTF-8 stay as they are.
pub fn trim(text: &[u8]) -> &[u8] {
    let is_space = |c: char| c.is_whitespace() || c == '\u{feff}';
    str::from_utf8(text).map_or(text, |text| text.trim_matches(is_space).as_bytes())
}
