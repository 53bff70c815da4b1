//! The functions that take secrets, emails and tokens. Node calls them without the wrapper of napi-rs, whose guards
//! cost more than half of a signature and twice the code.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, check_status, panic_to_error, sys};
use napi::{Error, JsError, Result, Status};
use pylon_identity_core as core;
use pylon_identity_core::binding;

use crate::strings::{Outcome, SecretBuffer, StringArgument, TextBuffer};
use crate::{Handle, Parsed, Secret, to_result, with, with_jwt_secret};

/// `parse(text, isJwt)` takes an identity secret or a JWT secret.
pub extern "C" fn parse(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |[text, is_jwt]| {
        let mut buffer = SecretBuffer::default();
        Ok(to_handle(Ok(text.string().read(&mut buffer)?), is_jwt.get()?))
    })
}

/// `parseVariable(name, value, isJwt)` takes the secret in an environment variable, or undefined.
pub extern "C" fn parse_variable(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |[name, value, is_jwt]| {
        let (mut name_buffer, mut buffer) = (TextBuffer::default(), SecretBuffer::default());
        let name = name.string().read_text(&mut name_buffer)?;
        let value: Option<StringArgument> = value.get()?;
        let value = value.as_ref().map(|value| value.read(&mut buffer)).transpose()?;
        Ok(to_handle(binding::trim_env_value(name, value), is_jwt.get()?))
    })
}

fn to_handle(text: std::result::Result<&[u8], core::Error>, is_jwt: bool) -> Outcome<Handle> {
    let parsed = text.and_then(|text| match is_jwt {
        true => binding::parse_into(text, Box::new).map(Parsed::Jwt),
        false => binding::parse_into(text, Box::new).map(Parsed::Identity),
    });
    Outcome(parsed.map(|secret| Handle::new(RefCell::new(Some(secret)))))
}

/// `sign(secret, email)`
pub extern "C" fn sign(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |[secret, email]| {
        let mut buffer = TextBuffer::default();
        let email = email.string().read(&mut buffer)?;
        Ok(with(secret.handle()?, |secret| Ok(to_result(secret.sign(email)))))
    })
}

/// `verify(secret, email, emailHash)`
pub extern "C" fn verify(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |[secret, email, hash]| {
        let (mut email_buffer, mut hash_buffer) = (TextBuffer::default(), TextBuffer::default());
        let email = email.string().read(&mut email_buffer)?;
        let hash = hash.string().read(&mut hash_buffer)?;
        Ok(with(secret.handle()?, |secret| Ok(secret.verify(email, hash))))
    })
}

/// `signMessageWithHmac(message, secret)`
pub extern "C" fn sign_message_with_hmac(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |[message, secret]| {
        let (mut buffer, mut secret_buffer) = (TextBuffer::default(), SecretBuffer::default());
        let message = message.string().read(&mut buffer)?;
        let secret = secret.string().read(&mut secret_buffer)?;
        Ok(Outcome(core::sign_message_with_hmac(message, secret).map(to_result)))
    })
}

/// `signJwt(secret, appId, email, name, accountExternalId, contactExternalId, expiresIn, now)`. Empty text means none,
/// and 0 means the default lifetime.
pub extern "C" fn sign_jwt(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |[secret, texts @ .., expires_in, now]: &[_; 8]| {
        let (mut buffers, mut read) = (<[TextBuffer; 5]>::default(), [""; 5]);
        read_texts(texts, &mut buffers, &mut read)?;
        let [app_id, email, name, account_external_id, contact_external_id] = read;
        let user = core::JwtUser {
            app_id,
            email,
            name: Some(name),
            account_external_id: Some(account_external_id),
            contact_external_id: Some(contact_external_id),
        };
        let expires_in = match expires_in.get::<f64>()? {
            0.0 => core::JwtSecret::LIFETIME,
            seconds => seconds as u64,
        };
        let now = now.get::<f64>()? as u64;
        let sign = |secret: &core::JwtSecret| secret.sign_jwt_at(user, expires_in, now);
        Ok(with_jwt_secret(secret.handle()?, sign))
    })
}

/// `verifyJwt(secret, token, appId, now)` returns the claims as JSON.
pub extern "C" fn verify_jwt(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |[secret, texts @ .., now]: &[_; 4]| {
        let (mut buffers, mut read) = (<[TextBuffer; 2]>::default(), [""; 2]);
        read_texts(texts, &mut buffers, &mut read)?;
        let ([token, app_id], now) = (read, now.get::<f64>()? as u64);
        Ok(with_jwt_secret(secret.handle()?, |secret| {
            secret.verify_jwt_at(token, app_id, now).map(|claims| claims.to_json())
        }))
    })
}

