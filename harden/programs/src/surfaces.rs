//! Shows an identity secret, and errors about it, in the ways that Rust has; as surfaces.py does for Python.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Debug;
use std::io::{BufRead, stdin};
use std::panic;
use std::sync::{Arc, Mutex};

use pylon_identity_core::{self as core, IdentitySecret, User, binding};

const EMAIL: &str = "ada@example.com";

/// A careless stand-in for a secret, for the controls.
#[derive(Debug)]
#[allow(dead_code)]
struct Leaky(String);

fn emit(surface: &str, shown: impl AsRef<[u8]>) {
    println!("{surface}\tshown\t{}", hex::encode(shown));
}

/// The message of a panic.
fn panicking(panics: impl FnOnce()) -> String {
    let printed = Arc::new(Mutex::new(String::new()));
    let hook = printed.clone();
    panic::set_hook(Box::new(move |info| *hook.lock().unwrap() = info.to_string()));
    panic::catch_unwind(panic::AssertUnwindSafe(panics)).unwrap_err();
    let _ = panic::take_hook();
    printed.lock().unwrap().clone()
}

#[derive(Debug)]
#[allow(dead_code)]
struct Config<T> {
    name: &'static str,
    secret: T,
}

fn failed<E>(error: E) -> Result<(), E> {
    Err(error)
}

/// Shows any value, in the ways that Rust has for it.
fn show(name: &str, value: &dyn Debug) {
    emit(&format!("{name}: {{:?}}"), format!("{value:?} {value:x?}"));
    emit(&format!("{name}: {{:#?}}"), format!("{value:>200?} {value:#?}"));
    emit(&format!("{name}: panic!"), panicking(|| panic!("with {value:?}")));
    emit(&format!("{name}: unwrap"), panicking(|| failed(value).unwrap()));
}

fn objects<T: Debug + Send + Sync + 'static>(name: &str, make: impl Fn() -> T) {
    show(&format!("{name} itself"), &make());
    show(&format!("{name} in a result"), &Ok::<_, core::Error>(Arc::new(make())));
    show(&format!("{name} in a tuple"), &("secret", Some(make()), Box::new(make())));
    show(&format!("{name} in a struct"), &Config { name: "ada", secret: make() });
    show(&format!("{name} in a map"), &HashMap::from([("secret", vec![make()])]));
    show(&format!("{name} in a lock"), &Mutex::new(make()));
}

fn error<T>(call: &str, result: Result<T, core::Error>) {
    let error = Box::<dyn Error>::from(result.err().expect("an error"));
    let call = format!("error of {call}");
    show(&call, &error);
    emit(&format!("{call}: Display"), format!("{error} {error:>300} {:?}", error.source()));
}

fn main() {
    let lines = stdin().lock().lines();
    let given: Vec<_> = lines.map(|line| hex::decode(line.unwrap()).unwrap()).collect();
    let hex = &given[0];
    let text = str::from_utf8(hex).unwrap();
    let secret = IdentitySecret::from_hex(hex).unwrap();
    objects("secret", || IdentitySecret::from_hex(hex).unwrap());
    objects("control: secret", || Leaky(text.to_owned()));
    let from_env =
        |name, value| binding::trim_env_value(name, value).and_then(IdentitySecret::from_hex);
    for (i, value) in given.iter().enumerate().skip(1) {
        error(&format!("from_hex, malformed {i}"), IdentitySecret::from_hex(value));
        error(&format!("drop-in, malformed {i}"), core::sign_message_with_hmac(EMAIL, value));
        if value.trim_ascii() != hex {
            let parsed = from_env("CHAT_SECRET", Some(&value[..]));
            error(&format!("from_env, malformed {i}"), parsed);
        }
    }
    let settings = |app_id, email| secret.chat_settings(User { app_id, email, ..User::default() });
    let script = core::chat_settings_script([("app_id", "app")], Some(&format!("{text}!")));
    error("from_env, as the name", from_env(text, None));
    error("from_env, in the name", from_env(&format!("VITE_{text}"), Some(&hex[..])));
    error("drop-in, swapped", core::sign_message_with_hmac(hex, EMAIL));
    error("settings, no email", settings(text, ""));
    error("settings, no app", settings("", text));
    error("script, as the nonce", script);
    for (i, value) in given.iter().enumerate() {
        for wrong in [&[b'0'; 64][..], value] {
            let diagnosis = core::diagnose(value, EMAIL, wrong);
            let shown = format!("{diagnosis:#?} {}", diagnosis.explanation());
            emit(&format!("diagnosis {i} {}", wrong == &value[..]), shown);
        }
    }
}
