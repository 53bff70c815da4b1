//! The shared vectors against the core.

use std::path::Path;

use pylon_identity_core::{
    Cause, Diagnosis, EmailHash, EnvError, IdentitySecret, JwtSecret, JwtUser, SettingValue, User,
    binding, chat_settings_json, chat_settings_script, diagnose, diagnose_jwt, diagnose_page,
    sign_message_with_hmac,
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

/// The explanation names the causes and no others.
fn judge(name: &str, diagnosis: &Diagnosis, causes: &str) {
    let codes: Vec<_> = diagnosis.causes().iter().map(|cause| cause.code()).collect();
    let expected = if causes == "none" { vec![] } else { causes.split(',').collect() };
    assert_eq!(codes, expected, "{name}");
    for cause in Cause::ALL {
        let explained = diagnosis.explanation().contains(cause.explanation());
        assert_eq!(explained, expected.contains(&cause.code()), "{name}");
    }
}

#[test]
fn diagnoses() {
    each("diagnose.tsv", |[name, secret, email, hash, causes]: [&str; 5]| {
        let diagnosis = diagnose(unhex(secret), unhex(email), unhex(hash));
        judge(name, &diagnosis, causes);
        assert_eq!(diagnosis.matches(), causes == "none", "{name}");
    });
}

#[test]
fn diagnoses_pages() {
    each("diagnose_page.tsv", |[name, secret, page, matches, causes]: [&str; 5]| {
        let diagnosis = diagnose_page(unhex(secret), &text(page));
        judge(name, &diagnosis, causes);
        assert_eq!(diagnosis.matches().to_string(), matches, "{name}");
    });
}

fn text(digits: &str) -> String {
    String::from_utf8(unhex(digits)).unwrap()
}

fn optional(digits: &str) -> Option<String> {
    (digits != "-").then(|| text(digits))
}

#[test]
fn refuses_malformed_jwt_secrets() {
    each("malformed_jwt_secrets.tsv", |[name, secret, code]: [&str; 3]| {
        assert_eq!(JwtSecret::new(unhex(secret)).unwrap_err().code(), code, "{name}");
    });
}

#[test]
fn signs_jwts() {
    each("jwt.tsv", |columns: [&str; 10]| {
        let [name, secret, given @ .., expires_in, now, outcome] = columns;
        let given = given.map(optional);
        let [app_id, email, user, account, contact] = given.each_ref().map(Option::as_deref);
        let user = JwtUser {
            app_id: app_id.unwrap(),
            email: email.unwrap(),
            name: user,
            account_external_id: account,
            contact_external_id: contact,
        };
        let (expires_in, now) = (expires_in.parse().unwrap(), now.parse().unwrap());
        let secret = JwtSecret::new(unhex(secret)).unwrap();
        match secret.sign_jwt_at(user, expires_in, now) {
            Ok(token) => {
                assert_eq!(token, outcome, "{name}");
                let claims = secret.verify_jwt_at(&token, user.app_id, now).unwrap();
                assert_eq!(claims.email, user.email, "{name}");
            }
            Err(error) => assert_eq!(error.code(), outcome, "{name}"),
        }
    });
}

#[test]
fn verifies_jwts() {
    each("verify_jwt.tsv", |[name, secret, token, app_id, now, outcome]: [&str; 6]| {
        let secret = JwtSecret::new(unhex(secret)).unwrap();
        let now = now.parse().unwrap();
        match secret.verify_jwt_at(&text(token), &text(app_id), now) {
            Ok(claims) => assert_eq!(claims.to_json(), text(outcome), "{name}"),
            Err(error) => assert_eq!(error.code(), outcome, "{name}"),
        }
    });
}

#[test]
fn diagnoses_jwts() {
    each("diagnose_jwt.tsv", |columns: [&str; 7]| {
        let [name, secret, app_id, token, email, now, causes] = columns;
        let (email, now) = (optional(email), Some(now.parse().unwrap()));
        let token = text(token);
        let diagnosis = diagnose_jwt(unhex(secret), &text(app_id), &token, email.as_deref(), now);
        judge(name, &diagnosis, causes);
        assert_eq!(diagnosis.matches(), causes == "none", "{name}");
        let secret = JwtSecret::new(unhex(secret));
        let verified = secret
            .is_ok_and(|secret| secret.verify_jwt_at(&token, &text(app_id), now.unwrap()).is_ok());
        // verify_jwt does not know the page.
        let is_right = matches!(causes, "none" | "jwt_differs");
        assert_eq!(verified, is_right, "{name}");
    });
}

#[test]
fn reads_the_environment() {
    each("env.tsv", |[name, variable, value, outcome, shown]: [&str; 5]| {
        let value = (value != "-").then(|| unhex(value));
        let digits = binding::trim_env_value(variable, value.as_deref());
        match digits.and_then(IdentitySecret::from_hex) {
            Ok(_) => assert_eq!(outcome, "ok", "{name}"),
            Err(error) => {
                assert_eq!(outcome, error.code(), "{name}");
                let message = EnvError::new(variable, error).to_string();
                let named = message.starts_with(&format!("{variable}: "));
                assert_eq!(named, shown == "shown", "{name}");
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