/// `signForChatSettings(secret, appId, email)`
pub extern "C" fn sign_for_chat_settings(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |[secret, texts @ ..]: &[_; 3]| {
        let (mut buffers, mut read) = (<[TextBuffer; 2]>::default(), [""; 2]);
        read_texts(texts, &mut buffers, &mut read)?;
        let [app_id, email] = read;
        Ok(with(secret.handle()?, |secret| {
            binding::sign_for_chat_settings(secret, app_id, email).map(to_result)
        }))
    })
}

/// `diagnose(secret, email, emailHash)` returns three lines: whether the hash matches, the causes, and the explanation.
pub extern "C" fn diagnose(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |[secret, texts @ ..]: &[_; 3]| {
        explain(secret, texts, |secret, [email, hash]| core::diagnose(secret, email, hash))
    })
}

/// `diagnosePage(secret, page)` returns the same lines.
pub extern "C" fn diagnose_page(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |[secret, texts @ ..]: &[_; 2]| {
        explain(secret, texts, |secret, [page]| core::diagnose_page(secret, page))
    })
}

/// `diagnoseJwt(secret, appId, token, email, now)` returns the same lines. An empty email means none.
pub extern "C" fn diagnose_jwt(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |[secret, texts @ .., now]: &[_; 5]| {
        let now = now.get::<f64>()? as u64;
        explain(secret, texts, |secret, [app_id, token, email]| {
            core::diagnose_jwt(secret, app_id, token, Some(email), Some(now))
        })
    })
}

fn explain<const N: usize>(
    secret: &Argument,
    texts: &[Argument; N],
    diagnose: impl FnOnce(&[u8], [&str; N]) -> core::Diagnosis,
) -> Result<String> {
    let (mut buffer, mut buffers) =
        (SecretBuffer::default(), [(); N].map(|()| TextBuffer::default()));
    let mut read = [""; N];
    read_texts(texts, &mut buffers, &mut read)?;
    let diagnosis = diagnose(secret.string().read(&mut buffer)?, read);
    let causes: Vec<_> = diagnosis.causes().iter().map(|cause| cause.code()).collect();
    Ok(format!("{}\n{}\n{}", diagnosis.matches(), causes.join(","), diagnosis.explanation()))
}

fn read_texts<'a>(
    arguments: &[Argument],
    buffers: &'a mut [TextBuffer],
    texts: &mut [&'a str],
) -> Result<()> {
    for ((argument, buffer), text) in arguments.iter().zip(buffers).zip(texts) {
        *text = argument.string().read_text(buffer)?;
    }
    Ok(())
}

/// An argument of the running call.
struct Argument {
    env: sys::napi_env,
    value: sys::napi_value,
}

impl Argument {
    fn string(&self) -> StringArgument {
        StringArgument { env: self.env, value: self.value }
    }

    fn get<T: FromNapiValue>(&self) -> Result<T> {
        // SAFETY: only `call` makes an `Argument`, which does not outlive the call.
        unsafe { T::from_napi_value(self.env, self.value) }
    }

    fn handle(&self) -> Result<&Secret> {
        let mut pointer = ptr::null_mut();
        // SAFETY: as in `get`.
        check_status!(unsafe { sys::napi_get_value_external(self.env, self.value, &mut pointer) })?;
        // SAFETY: napi-rs looks the pointer up among its own, and the argument keeps the handle alive.
        let secret = unsafe { Handle::inner_from_raw(pointer) };
        secret.ok_or_else(|| Error::from_status(Status::InvalidArg))
    }
}

/// Calls a function with its arguments. A panic becomes an `Error` of JavaScript: it must not unwind into C.
fn call<const N: usize, T: ToNapiValue>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    function: impl FnOnce(&[Argument; N]) -> Result<T>,
) -> sys::napi_value {
    let call = || {
        let (mut count, mut values) = (N, [ptr::null_mut(); N]);
        let (this, data) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: Node passes `env` and `info`. It fills all values, with undefined where one is missing.
        check_status!(unsafe {
            sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), this, data)
        })?;
        let result = function(&values.map(|value| Argument { env, value }))?;
        // SAFETY: as above.
        unsafe { T::to_napi_value(env, result) }
    };
    let result = catch_unwind(AssertUnwindSafe(call));
    result.unwrap_or_else(|panic| Err(panic_to_error(panic))).unwrap_or_else(|error| {
        throw(env, error);
        ptr::null_mut()
    })
}

/// It is apart from `call`, which is compiled once for each function.
#[cold]
fn throw(env: sys::napi_env, error: Error) {
    // SAFETY: Node has passed `env` to the running call.
    unsafe { JsError::from(error).throw_into(env) };
}
