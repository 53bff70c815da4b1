use std::ffi::OsString;

use zeroize::Zeroizing;

use crate::{Error, IdentitySecret};

/// A tool that compiles variables of this prefix into the code that browsers load, and the page that says so.
struct Exposed {
    prefix: &'static str,
    _tool: &'static str,
    _source: &'static str,
}

const fn exposed(prefix: &'static str, tool: &'static str, source: &'static str) -> Exposed {
    Exposed { prefix, _tool: tool, _source: source }
}

/// Of a prefix that ends in `PUBLIC_`, this is the word that counts: it is refused anywhere in a name.
const PUBLIC: &str = "PUBLIC_";

const EXPOSED: &[Exposed] = &[
    exposed("NEXT_PUBLIC_", "Next.js", "https://nextjs.org/docs/app/guides/environment-variables"),
    exposed("PUBLIC_", "SvelteKit", "https://svelte.dev/docs/kit/$env-static-public"),
    exposed("PUBLIC_", "Astro", "https://docs.astro.build/en/guides/environment-variables"),
    exposed("NUXT_PUBLIC_", "Nuxt", "https://nuxt.com/docs/guide/going-further/runtime-config"),
    exposed(
        "NUXT_ENV_",
        "Nuxt 2",
        "https://v2.nuxt.com/docs/configuration-glossary/configuration-env",
    ),
    exposed("EXPO_PUBLIC_", "Expo", "https://docs.expo.dev/guides/environment-variables"),
    exposed("PLASMO_PUBLIC_", "Plasmo", "https://docs.plasmo.com/framework/env"),
    exposed("FRESH_PUBLIC_", "Fresh", "https://fresh.deno.dev/docs/advanced/environment-variables"),
    exposed("BUN_PUBLIC_", "Bun", "https://bun.com/docs/bundler/fullstack"),
    exposed(
        "SNOWPACK_PUBLIC_",
        "Snowpack",
        "https://www.snowpack.dev/reference/environment-variables",
    ),
    exposed("PAYLOAD_PUBLIC_", "Payload", "https://payloadcms.com/docs/v2/admin/environment-vars"),
    exposed("VITE_", "Vite", "https://vite.dev/guide/env-and-mode"),
    exposed("RENDERER_VITE_", "electron-vite", "https://electron-vite.org/guide/env-and-mode"),
    exposed(
        "REACT_APP_",
        "Create React App",
        "https://create-react-app.dev/docs/adding-custom-environment-variables",
    ),
    exposed("PREACT_APP_", "Preact CLI", "https://www.npmjs.com/package/preact-cli"),
    exposed("VUE_APP_", "Vue CLI", "https://cli.vuejs.org/guide/mode-and-env.html"),
    exposed("NG_APP_", "ngx-env", "https://www.npmjs.com/package/@ngx-env/builder"),
    exposed(
        "GATSBY_",
        "Gatsby",
        "https://www.gatsbyjs.com/docs/how-to/local-development/environment-variables",
    ),
    exposed("GRIDSOME_", "Gridsome", "https://gridsome.org/docs/environment-variables"),
    exposed(
        "STORYBOOK_",
        "Storybook",
        "https://storybook.js.org/docs/configure/environment-variables",
    ),
    exposed("SANITY_STUDIO_", "Sanity", "https://www.sanity.io/docs/environment-variables"),
    exposed("SANITY_APP_", "Sanity App SDK", "https://www.sanity.io/docs/environment-variables"),
    exposed("STRAPI_ADMIN_", "Strapi", "https://docs.strapi.io/cms/configurations/environment"),
    exposed("MIX_", "Laravel Mix", "https://laravel-mix.com/docs/6.0/environment-variables"),
    exposed("UMI_APP_", "Umi", "https://umijs.org/docs/guides/env-variables"),
    exposed("TARO_APP_", "Taro", "https://docs.taro.zone/docs/env-mode-config"),
    exposed("RAZZLE_", "Razzle", "https://razzlejs.org/docs/environment-variables"),
];

impl IdentitySecret {
    /// The environment variable that [`from_env`](Self::from_env) reads in every language by default.
    pub const ENV: &str = "PYLON_IDENTITY_SECRET";

    /// Parses the secret in the environment variable `name`, commonly [`IdentitySecret::ENV`].
    ///
    /// White space around the value is trimmed, since secret files end in newlines.
    ///
    /// # Errors
    ///
    /// - [`Error::SecretExposed`] for a name that bundlers ship to browsers, set or not.
    /// - [`Error::SecretMissing`] if the variable is not set.
    /// - The errors of [`from_hex`](Self::from_hex); [`Error::SecretEmpty`] also for white space alone.
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let value = std::env::var_os(name);
        let value = value.map(OsString::into_encoded_bytes).map(Zeroizing::new);
        Self::from_hex(trim_env_value(name, value.as_ref().map(|value| &value[..]))?)
    }
}

/// The digits in the value of the environment variable `name`; `None` stands for a variable that is not set.
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
        || EXPOSED.iter().any(|exposed| name.starts_with(exposed.prefix))
}

/// Removes the Unicode white space around `text`. Bytes that are not UTF-8 stay as they are.
pub fn trim(text: &[u8]) -> &[u8] {
    str::from_utf8(text).map_or(text, |text| text.trim().as_bytes())
}
