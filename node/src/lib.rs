//! The Node addon: it translates types. The rules live in the core.
//!
//! `index.js` makes the public classes and the errors, and `index.d.ts` documents them. The addon takes and
//! returns strings and numbers, and calls no JavaScript.

#![allow(missing_docs)]

mod direct;
mod strings;

use std::cell::RefCell;
use std::ffi::OsString;

use napi::Result;
use napi::bindgen_prelude::{Either3, External, JsObjectValue, Object, Uint32ArraySlice, sys};
use napi_derive::napi;
use pylon_identity_core as core;
use strings::{Latin1Result, Outcome, StringArgument, TextBuffer};
use zeroize::Zeroizing;

/// A parsed secret, until it is wiped. It stays in its box, since a move leaves a copy behind.
type Secret = RefCell<Option<Parsed>>;
type Handle = External<Secret>;

pub enum Parsed {
    Identity(Box<core::IdentitySecret>),
    Jwt(Box<core::JwtSecret>),
}

type Hash = [u8; core::EmailHash::LEN];
type TextResult = Outcome<Latin1Result<String>>;

/// Makes a call with an identity secret that was not wiped.
fn with<T>(
    secret: &Secret,
    call: impl FnOnce(&core::IdentitySecret) -> std::result::Result<T, core::Error>,
) -> Outcome<T> {
    match &*secret.borrow() {
        Some(Parsed::Identity(secret)) => Outcome(call(secret)),
        _ => Outcome(Err(core::Error::SecretNotReady)),
    }
}

/// The same with a JWT secret.
fn with_jwt_secret(
    secret: &Secret,
    call: impl FnOnce(&core::JwtSecret) -> std::result::Result<String, core::Error>,
) -> TextResult {
    match &*secret.borrow() {
        Some(Parsed::Jwt(secret)) => Outcome(call(secret).map(Latin1Result)),
        _ => Outcome(Err(core::Error::SecretNotReady)),
    }
}

fn to_result(hash: core::EmailHash) -> Latin1Result<Hash> {
    Latin1Result(*hash.as_bytes())
}

type Callback = extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

#[napi(module_exports)]
pub fn add_direct_functions(mut exports: Object) -> Result<()> {
    let functions: [(_, Callback); 11] = [
        ("parse", direct::parse),
        ("parseVariable", direct::parse_variable),
        ("sign", direct::sign),
        ("verify", direct::verify),
        ("signMessageWithHmac", direct::sign_message_with_hmac),
        ("signForChatSettings", direct::sign_for_chat_settings),
        ("signJwt", direct::sign_jwt),
        ("verifyJwt", direct::verify_jwt),
        ("diagnose", direct::diagnose),
        ("diagnosePage", direct::diagnose_page),
        ("diagnoseJwt", direct::diagnose_jwt),
    ];
    functions
        .into_iter()
        .try_for_each(|(name, function)| exports.create_named_method(name, function))
}

#[napi(catch_unwind)]
pub fn wipe(secret: &Handle) {
    secret.take();
}

/// Signs emails that `index.js` has joined. `lengths` counts the UTF-16 units of each.
#[napi(catch_unwind)]
pub fn sign_many(
    secret: &Handle,
    joined: StringArgument,
    lengths: Uint32ArraySlice,
) -> Result<Outcome<Latin1Result<Vec<u8>>>> {
    let mut buffer = TextBuffer::default();
    let emails = split(joined.read_text(&mut buffer)?, &lengths);
    Ok(with(secret, |secret| {
        let mut hashes = vec![[0; core::EmailHash::LEN]; emails.len()];
        secret.sign_many(&emails, &mut hashes);
        Ok(Latin1Result(hashes.into_flattened()))
    }))
}

fn split<'a>(joined: &'a str, lengths: &[u32]) -> Vec<&'a str> {
    let is_ascii = joined.is_ascii();
    let mut rest = joined;
    let cut = |length: &u32| {
        let length = *length as usize;
        let bytes = if is_ascii { length } else { utf8_length(rest, length) };
        let (email, after) = rest.split_at(bytes);
        rest = after;
        email
    };
    lengths.iter().map(cut).collect()
}

/// The length in UTF-8 of the first `units` units of UTF-16.
fn utf8_length(text: &str, mut units: usize) -> usize {
    let mut bytes = 0;
    for character in text.chars() {
        if units == 0 {
            break;
        }
        units = units.saturating_sub(character.len_utf16());
        bytes += character.len_utf8();
    }
    bytes
}

#[napi(catch_unwind)]
pub fn generate_secret() -> Latin1Result<Zeroizing<String>> {
    Latin1Result(Zeroizing::new(core::generate_secret()))
}

/// One setting for each name.
#[napi(catch_unwind)]
pub fn chat_settings_script(
    names: Vec<String>,
    values: Vec<Value>,
    nonce: Option<String>,
) -> Outcome<String> {
    Outcome(core::chat_settings_script(fields(&names, values), nonce.as_deref()))
}

/// One setting for each name.
#[napi(catch_unwind)]
pub fn chat_settings_json(names: Vec<String>, values: Vec<Value>) -> Outcome<String> {
    Outcome(core::chat_settings_json(fields(&names, values)))
}

type Value = Either3<String, f64, bool>;

fn fields(
    names: &[String],
    values: Vec<Value>,
) -> impl Iterator<Item = (&String, core::SettingValue<'static>)> {
    names.iter().zip(values.into_iter().map(|value| match value {
        Either3::A(text) => core::SettingValue::Text(text.into()),
        Either3::B(number) => number.into(),
        Either3::C(value) => value.into(),
    }))
}

/// The code and the message of the error with this number. The message begins with the name of the variable, if one
/// is given.
#[napi(catch_unwind)]
pub fn explain(number: u32, variable: Option<String>) -> String {
    let error = core::Error::ALL.iter().copied().find(|error| error.number() == number);
    let explain = |error: core::Error| {
        let message = match &variable {
            Some(variable) => core::EnvError::new(variable, error).to_string(),
            None => error.to_string(),
        };
        format!("ERR_{}\n{message}", error.code().to_uppercase())
    };
    error.map_or(String::new(), explain)
}

/// Runs the command line and returns its exit status.
#[napi(catch_unwind)]
pub fn run_command_line(args: Vec<String>) -> i32 {
    // Node puts U+FFFD into an argument that is not UTF-8. The system has the original.
    let whole: Vec<_> = std::env::args_os().collect();
    let (_, last) = whole.split_at(whole.len().saturating_sub(args.len()));
    let same = |(raw, arg): (&OsString, &String)| raw.to_string_lossy() == **arg;
    if last.len() == args.len() && last.iter().zip(&args).all(same) {
        pylon_identity_cli::run(last.to_vec())
    } else {
        pylon_identity_cli::run(args.into_iter().map(Into::into))
    }
}

#[napi]
pub const SECRET_VARIABLE: &str = core::IdentitySecret::ENV;

#[napi]
pub const JWT_SECRET_VARIABLE: &str = core::JwtSecret::ENV;

#[napi]
pub const EMAIL_NOT_UNICODE: u32 = core::Error::EmailNotUnicode.number();

#[napi]
pub const VERSION: &str = core::VERSION;
