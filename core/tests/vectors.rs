//! The shared vectors against the core.

use std::path::Path;

use pylon_identity_core::{
    Cause, EmailHash, EnvError, IdentitySecret, SettingValue, User, binding, chat_settings_json,
    chat_settings_script, diagnose, diagnose_page, sign_message_with_hmac,
};

/// Runs `case` on each line of a vector file and fails if the file holds more cases than ran.
fn each<const COLUMNS: usize>(file: &str, mut case: impl FnMut([&str; COLUMNS])) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    let expected: usize = lines.next().unwrap().strip_prefix("cases\t").unwrap().parse().unwrap();
    let mut ran = 0;
    for line in lines.skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        case(columns.try_into().expect("a column missing or extra"));
        ran += 1;
    }
    assert_eq!(ran, expected, "{file}: cases that ran");
}

fn unhex(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

fn sign([name, secret, unit, repeat, hash]: [&str; 5]) {
    let message = unhex(unit).repeat(repeat.parse().unwrap());
    let identity_secret = IdentitySecret::from_hex(secret).unwrap();
    assert_eq!(identity_secret.sign(&message).as_str(), hash, "{name}");
    let mut hashes = [[0; EmailHash::LEN]; 2];
    identity_secret.sign_many(&[&message; 2], &mut hashes);
    assert_eq!(hashes.map(|digits| digits.to_vec()), [hash.as_bytes(); 2], "{name}");
    assert!(identity_secret.verify(&message, hash), "{name}");
    assert_eq!(sign_message_with_hmac(&message, secret).unwrap().as_str(), hash, "{name}");
}

#[test]
fn signs_text() {
    each("sign.tsv", sign);
}

#[test]
fn signs_bytes() {
    each("sign_bytes.tsv", sign);
}

#[test]
fn verifies() {
    each("verify.tsv", |[name, secret, email, hash, expected]: [&str; 5]| {
        let secret = IdentitySecret::from_hex(secret).unwrap();
        assert_eq!(secret.verify(unhex(email), unhex(hash)), expected == "true", "{name}");
    });
}

#[test]
fn refuses_malformed_secrets() {
    each("malformed_secrets.tsv", |[name, secret, code]: [&str; 3]| {
        let secret = unhex(secret);
        let error = IdentitySecret::from_hex(&secret).unwrap_err();
        assert_eq!(error.code(), code, "{name}");
        assert_eq!(sign_message_with_hmac("", &secret).unwrap_err(), error, "{name}");
    });
}

#[test]
fn diagnoses() {
    each("diagnose.tsv", |[name, secret, email, hash, causes]: [&str; 5]| {
        let diagnosis = diagnose(unhex(secret), unhex(email), unhex(hash));
        let codes: Vec<_> = diagnosis.causes().iter().map(|cause| cause.code()).collect();
        let expected = if causes == "none" { vec![] } else { causes.split(',').collect() };
        assert_eq!(codes, expected, "{name}");
        assert_eq!(diagnosis.matches(), expected.is_empty(), "{name}");
        for cause in Cause::ALL {
            let explained = diagnosis.explanation().contains(cause.explanation());
            assert_eq!(explained, expected.contains(&cause.code()), "{name}");
        }
    });
}

#[test]
fn diagnoses_pages() {
    each("diagnose_page.tsv", |[name, secret, page, matches, causes]: [&str; 5]| {
        let page = String::from_utf8(unhex(page)).unwrap();
        let diagnosis = diagnose_page(unhex(secret), &page);
        let codes: Vec<_> = diagnosis.causes().iter().map(|cause| cause.code()).collect();
        let expected = if causes == "none" { vec![] } else { causes.split(',').collect() };
        assert_eq!(codes, expected, "{name}");
        assert_eq!(diagnosis.matches().to_string(), matches, "{name}");
        for cause in Cause::ALL {
            let explained = diagnosis.explanation().contains(cause.explanation());
            assert_eq!(explained, expected.contains(&cause.code()), "{name}");
        }
    });
}

#[test]
fn reads_the_environment() {
    each("env.tsv", |[name, variable, value, outcome]: [&str; 4]| {
        let value = (value != "-").then(|| unhex(value));
        let digits = binding::trim_env_value(variable, value.as_deref());
        match digits.and_then(IdentitySecret::from_hex) {
            Ok(_) => assert_eq!(outcome, "ok", "{name}"),
            Err(error) => {
                assert_eq!(outcome, error.code(), "{name}");
                let message = EnvError::new(variable, error).to_string();
                let shown = message.starts_with(&format!("{variable}: "));
                assert_eq!(shown, variable.len() < 32, "{name}");
                assert!(message.ends_with(error.message()), "{name}");
            }
        }
    });
}

#[test]
fn takes_other_settings() {
    each("other_settings.tsv", |[name, setting, kind, value, expected]: [&str; 5]| {
        let text = String::from_utf8(unhex(value)).unwrap();
        let value: SettingValue = match kind {
            "text" => (&text).into(),
            "number" => text.parse::<f64>().unwrap().into(),
            _ => (text == "true").into(),
        };
        let json = chat_settings_json([("app_id", "app-1".into()), (setting, value)]);
        match json {
            Ok(json) => {
                assert_eq!(
                    json,
                    format!(r#"{{"app_id":"app-1","{setting}":{expected}}}"#),
                    "{name}"
                );
            }
            Err(error) => assert_eq!(error.code(), expected, "{name}"),
        }
    });
}

#[test]
fn makes_chat_settings_and_their_script() {
    each("settings.tsv", |columns: [&str; 10]| {
        let [name, secret, given @ .., script] = columns;
        let given =
            given.map(|text| (text != "-").then(|| String::from_utf8(unhex(text)).unwrap()));
        let [app_id, email, user, avatar_url, account_id, account_external_id, nonce] =
            given.each_ref().map(Option::as_deref);
        let user = User {
            app_id: app_id.unwrap(),
            email: email.unwrap(),
            name: user,
            avatar_url,
            account_id,
            account_external_id,
        };
        let secret = IdentitySecret::from_hex(secret).unwrap();
        let made = secret.chat_settings(user).and_then(|settings| {
            let script = settings.to_script(nonce)?;
            assert_eq!(chat_settings_script(settings.fields(), nonce)?, script, "{name}");
            let assigned = format!("{{\"chat_settings\":{}}}", settings.to_json());
            assert!(script.contains(&format!("window.pylon = {assigned};")), "{name}");
            Ok(script)
        });
        match made {
            Ok(made) => assert_eq!(made.as_bytes(), unhex(script), "{name}"),
            Err(error) => assert_eq!(error.code(), script, "{name}"),
        }
    });
}
