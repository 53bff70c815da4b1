use std::ffi::CStr;
use std::fmt;

/// Declares the errors once, so that codes, messages and [`Error::ALL`] cannot drift apart.
macro_rules! errors {
    ($($variant:ident, $code:literal, $message:literal;)+) => {
        /// What can go wrong, with the same code and the same words in every language.
        ///
        /// No message ever contains the secret, the email or any part of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Error {
            $(
                #[doc = concat!("`", $code, "`: ", $message)]
                $variant,
            )+
        }

        impl Error {
            /// Every error, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable, machine-readable name, for example `"secret_empty"`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The same name, NUL-terminated for C.
            pub const fn c_code(self) -> &'static CStr {
                match self { $(Self::$variant => c_text(concat!($code, "\0")),)+ }
            }

            /// The sentence for people: what is wrong and what to do next.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }

            /// The same sentence, NUL-terminated for C.
            pub const fn c_message(self) -> &'static CStr {
                match self { $(Self::$variant => c_text(concat!($message, "\0")),)+ }
            }
        }
    };
}

pub(crate) const fn c_text(with_nul: &str) -> &CStr {
    match CStr::from_bytes_with_nul(with_nul.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("text for C must not contain a NUL"),
    }
}

errors! {
    SecretMissing, "secret_missing",
        "The environment variable with the identity secret is not set: PYLON_IDENTITY_SECRET, unless \
         you named another. Set it for the backend to the identity secret from Pylon's dashboard.";
    SecretExposed, "secret_exposed",
        "The name of this environment variable tells bundlers to ship its value to browsers \
         (NEXT_PUBLIC_, VITE_, REACT_APP_ and the like), where everyone could read the identity \
         secret. Rename it, for example to PYLON_IDENTITY_SECRET, and if it was ever deployed under \
         this name, generate a new secret in Pylon's dashboard.";
    SecretEmpty, "secret_empty",
        "The identity secret is empty. Copy it from the settings of your chat widget in Pylon's \
         dashboard, or generate a new one there.";
    SecretOddLength, "secret_odd_length",
        "The identity secret has an odd number of hexadecimal digits, so at least one is missing \
         or extra. Copy it again, whole, from Pylon's dashboard.";
    SecretNotHex, "secret_not_hex",
        "The identity secret contains a character that is not a hexadecimal digit (0-9, a-f, A-F). \
         Remove spaces, line breaks, quotes and any leading 0x, or copy it again from Pylon's \
         dashboard.";
    SecretNotReady, "secret_not_ready",
        "The identity secret was wiped or never initialised. Create it again from its hexadecimal \
         string before using it.";
    EmailNotUnicode, "email_not_unicode",
        "The email is not well-formed Unicode: it contains a lone surrogate, so it has no UTF-8 \
         form to sign. Pass the email exactly as your user database stores it.";
    EmailEmpty, "email_empty",
        "The email for the chat settings is empty. Pass the email of the logged-in user; for a \
         visitor who is not logged in, leave the email and the email hash out of the page.";
    AppIdEmpty, "app_id_empty",
        "The app ID for the chat settings is empty. Copy it from the settings of your chat widget in \
         Pylon's dashboard.";
    NonceInvalid, "nonce_invalid",
        "The nonce is not base64 text (A-Z, a-z, 0-9, +, /, -, _ and at most two = at the end), so no \
         Content-Security-Policy can name it. Make a new one for each response from 16 random bytes \
         or more, in base64.";
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {}
