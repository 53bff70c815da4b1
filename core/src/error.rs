use std::fmt;

use crate::codes::{codes, without_nul};

codes! {
    /// The errors, with the same code and the same words in every language.
    ///
    /// No message contains the secret, the email or any part of them.
    enum Error {
        SecretMissing = 8, "secret_missing",
            "The environment variable is not set.",
            "The environment variable with the secret is not set. Set it for the backend to the secret from \
             Pylon's dashboard.";
        SecretExposed = 9, "secret_exposed",
            "Bundlers ship an environment variable of this name to browsers.",
            "Bundlers compile environment variables of this name into the code that browsers load \
             (NEXT_PUBLIC_, VITE_, REACT_APP_ and the like), where everyone could read the secret. Rename it, for \
             example to PYLON_IDENTITY_SECRET. If it was ever deployed under this name, generate a new \
             secret in Pylon's dashboard.";
        SecretEmpty = 1, "secret_empty",
            "The identity secret has no digits.",
            "The identity secret is empty. Copy it from the settings of your chat widget in Pylon's \
             dashboard, or generate a new one there.";
        SecretOddLength = 2, "secret_odd_length",
            "The identity secret has an odd number of hexadecimal digits.",
            "The identity secret has an odd number of hexadecimal digits, so at least one is missing \
             or extra. Copy it again, whole, from Pylon's dashboard.";
        SecretNotHex = 3, "secret_not_hex",
            "The identity secret contains a character that is not a hexadecimal digit.",
            "The identity secret contains a character that is not a hexadecimal digit (0-9, a-f, A-F). \
             Remove spaces, line breaks, quotes, 0x and NAME= around it, decode it if it is base64 (as in \
             Kubernetes), or copy it again from Pylon's dashboard.";
        SecretWeak = 14, "secret_weak",
            "The identity secret has fewer than 16 bytes, or only zero bytes.",
            "The identity secret is too weak: it has fewer than 32 hexadecimal digits (16 bytes), or only \
             zeros. Pylon's secrets have 64 digits. Copy it again, whole, from Pylon's dashboard.";
        SecretNotReady = 4, "secret_not_ready",
            "The secret was wiped or never set.",
            "The secret was wiped or never set. Check that the configuration has one, and create it before \
             you use it.";
        EmailNotUnicode = 15, "email_not_unicode",
            "The email has no UTF-8 form.",
            "The email is not well-formed Unicode, so it has no UTF-8 form: it contains a lone surrogate, \
             or bytes that are not UTF-8. Pass the email exactly as your user database stores it.";
        EmailEmpty = 10, "email_empty",
            "The email for the chat settings is empty or a filler.",
            "The email for the chat settings is empty, white space, or a filler such as \"undefined\" or \
             \"null\". Pass the email of the logged-in user. For a visitor who is not logged in, leave \
             the email and the email hash out of the page.";
        AppIdEmpty = 11, "app_id_empty",
            "The app ID for the chat settings is empty or a filler.",
            "The app ID for the chat settings is empty, white space, or a filler such as \"undefined\" or \
             \"null\". Copy it from the settings of your chat widget in Pylon's dashboard.";
        NonceInvalid = 12, "nonce_invalid",
            "The nonce is not base64 text.",
            "The nonce is not base64 text (A-Z, a-z, 0-9, +, /, -, _ and at most two = at the end, without \
             the nonce- of the header), so no Content-Security-Policy can name it. Make a new one for \
             each response from 16 random bytes or more, in base64.";
        SettingsInvalid = 16, "settings_invalid",
            "The chat settings are empty, or a name or number in them is unusable.",
            "The chat settings cannot be used: they are empty, a name occurs twice, a name is not the widget's \
             own (appId instead of app_id, __proto__), email_hash stands beside jwt, or a number is one that \
             JavaScript cannot hold. Pass \
             the result of chat_settings, or settings with the widget's names, such as app_id. Pass large \
             numbers as text.";
        JwtSecretEmpty = 17, "jwt_secret_empty",
            "The JWT secret is empty or a filler.",
            "The JWT secret is empty, white space, or a filler such as \"undefined\". Copy it from the settings \
             of your chat widget in Pylon's dashboard, where the option \"JWT\" is chosen.";
        JwtSecretWeak = 18, "jwt_secret_weak",
            "The JWT secret has fewer than 16 bytes.",
            "The JWT secret is too weak: it has fewer than 16 bytes. Copy it again, whole, from Pylon's dashboard.";
        JwtSecretWrapped = 19, "jwt_secret_wrapped",
            "There is white space or a pair of quotes around the JWT secret.",
            "There is white space or a pair of quotes around the JWT secret, which would be a part of the key. \
             Remove it where the secret is configured.";
        JwtMalformed = 20, "jwt_malformed",
            "The text is no JWT with the claims that Pylon needs.",
            "This is not a JWT for Pylon. A JWT has three parts in base64url without padding, and the first two are \
             JSON objects in which no name occurs twice. It needs the claims email (text), iat and exp (whole \
             numbers of seconds). Pass the token exactly as sign_jwt returned it.";
        JwtAlgorithm = 21, "jwt_algorithm",
            "The JWT is not signed with HS256.",
            "The JWT does not say that it is signed with HS256, the only algorithm that is accepted. Sign it with \
             HS256.";
        JwtSignature = 22, "jwt_signature",
            "The JWT was signed with another secret, or changed.",
            "The JWT was signed with another secret, or it was changed on the way. Do not trust its claims. \
             diagnose_jwt says why.";
        JwtExpired = 23, "jwt_expired",
            "The JWT has expired.",
            "The JWT has expired. Sign a new one for each page, and again before it expires.";
        JwtNotYetValid = 24, "jwt_not_yet_valid",
            "The JWT was issued in the future.",
            "The JWT was issued in the future, so the clock of one machine is wrong. Synchronise the clocks, and \
             give iat in seconds.";
        JwtAudience = 25, "jwt_audience",
            "The JWT is not for this app ID.",
            "The JWT is not for this app ID: its claim aud is another one or missing. Sign it with the app ID of \
             the chat widget on the page.";
        JwtLifetime = 26, "jwt_lifetime",
            "The JWT lives for less than a second or more than 15 minutes.",
            "A JWT must expire from 1 to 900 seconds after it is issued: Pylon allows 15 minutes at most. Let \
             expires_in be in this range.";
    }
    /// The sentence for people: the problem and the next step.
    fn message;
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {}
