//! Shows an identity secret, and errors about it, in the ways that Rust has; as surfaces.py does for Python.

use std::any::Any;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Debug};
use std::io::{BufRead, stdin};
use std::panic;
use std::sync::{Arc, Mutex};

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

/// Shows any value, in the ways that Rust has for it.
fn show(name: &str, value: &dyn Debug) {
    let no = |_: &dyn Debug| false;
    emit(&format!("{name}: {{:?}}"), format!("{value:?} {value:x?}"));
    emit(&format!("{name}: {{:#?}}"), format!("{value:>200?} {value:#?}"));
    emit(&format!("{name}: panic!"), panicking(|| panic!("with {value:?}")));
    emit(&format!("{name}: panic_any"), panicking(|| panic::panic_any(format!("{value:?}"))));
    emit(&format!("{name}: assert!"), panicking(|| assert!(no(value), "{value:#?}")));
    emit(&format!("{name}: unwrap"), panicking(|| Err::<(), _>(value).unwrap()));
    emit(&format!("{name}: expect"), panicking(|| Err::<(), _>(value).expect("a secret")));
}

fn objects<A: Api>(hex: &[u8]) {
    let make = || A::parse(hex).unwrap_or_else(|_| panic!("the first line is no secret"));
    let secret = Arc::new(make());
    show("itself", &*secret);
    show("a shared one", &secret);
    show("a result", &A::parse(hex));
    show("a tuple", &("secret", Some(make()), Box::new(make())));
    show("a struct", &Config { name: "ada", secret: make() });
    show("a vector", &vec![make(), make()]);
    show("a map", &HashMap::from([("secret", make())]));
    show("a lock", &Mutex::new(make()));
    emit("unwrap_err", panicking(|| drop(A::parse(hex).unwrap_err())));
    panic::set_hook(Box::new(|_| {}));
    let payload = std::thread::spawn(move || panic!("{secret:?}")).join().unwrap_err();
    let _ = panic::take_hook();
    emit("panic of a thread", payload.downcast_ref::<String>().unwrap());
}

fn error<E: Error + Clone + Send + Sync + 'static, T: Debug>(call: &str, result: Result<T, E>) {
    let found = result.unwrap_err();
    show(&format!("error of {call}"), &found);
    emit(&format!("error of {call}: Display"), format!("{found} {found:>300}"));
    let boxed = Box::<dyn Error>::from(found);
    emit(&format!("error of {call}: boxed"), format!("{boxed} {boxed:?} {:?}", boxed.source()));
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
    let secret = A::parse(hex).ok().unwrap();
    error("from_env, as the name", A::from_env(text, None));
    error("from_env, in the name", A::from_env(&format!("VITE_{text}"), Some(hex)));
    error("drop-in, swapped", A::drop_in(hex, EMAIL.as_bytes()));
    error("settings, no email", A::settings(&secret, text, ""));
    error("settings, no app", A::settings(&secret, "", text));
    error("script, as the nonce", A::script(&format!("{text}!")));
    for (i, value) in given.iter().enumerate() {
        for wrong in [&[b'0'; 64][..], value] {
            let (diagnosis, explanation) = A::diagnose(value, EMAIL, wrong);
            emit(
                &format!("diagnosis {i} {}", wrong == &value[..]),
                format!("{diagnosis:#?} {explanation}"),
            );
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
