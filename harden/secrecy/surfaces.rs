//! Shows an identity secret, and errors about it, in every way that Rust has.
//!
//!     surfaces real|leaky
//!
//! Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
//! "shown" or "refused", and in hexadecimal what was shown or said. `leaky` shows a careless stand-in.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt::{self, Debug};
use std::io::{BufRead, stdin};
use std::panic;
use std::sync::{Arc, Mutex, RwLock};

use pylon_identity_core as core;

const EMAIL: &str = "ada@example.com";
const NAME: &str = "CHAT_SECRET";

/// What there is to show.
trait Api {
    type Secret: Debug + Send + Sync + 'static;
    type Error: Error + Clone + Send + Sync + 'static;

    fn parse(hex: &[u8]) -> Result<Self::Secret, Self::Error>;
    fn from_env(name: &str, value: Option<&[u8]>) -> Result<Self::Secret, Self::Error>;
    fn drop_in(message: &[u8], secret: &[u8]) -> Result<String, Self::Error>;
    fn settings(secret: &Self::Secret, app_id: &str, email: &str) -> Result<String, Self::Error>;
    fn script(nonce: &str) -> Result<String, Self::Error>;
    fn diagnose(secret: &[u8], email: &str, hash: &[u8]) -> (impl Debug, String);
}

struct Honest;

impl Api for Honest {
    type Secret = core::IdentitySecret;
    type Error = core::Error;

    fn parse(hex: &[u8]) -> Result<Self::Secret, Self::Error> {
        core::IdentitySecret::from_hex(hex)
    }

    fn from_env(name: &str, value: Option<&[u8]>) -> Result<Self::Secret, Self::Error> {
        core::binding::trim_env_value(name, value).and_then(core::IdentitySecret::from_hex)
    }

    fn drop_in(message: &[u8], secret: &[u8]) -> Result<String, Self::Error> {
        core::sign_message_with_hmac(message, secret).map(|hash| hash.to_string())
    }

    fn settings(secret: &Self::Secret, app_id: &str, email: &str) -> Result<String, Self::Error> {
        let user = core::User { app_id, email, ..core::User::default() };
        secret.chat_settings(user).map(|settings| format!("{settings:?}"))
    }

    fn script(nonce: &str) -> Result<String, Self::Error> {
        core::chat_settings_script([("app_id", "app")], Some(nonce))
    }

    fn diagnose(secret: &[u8], email: &str, hash: &[u8]) -> (impl Debug, String) {
        let diagnosis = core::diagnose(secret, email, hash);
        let explanation = diagnosis.explanation();
        (diagnosis, explanation)
    }
}

/// Shows what it was given, as careless code does.
struct Careless;

#[derive(Debug)]
#[allow(dead_code)]
struct Leaky {
    hex: String,
    key: Vec<u8>,
}

#[derive(Clone, Debug)]
struct LeakyError(String);

impl fmt::Display for LeakyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}", self.0)
    }
}

impl Error for LeakyError {}

fn refuse<T>(values: &[&[u8]]) -> Result<T, LeakyError> {
    let values: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value)).collect();
    Err(LeakyError(values.join(", ")))
}

impl Api for Careless {
    type Secret = Leaky;
    type Error = LeakyError;

    fn parse(hex: &[u8]) -> Result<Leaky, LeakyError> {
        match hex::decode(hex) {
            Ok(key) => Ok(Leaky { hex: String::from_utf8_lossy(hex).into_owned(), key }),
            Err(_) => refuse(&[hex]),
        }
    }

    fn from_env(name: &str, value: Option<&[u8]>) -> Result<Leaky, LeakyError> {
        refuse(&[name.as_bytes(), value.unwrap_or_default()])
    }

    fn drop_in(message: &[u8], secret: &[u8]) -> Result<String, LeakyError> {
        refuse(&[message, secret])
    }

    fn settings(_: &Leaky, app_id: &str, email: &str) -> Result<String, LeakyError> {
        refuse(&[app_id.as_bytes(), email.as_bytes()])
    }

    fn script(nonce: &str) -> Result<String, LeakyError> {
        refuse(&[nonce.as_bytes()])
    }

    fn diagnose(secret: &[u8], _: &str, _: &[u8]) -> (impl Debug, String) {
        let text = String::from_utf8_lossy(secret).into_owned();
        (text.clone(), text)
    }
}

fn emit(surface: &str, shown: impl AsRef<[u8]>) {
    println!("{surface}\tshown\t{}", hex::encode(shown));
}

/// What a panic prints, and carries.
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

fn all_debug(name: &str, value: &dyn Debug) {
    emit(&format!("{{:?}} of {name}"), format!("{value:?}"));
    emit(&format!("{{:#?}} of {name}"), format!("{value:#?}"));
    emit(&format!("{{:x?}} of {name}"), format!("{value:x?}"));
    emit(&format!("{{:>200?}} of {name}"), format!("{value:>200?}"));
    emit(&format!("panic! with {name}"), panicking(|| panic!("with {value:?}")));
    emit(&format!("panic_any with {name}"), panicking(|| panic::panic_any(format!("{value:?}"))));
    emit(&format!("assert! with {name}"), panicking(|| assert!(false_of(value), "{value:#?}")));
}

