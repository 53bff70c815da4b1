//! Identity verification for Pylon's chat widget.
//!
//! The page tells the widget who the user is, and anyone can change the page. So the backend signs the email of the
//! logged-in user with the *identity secret* from Pylon's dashboard. The page passes the *email hash* along as
//! `window.pylon.chat_settings.email_hash`. It is HMAC-SHA256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)),
//! keyed with the decoded secret, over the UTF-8 bytes of the email, as 64 lowercase hexadecimal digits ([Pylon's
//! docs](https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification)).
//!
//! ```
//! use pylon_identity_core::IdentitySecret;
//!
//! # let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
//! let secret = IdentitySecret::from_hex(hex)?;
//! let email_hash = secret.sign("ada@example.com");
//! assert!(secret.verify("ada@example.com", email_hash.as_str()));
//! assert!(!secret.verify("eve@example.com", email_hash.as_str()));
//! # Ok::<(), pylon_identity_core::Error>(())
//! ```
//!
//! Every rule lives here; the Rust, Python, Node, C and Go packages only translate types and errors.

#![forbid(unsafe_code)]

mod batch;
#[doc(hidden)]
pub mod binding;
mod clock;
mod codes;
mod diagnose;
mod env;
mod error;
mod json;
mod jwt;
mod secret;
mod settings;
mod strict_json;

pub use diagnose::{Cause, Diagnosis, diagnose, diagnose_jwt, diagnose_page};
pub use env::EnvError;
pub use error::Error;
pub use json::SettingValue;
pub use jwt::{JwtChatSettings, JwtClaims, JwtSecret, JwtUser};
pub use secret::{EmailHash, IdentitySecret, generate_secret, sign_message_with_hmac};
pub use settings::{ChatSettings, User, chat_settings_json, chat_settings_script};

/// The version of this library, the same in every language.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
