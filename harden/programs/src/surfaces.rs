//! Shows an identity secret, and errors about it, in the ways that Rust has; as surfaces.py does for Python.

use std::any::Any;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Debug};
use std::io::{BufRead, stdin};
use std::panic;
use std::sync::{Arc, Mutex};

use pylon_identity_core::{self as core, IdentitySecret, User, binding};

const EMAIL: &str = "ada@example.com";

/// Shows the value that it was given, as careless code does.
#[derive(Debug)]
struct Leaky(String);

impl fmt::Display for Leaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}", self.0)
    }
}

impl Error for Leaky {}

fn is_leaky() -> bool {
    std::env::args().nth(1).as_deref() == Some("leaky")
}

fn leaky(given: &[u8]) -> Leaky {
    Leaky(String::from_utf8_lossy(given).into_owned())
}

fn emit(surface: &str, shown: impl AsRef<[u8]>) {
    println!("{surface}\tshown\t{}", hex::encode(shown));
}

/// The output and the payload of a panic.
fn panicking(panics: impl FnOnce()) -> String {
    let printed = Arc::new(Mutex::new(String::new()));
    let hook = printed.clone();
    panic::set_hook(Box::new(move |info| *hook.lock().unwrap() = info.to_string()));
    let payload = panic::catch_unwind(panic::AssertUnwindSafe(panics)).unwrap_err();
    let _ = panic::take_hook();
    let payload: &dyn Any = &*payload;
    let carried = payload.downcast_ref::<String>().cloned().unwrap_or_default();
    format!("{}\n{carried}", printed.lock().unwrap())
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
    let no = |_: &dyn Debug| false;
    emit(&format!("{name}: {{:?}}"), format!("{value:?} {value:x?}"));
    emit(&format!("{name}: {{:#?}}"), format!("{value:>200?} {value:#?}"));
    emit(&format!("{name}: panic!"), panicking(|| panic!("with {value:?}")));
    emit(&format!("{name}: panic_any"), panicking(|| panic::panic_any(format!("{value:?}"))));
    emit(&format!("{name}: assert!"), panicking(|| assert!(no(value), "{value:#?}")));
    emit(&format!("{name}: unwrap"), panicking(|| failed(value).unwrap()));
    emit(&format!("{name}: expect"), panicking(|| failed(value).expect("a secret")));
}

fn objects<T: Debug + Send + Sync + 'static>(make: impl Fn() -> T) {
    show("itself", &make());
    show("a result", &Ok::<_, core::Error>(Arc::new(make())));
    show("a tuple", &("secret", Some(make()), Box::new(make())));
    show("a struct", &Config { name: "ada", secret: make() });
    show("a vector", &vec![make(), make()]);
    show("a map", &HashMap::from([("secret", make())]));
    show("a lock", &Mutex::new(make()));
    emit(
        "unwrap of a struct",
        panicking(|| failed(Config { name: "ada", secret: make() }).unwrap()),
    );
}

fn error<T>(call: &str, given: &[u8], result: Result<T, core::Error>) {
    let real = Box::<dyn Error>::from(result.err().expect("an error"));
    let found = if is_leaky() { Box::<dyn Error>::from(leaky(given)) } else { real };
    let call = format!("error of {call}");
    show(&call, &found);
    emit(&format!("{call}: Display"), format!("{found} {found:>300} {:?}", found.source()));
}

fn main() {
    let lines = stdin().lock().lines();
    let given: Vec<_> = lines.map(|line| hex::decode(line.unwrap()).unwrap()).collect();
    let hex = &given[0];
    let text = str::from_utf8(hex).unwrap();
    let secret = IdentitySecret::from_hex(hex).unwrap();
    if is_leaky() {
        objects(|| leaky(hex));
    } else {
        objects(|| IdentitySecret::from_hex(hex).unwrap());
    }
    let from_env =
        |name, value| binding::trim_env_value(name, value).and_then(IdentitySecret::from_hex);
    for (i, value) in given.iter().enumerate().skip(1) {
        error(&format!("from_hex, malformed {i}"), value, IdentitySecret::from_hex(value));
        error(
            &format!("drop-in, malformed {i}"),
            value,
            core::sign_message_with_hmac(EMAIL, value),
        );
        if value.trim_ascii() != hex {
            error(
                &format!("from_env, malformed {i}"),
                value,
                from_env("CHAT_SECRET", Some(&value[..])),
            );
        }
    }
    let settings = |app_id, email| secret.chat_settings(User { app_id, email, ..User::default() });
    let script = core::chat_settings_script([("app_id", "app")], Some(&format!("{text}!")));
    error("from_env, as the name", hex, from_env(text, None));
    error("from_env, in the name", hex, from_env(&format!("VITE_{text}"), Some(&hex[..])));
    error("drop-in, swapped", hex, core::sign_message_with_hmac(hex, EMAIL));
    error("settings, no email", hex, settings(text, ""));
    error("settings, no app", hex, settings("", text));
    error("script, as the nonce", hex, script);
    for (i, value) in given.iter().enumerate() {
        for wrong in [&[b'0'; 64][..], value] {
            let diagnosis = core::diagnose(value, EMAIL, wrong);
            let shown = format!("{diagnosis:#?} {}", diagnosis.explanation());
            let shown = if is_leaky() { leaky(value).to_string() } else { shown };
            emit(&format!("diagnosis {i} {}", wrong == &value[..]), shown);
        }
    }
}