fn false_of(_: &dyn Debug) -> bool {
    false
}

fn failed<E>(error: E) -> Result<(), E> {
    Err(error)
}

fn objects<A: Api>(hex: &[u8]) {
    let make = || A::parse(hex).unwrap_or_else(|_| panic!("the first line is no secret"));
    let secret = Arc::new(make());
    all_debug("itself", &secret);
    all_debug("a reference", &&*secret);
    all_debug("a box", &Box::new(make()));
    all_debug("an option", &Some(make()));
    all_debug("a result", &A::parse(hex));
    all_debug("a tuple", &("secret", make()));
    all_debug("a struct", &Config { name: "ada", secret: make() });
    all_debug("a vector", &vec![make(), make()]);
    all_debug("an array", &[make()]);
    all_debug("a map", &HashMap::from([("secret", make())]));
    all_debug("a tree", &BTreeMap::from([("secret", Some(make()))]));
    all_debug("a mutex", &Mutex::new(make()));
    all_debug("a lock", &RwLock::new(make()));
    all_debug("a cell", &std::cell::RefCell::new(make()));
    emit("dbg!", format!("{:#?}", Config { name: "dbg", secret: &secret }));
    emit("unwrap_err", panicking(|| drop(A::parse(hex).unwrap_err())));
    emit("expect_err", panicking(|| drop(A::parse(hex).expect_err("refused"))));
    emit("unwrap of an error", panicking(|| failed(&secret).unwrap()));
    emit("expect of an error", panicking(|| failed(&secret).expect("accepted")));
    emit("assert_eq!", panicking(|| assert_eq!(format!("{secret:?}"), "")));
    emit("todo!", panicking(|| todo!("{secret:?}")));
    emit("unreachable!", panicking(|| unreachable!("{secret:?}")));
    let thread = std::thread::spawn({
        panic::set_hook(Box::new(|_| {}));
        let secret = secret.clone();
        move || panic!("{secret:?}")
    });
    let payload = thread.join().unwrap_err();
    let _ = panic::take_hook();
    emit("panic of a thread", payload.downcast_ref::<String>().unwrap());
}

#[derive(Debug)]
struct Wrapped<E>(E);

impl<E: Error> fmt::Display for Wrapped<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}", self.0)
    }
}

impl<E: Error + 'static> Error for Wrapped<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn error<E: Error + Clone + Send + Sync + 'static, T: Debug>(call: &str, result: Result<T, E>) {
    let found = result.unwrap_err();
    let name = |way: &str| format!("error of {call}: {way}");
    emit(&name("Display"), format!("{found}"));
    emit(&name("padded"), format!("{found:>300}"));
    emit(&name("Debug"), format!("{found:?}"));
    emit(&name("{:#?}"), format!("{found:#?}"));
    emit(&name("boxed"), format!("{:?}", Box::<dyn Error>::from(found.clone())));
    let wrapped = Wrapped(found.clone());
    emit(&name("wrapped"), format!("{wrapped} {wrapped:?}"));
    emit(&name("source"), wrapped.source().unwrap().to_string());
    emit(&name("unwrap"), panicking(|| failed(found.clone()).unwrap()));
    emit(&name("expect"), panicking(|| failed(found.clone()).expect("a secret")));
}

fn failures<A: Api>(given: &[Vec<u8>]) {
    let [hex, malformed @ ..] = given else { panic!("no secret") };
    let text = str::from_utf8(hex).unwrap();
    for (i, value) in malformed.iter().enumerate() {
        error(&format!("from_hex, malformed {i}"), A::parse(value));
        error(&format!("drop-in, malformed {i}"), A::drop_in(EMAIL.as_bytes(), value));
        if value.trim_ascii() != hex {
            error(&format!("from_env, malformed {i}"), A::from_env(NAME, Some(value)));
        }
    }
    error("from_env, as the name", A::from_env(text, None));
    error("from_env, in the name", A::from_env(&format!("VITE_{text}"), Some(hex)));
    error("drop-in, swapped", A::drop_in(hex, EMAIL.as_bytes()));
    let secret = A::parse(hex).ok().unwrap();
    error("settings, no email", A::settings(&secret, text, ""));
    error("settings, no app", A::settings(&secret, "", text));
    error("script, as the nonce", A::script(&format!("{text}!")));
    for (i, value) in given.iter().enumerate() {
        for wrong in [&[b'0'; 64][..], value] {
            let (diagnosis, explanation) = A::diagnose(value, EMAIL, wrong);
            let name = format!("diagnosis {i} {}", wrong == &value[..]);
            emit(&format!("{name}: Debug"), format!("{diagnosis:#?}"));
            emit(&format!("{name}: text"), explanation);
        }
    }
}

fn main() {
    let lines = stdin().lock().lines();
    let given: Vec<_> = lines.map(|line| hex::decode(line.unwrap()).unwrap()).collect();
    if std::env::args().nth(1).as_deref() == Some("leaky") {
        objects::<Careless>(&given[0]);
        failures::<Careless>(&given);
    } else {
        objects::<Honest>(&given[0]);
        failures::<Honest>(&given);
    }
}
