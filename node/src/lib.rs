//! The Node addon: types and errors translated, and nothing else. The rules live in the core.
//!
//! `index.js` makes the public classes of these functions, and `index.d.ts` documents them.

#![allow(missing_docs)]

mod fast;
mod many;
mod text;

use std::cell::RefCell;
use std::ffi::OsString;
use std::rc::Rc;

use napi::bindgen_prelude::{BufferSlice, Env, External, Function, JsObjectValue, Object};
use napi::{Error, Result, Status};
use napi_derive::napi;
use pylon_identity_core as core;
use text::{Digits, Text, Wiped};
use zeroize::Zeroizing;

fn code(error: core::Error) -> String {
    format!("ERR_{}", error.code().to_uppercase())
}

/// What a call throws: an `Error` whose `code` is, for example, `ERR_SECRET_EMPTY`.
fn thrown(error: core::Error) -> Error<String> {
    Error::new(code(error), error.message().to_owned())
}

/// Throws in a call that also passes on what JavaScript threw.
fn throw<T>(env: &Env, error: core::Error) -> Result<T> {
    env.throw_error(error.message(), Some(&code(error)))?;
    Err(Error::from_status(Status::PendingException))
}

/// A parsed secret, until it is wiped, which may happen while a batch is being signed with it.
type Handle = External<RefCell<Option<Rc<core::IdentitySecret>>>>;

fn ready(secret: &Handle) -> std::result::Result<Rc<core::IdentitySecret>, core::Error> {
    secret.borrow().clone().ok_or(core::Error::SecretNotReady)
}

#[napi(catch_unwind)]
pub fn parse(hex: Wiped) -> Result<Handle, String> {
    let secret = core::binding::parse_into(hex.0.as_bytes(), Rc::new).map_err(thrown)?;
    Ok(External::new(RefCell::new(Some(secret))))
}

#[napi(catch_unwind)]
pub fn wipe(secret: &Handle) {
    secret.take();
}

#[napi(catch_unwind)]
pub fn sign(secret: &Handle, email: Text) -> Result<Digits, String> {
    let secret = ready(secret).map_err(thrown)?;
    Ok(Digits(secret.sign(email.well_formed().map_err(thrown)?)))
}

#[napi(module_exports)]
pub fn add_fast_functions(mut exports: Object) -> Result<()> {
    exports.create_named_method("signFast", fast::sign)?;
    exports.create_named_method("signMessageFast", fast::sign_message_with_hmac)
}

#[napi(catch_unwind)]
pub fn sign_many(
    env: &Env,
    secret: &Handle,
    next: Function<(), Option<Object>>,
    take: Function<u32, ()>,
    out: BufferSlice,
) -> Result<()> {
    let secret = ready(secret).or_else(|error| throw(env, error))?;
    many::sign(env, &secret, next, take, out)
}

#[napi(catch_unwind)]
pub fn verify(secret: &Handle, email: Text, email_hash: String) -> Result<bool, String> {
    let secret = ready(secret).map_err(thrown)?;
    // Text without a UTF-8 form has no email hash, so nothing matches it.
    Ok(email.well_formed().is_ok_and(|email| secret.verify(email, email_hash)))
}

#[napi(catch_unwind)]
pub fn sign_message_with_hmac(message: Text, secret: Wiped) -> Result<Digits, String> {
    let message = message.well_formed().map_err(thrown);
    // The secret's errors come first.
    let sign = |secret: core::IdentitySecret| Ok(Digits(secret.sign(message?)));
    core::binding::parse_into(secret.0.as_bytes(), sign).map_err(thrown)?
}

#[napi(catch_unwind)]
pub fn generate_secret() -> Wiped {
    Wiped(Zeroizing::new(core::generate_secret()))
}

/// The secret in an environment variable, trimmed, for `parse`.
#[napi(catch_unwind)]
pub fn read_env(name: String, value: Option<Wiped>) -> Result<Wiped, String> {
    let value = value.as_ref().map(|value| value.0.as_bytes());
    let trimmed = core::binding::trim_env_value(&name, value).map_err(thrown)?;
    Ok(Wiped(Zeroizing::new(String::from_utf8_lossy(trimmed).into_owned())))
}

#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn chat_settings<'env>(
    env: &'env Env,
    secret: &Handle,
    app_id: String,
    email: Text,
    name: String,
    avatar_url: Option<String>,
    account_id: Option<String>,
    account_external_id: Option<String>,
) -> Result<Object<'env>> {
    let make = || {
        let user = core::User {
            app_id: &app_id,
            email: email.well_formed()?,
            name: Some(&name),
            avatar_url: avatar_url.as_deref(),
            account_id: account_id.as_deref(),
            account_external_id: account_external_id.as_deref(),
        };
        ready(secret)?.chat_settings(user)
    };
    let settings = make().or_else(|error| throw(env, error))?;
    let mut object = Object::new(env)?;
    for (name, value) in settings.fields() {
        object.set_named_property(name, value)?;
    }
    Ok(object)
}

/// `fields` are names and values in turn.
#[napi(catch_unwind)]
pub fn chat_settings_script(fields: Vec<String>, nonce: Option<String>) -> Result<String, String> {
    let fields = fields.as_chunks().0.iter().map(|[name, value]| (name, value));
    core::chat_settings_script(fields, nonce.as_deref()).map_err(thrown)
}

#[napi(object)]
pub struct Diagnosis {
    pub matches: bool,
    pub causes: Vec<String>,
    pub explanation: String,
}

#[napi(catch_unwind)]
pub fn diagnose(secret: Wiped, email: Text, email_hash: String) -> Result<Diagnosis, String> {
    let email = email.well_formed().map_err(thrown)?;
    let diagnosis = core::diagnose(&*secret.0, email, email_hash);
    Ok(Diagnosis {
        matches: diagnosis.matches(),
        causes: diagnosis.causes().iter().map(|cause| cause.code().to_owned()).collect(),
        explanation: diagnosis.explanation(),
    })
}

/// Runs the command line and returns its exit status.
#[napi(catch_unwind)]
pub fn run_command_line(args: Vec<String>) -> i32 {
    // Where an argument is not UTF-8, Node has put U+FFFD. The system has it as it was.
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
pub const VERSION: &str = core::VERSION;
