use crate::codes::{codes, without_nul};

codes! {
    /// A mistake in the code that signs, or on the page.
    enum Cause {
        SecretOnPage = 0, "secret_on_page",
            "The identity secret is on the page.",
            "The identity secret is on the page, as the hash or elsewhere. Everybody who opens the page can read \
             it, and sign any email. Generate a new secret in Pylon's dashboard now, set it for the backend only, \
             and send the page the email hash or the JWT that the backend makes.";
        SettingsMissing = 1, "settings_missing",
            "The page has no chat settings.",
            "There are no chat settings: nothing sets window.pylon.chat_settings. Put the script tag of \
             chat_settings_script into the page, before the widget's own script. If it is there, look for an \
             error of the Content-Security-Policy in the browser's console. If another script sets them, pass \
             the text that JSON.stringify(window.pylon) gives in the console.";
        SettingsUnknown = 2, "settings_unknown",
            "The page's source does not show the email or its hash.",
            "The page computes the email or its hash in a script, so the source does not show them. Open the \
             page, type JSON.stringify(window.pylon) into the browser's console, and pass the text that it gives.";
        SettingsLate = 3, "settings_late",
            "The settings come after the widget's script.",
            "The settings come after the widget's script, which reads them when it starts. Put the script tag \
             with the settings before it.";
        SettingsMisplaced = 4, "settings_misplaced",
            "Settings are on window.pylon itself.",
            "Settings are on window.pylon itself, where the widget does not look for them. Put them into \
             window.pylon.chat_settings.";
        SettingsMisnamed = 5, "settings_misnamed",
            "Settings have names that the widget does not know, such as emailHash.",
            "Settings have names that the widget does not know, such as appId or emailHash. Write the names in \
             lower case with underscores: chat_settings, app_id, email, email_hash.";
        SettingsIgnored = 6, "settings_ignored",
            "Settings that are not necessary have a wrong name or place.",
            "The widget does not see some settings that are not necessary, because their name or place is wrong. \
             Write the names in lower case with underscores, such as account_id, and put them into chat_settings.";
        SettingsRepeated = 7, "settings_repeated",
            "Several script tags set chat_settings.",
            "Several script tags set chat_settings, and the last one replaces the settings of the others. Set all \
             of them in one script tag.";
        AppIdMissing = 8, "app_id_missing",
            "There is no app ID, or a filler in its place.",
            "There is no app ID, or a filler such as \"undefined\" in its place, so the widget does not start. Copy \
             the app ID from the settings of your chat widget in Pylon's dashboard.";
        JwtWithHash = 9, "jwt_with_hash",
            "There is a JWT beside the hash.",
            "There is a JWT beside the email hash. Pylon's dashboard offers \"HMAC email hash\" and \"JWT\": send \
             the one that is chosen there, and leave the other out.";
        AccountWithHash = 10, "account_with_hash",
            "There is an account_external_id beside the hash.",
            "There is an account_external_id beside the email hash. The hash does not cover it, and one \
             integrator saw Pylon refuse the two together. This is not verified. If Pylon does not \
             know the user, try without account_external_id.";
        SecretMissing = 11, "secret_missing",
            "The signing code had no secret, or a filler in its place.",
            "The code that signs had no secret: it used a filler such as \"undefined\" or \"None\" as the key, or \
             the secret given here is empty or a filler. Set the secret for the backend that signs, and \
             make that backend stop when it is not set.";
        SecretUsedAsText = 12, "secret_used_as_text",
            "The hexadecimal string itself was the key.",
            "The hexadecimal string itself was used as the key. Decode it to bytes first: \
             bytes.fromhex(secret) in Python, Buffer.from(secret, 'hex') in Node, hex.DecodeString(secret) \
             in Go.";
        SecretTruncated = 13, "secret_truncated",
            "The key was cut short.",
            "The key was cut short: Node's Buffer.from(secret, 'hex') silently stops at the first \
             character that is not hexadecimal, or a part of the secret is missing. Remove quotes, spaces, \
             a 0x and everything else that is not a digit from where the secret is configured, and \
             compare it with Pylon's dashboard.";
        SecretEmptyKey = 14, "secret_empty_key",
            "The key was empty, or only zero bytes.",
            "The key was empty or only zero bytes, so anybody could have made this hash. Either the code \
             that signs found no secret (a variable that is not set, with \"\" as fallback), or the secret \
             does not begin with a hexadecimal digit: Node's Buffer.from(secret, 'hex') silently turns \
             that into no bytes.";
        SecretWhitespace = 15, "secret_whitespace",
            "There is white space around the secret.",
            "There is white space around the secret, often the newline at the end of a file. Trim it where \
             the secret is read.";
        SecretDecodedToText = 16, "secret_decoded_to_text",
            "The key's bytes were turned into text.",
            "The secret was decoded from hexadecimal, but then its bytes were turned into text and encoded \
             again, which changes them. Use the bytes as they are for the key: no .decode() in Python, no \
             .toString() in Node, no new String() in Java.";
        SecretEncoded = 17, "secret_encoded",
            "The secret is wrapped or encoded.",
            "The secret is wrapped or encoded: in quotes, in base64 (as Kubernetes stores it), with 0x or \
             NAME= in front, with a byte order mark, in UTF-16, pasted twice, or with its letters in the other \
             case. Configure the 64 hexadecimal digits alone, and decode only hexadecimal to make the key.";
        EmailMissing = 18, "email_missing",
            "No email was signed, or a filler in its place.",
            "No email was signed: it was empty, or a filler such as \"undefined\", \"null\" or \
             \"[object Promise]\". Wait for the user to be loaded, and sign the email of the logged-in user. Leave \
             email and hash out for a visitor who is not logged in.";
        EmailCase = 19, "email_case",
            "The email was lowercased or uppercased first.",
            "The email was lowercased or uppercased before it was signed. Sign exactly the string that the \
             page sets as email.";
        EmailWhitespace = 20, "email_whitespace",
            "White space around the email was added or removed first.",
            "White space around the email was added or removed before it was signed. Sign exactly the \
             string that the page sets as email.";
        EmailEncoded = 21, "email_encoded",
            "The email was URL-encoded, HTML-escaped or JSON-quoted first.",
            "The email was URL-encoded, HTML-escaped or JSON-quoted before it was signed, or decoded once too \
             often; or the page's email was. Sign the plain email, and leave the encoding to the template.";
        EmailUnicode = 22, "email_unicode",
            "The email was signed in another form of Unicode.",
            "The email looks the same but has other characters or bytes: composed or decomposed accents, \
             Punycode (xn--) or Unicode in the domain, an invisible character, or Latin-1 in place of UTF-8. \
             Sign exactly the string that the page sets as email, as UTF-8.";
        EmailNotHashed = 23, "email_not_hashed",
            "The email never went into the MAC.",
            "The email stands before the MAC of nothing, as Go's mac.Sum([]byte(email)) returns it. Call \
             mac.Write([]byte(email)) first, and then mac.Sum(nil).";
        ArgumentsSwapped = 24, "arguments_swapped",
            "The secret and the email changed places.",
            "The secret and the email changed places: the email was the key. Pass the email as the message and \
             the secret as the key.";
        HashUnkeyed = 25, "hash_unkeyed",
            "A plain hash of the email, without a key.",
            "This is a plain hash of the email, without any key, so anybody could have made it. Use \
             HMAC-SHA256 with the identity secret as its key.";
        HashConcatenated = 26, "hash_concatenated",
            "A plain hash of email and secret together.",
            "This is a plain hash of the email and the secret joined together. Use HMAC-SHA256, with the \
             decoded secret as the key and the email as the message.";
        HashMissing = 27, "hash_missing",
            "There is no hash, or something that is none in its place.",
            "There is no hash: it is empty, a filler such as \"undefined\" or \"[object Promise]\", or the email \
             itself. Wait for the result of the code that signs, and set it as email_hash.";
        HashIsJwt = 28, "hash_is_jwt",
            "The hash is a JWT.",
            "This is a JWT, not an email hash. Pylon's dashboard offers \"HMAC email hash\" and \"JWT\", each with \
             a secret of its own. For email_hash, choose the HMAC email hash, and sign with its secret. A JWT \
             belongs into chat_settings.jwt, without email_hash.";
        HashUppercase = 29, "hash_uppercase",
            "The hash has uppercase digits.",
            "The hash has uppercase digits. Send it in lowercase.";
        HashBase64 = 30, "hash_base64",
            "The hash is base64.",
            "The hash is base64. Send it as 64 lowercase hexadecimal digits.";
        HashPrefixed = 31, "hash_prefixed",
            "There is a prefix before the hash.",
            "There is a prefix before the hash, such as sha256= or 0x. Send only the 64 hexadecimal digits.";
        HashReformatted = 32, "hash_reformatted",
            "The right digits are written in another form.",
            "The hash is written in another form: with separators, as b'…', as a list of bytes, as the \
             hexadecimal digits of digits, URL-encoded, or without its leading zeros. Send the 64 lowercase \
             hexadecimal digits as they are.";
        HashTruncated = 33, "hash_truncated",
            "Only a part of the hash.",
            "This is only a part of the hash. Send all 64 digits, and look for a column or a log that cuts \
             long text.";
        HashWrongAlgorithm = 34, "hash_wrong_algorithm",
            "The hash was made with another algorithm.",
            "The hash was made with another algorithm, such as SHA-1 or SHA-512. Use HMAC-SHA256.";
        HashMalformed = 35, "hash_malformed",
            "The text is no email hash.",
            "This is not an email hash, which is 64 hexadecimal digits and nothing else: characters are \
             missing or extra (white space too), or another value was sent in its place.";
        JwtMissing = 36, "jwt_missing",
            "There is no JWT, or a filler in its place.",
            "There is no JWT, or a filler such as \"undefined\" in its place. Send the page the token that sign_jwt \
             returns, and wait for it if it is fetched.";
        JwtIsHash = 37, "jwt_is_hash",
            "There is an email hash in place of the JWT.",
            "This is an email hash and no JWT. Pylon's dashboard offers \"HMAC email hash\" and \"JWT\", and each has \
             its own secret: set email_hash for the one, and jwt for the other.";
        JwtMalformed = 38, "jwt_malformed",
            "The text is no JWT.",
            "This is not a JWT for Pylon. A JWT has three parts in base64url without padding, and the first two are \
             JSON objects in which no name occurs twice. There must be nothing around it: no white space, quotes or \
             \"Bearer\". Send the page the token exactly as sign_jwt returned it.";
        JwtAlgorithm = 39, "jwt_algorithm",
            "The JWT is signed with another algorithm.",
            "The JWT does not say that it is signed with HS256. Sign it with HS256, and with the JWT secret itself.";
        JwtSecretHexDecoded = 40, "jwt_secret_hex_decoded",
            "The JWT secret was decoded from hexadecimal.",
            "The JWT secret was decoded from hexadecimal. That is right for the identity secret of \"HMAC email \
             hash\". The JWT secret is the key as it is: pass the text.";
        JwtSecretBase64 = 41, "jwt_secret_base64",
            "The JWT secret was decoded from base64, or encoded.",
            "The JWT secret was decoded from base64, or encoded in base64. It is the key as it is: pass the text \
             from Pylon's dashboard.";
        JwtSecretWrapped = 42, "jwt_secret_wrapped",
            "There is white space or another text around the JWT secret.",
            "There is white space, a pair of quotes or a name around the JWT secret, here or where the token was \
             signed. Remove it where the secret is configured.";
        JwtSignature = 43, "jwt_signature",
            "The JWT was signed with another secret, or changed.",
            "The JWT was signed with another secret, or it was changed on the way. Compare the secrets. Pylon's \
             options \"HMAC email hash\" and \"JWT\" each have their own, a new one replaces the old one, and \
             another environment may have another one.";
        JwtAudience = 44, "jwt_audience",
            "The JWT is not for this app ID.",
            "The JWT is not for this app ID: its claim aud is missing or is another text. Let aud be the app ID of \
             the chat widget on the page.";
        JwtEmailMissing = 45, "jwt_email_missing",
            "The JWT has no email.",
            "The JWT has no claim email, or a filler such as \"undefined\" in it. Sign the email of the logged-in \
             user.";
        JwtDiffers = 46, "jwt_differs",
            "The page and the JWT name another user.",
            "The page has another email or account_external_id than the JWT, and they must be equal. Send the page \
             app_id and jwt alone.";
        JwtTimesMissing = 47, "jwt_times_missing",
            "The JWT lacks iat or exp as a whole number of seconds.",
            "The JWT lacks the claim iat or exp, or one of them is no whole number. Let both be Unix seconds, with \
             exp at most 900 after iat.";
        JwtMilliseconds = 48, "jwt_milliseconds",
            "The times in the JWT are in milliseconds.",
            "The times in the JWT are in milliseconds, as of JavaScript's Date.now(). Divide by 1000 and round down: \
             iat and exp are in seconds.";
        JwtExpired = 49, "jwt_expired",
            "The JWT has expired.",
            "The JWT has expired. Sign a new one for each page, and fetch another before it expires. If it is fresh, \
             then the clock of the machine that signs is slow. If you saved the page or copied the token some time \
             ago, copy it again.";
        JwtNotYetValid = 50, "jwt_not_yet_valid",
            "The JWT was issued in the future.",
            "The JWT was issued in the future, so the clock of the machine that signs is fast, or that of this one is \
             slow. Synchronise the clocks.";
        JwtLifetime = 51, "jwt_lifetime",
            "The JWT lives for more than 15 minutes, or not at all.",
            "The JWT lives for more than 900 seconds (15 minutes) from iat to exp, which is all that Pylon allows, \
             or it expires before it is issued. Let it live for less, such as 600 seconds.";
        Unknown = 52, "unknown",
            "No known mistake gives this hash.",
            "No known mistake gives this hash. Compare these with the values that the code that signs really \
             uses: the secret (of another environment, of another widget, or an older one that was replaced \
             since), the email (of another user, or one that changed since), the field (an email, not the ID \
             of a user), and a cache that keeps a hash for too long.";
    }
    /// The mistake, and how to fix it.
    fn explanation;
}

impl Cause {
    /// Whether the widget still finds the email and its hash.
    #[doc(hidden)]
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::SettingsIgnored
                | Self::SettingsRepeated
                | Self::JwtWithHash
                | Self::AccountWithHash
        )
    }
}
