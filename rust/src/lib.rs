#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use pylon_identity_core::{
    Cause, ChatSettings, Diagnosis, EmailHash, EnvError, Error, IdentitySecret, JwtChatSettings,
    JwtClaims, JwtSecret, JwtUser, SettingValue, User, VERSION, chat_settings_json,
    chat_settings_script, diagnose, diagnose_jwt, diagnose_page, generate_secret,
    sign_message_with_hmac,
};
