//! Properties of every input, with the plain crates as oracle. Here the inputs are random; in `fuzz/`
//! the same functions get inputs that coverage guides.

use std::collections::HashMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use pylon_identity_core::{
    Cause, Diagnosis, EmailHash, Error, IdentitySecret, JwtSecret, JwtUser, User,
    chat_settings_script, diagnose, diagnose_jwt, diagnose_page, sign_message_with_hmac,
};
use sha2::Sha256;

/// Set to make the oracle wrong about text beyond the Basic Multilingual Plane, which the properties
/// must notice.
const PLANTED: &str = "PYLON_IDENTITY_PLANTED_FAULT";

/// HMAC-SHA256 in lowercase digits.
pub fn oracle(key: &[u8], email: &[u8]) -> String {
    let planted = email.iter().any(|byte| *byte >= 0xf0) && std::env::var_os(PLANTED).is_some();
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hex::encode(mac.chain_update(if planted { b"" } else { email }).finalize().into_bytes())
}

/// The key that the digits stand for, or the code of the error, by a table.
pub fn key(hex: &[u8]) -> Result<Vec<u8>, &'static str> {
    let value = |digit: &u8| b"0123456789abcdef".iter().position(|known| known == digit);
    let digits: Option<Vec<_>> = hex.iter().map(|byte| value(&byte.to_ascii_lowercase())).collect();
    match digits {
        _ if hex.is_empty() => Err("secret_empty"),
        None => Err("secret_not_hex"),
        Some(digits) if digits.len() % 2 == 1 => Err("secret_odd_length"),
        Some(digits) if digits.len() < 32 || digits.iter().all(|digit| *digit == 0) => {
            Err("secret_weak")
        }
        Some(digits) => Ok(digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()),
    }
}

/// A secret is parsed to exactly its bytes, or refused with the right code.
pub fn parses(parse: impl Fn(&[u8]) -> Result<IdentitySecret, Error>, hex: &[u8]) {
    let signed = parse(hex).map(|secret| secret.sign("").to_string());
    assert_eq!(signed.map_err(Error::code), key(hex).map(|key| oracle(&key, b"")));
}

/// Signs as the oracle does.
pub fn signs(hex: &[u8], email: &[u8]) {
    let Ok(key) = key(hex) else { return };
    let (secret, right) = (IdentitySecret::from_hex(hex).unwrap(), oracle(&key, email));
    assert_eq!(secret.sign(email).as_str(), right);
    assert_eq!(sign_message_with_hmac(email, hex).unwrap().as_str(), right);
}

/// Verifies the right hash. Refuses `other`, and the right hash with `byte` at a place, cut there, or in
/// uppercase.
pub fn verifies(hex: &[u8], email: &[u8], other: &[u8], place: u8, byte: u8) {
    let Ok(key) = key(hex) else { return };
    let (secret, right) = (IdentitySecret::from_hex(hex).unwrap(), oracle(&key, email));
    let right = right.as_bytes();
    let (before, after) = right.split_at(usize::from(place) % right.len());
    let changed = [
        [before, &[byte], &after[1..]].concat(),
        [before, &[byte], after].concat(),
        [right, &[byte]].concat(),
        [before, &after[1..]].concat(),
        before.to_vec(),
        right.to_ascii_uppercase(),
    ];
    for shown in changed.iter().map(Vec::as_slice).chain([right, other]) {
        assert_eq!(secret.verify(email, shown), shown == right, "{}", shown.escape_ascii());
    }
}

/// Signs many emails as it signs each, in order, for any number of them.
pub fn signs_many(hex: &[u8], text: &[u8], count: usize) {
    let Ok(secret) = IdentitySecret::from_hex(hex) else { return };
    let email = |i: usize| [&text[..i % (text.len() + 1)], i.to_string().as_bytes()].concat();
    let emails: Vec<_> = (0..count).map(email).collect();
    let each: Vec<_> = emails.iter().map(|email| *secret.sign(email).as_bytes()).collect();
    let mut many = vec![[0; EmailHash::LEN]; count];
    secret.sign_many(&emails, &mut many);
    assert!(many == each);
}

/// Diagnoses any text. It matches exactly when `verify` says so. The explanation shows no eight digits in a row.
pub fn explains(hex: &[u8], email: &[u8], shown: &[u8]) {
    let diagnosis = diagnose(hex, email, shown);
    let secret = IdentitySecret::from_hex(hex);
    let matches = secret.is_ok_and(|secret| secret.verify(email, shown));
    assert_eq!(diagnosis.matches(), matches);
    is_plain(&diagnosis);
}

/// Diagnoses any text as a page.
pub fn explains_page(hex: &[u8], page: &str) {
    let diagnosis = diagnose_page(hex, page);
    is_plain(&diagnosis);
    // The right hash is on the page, perhaps with escapes.
    let digits = page.bytes().filter(u8::is_ascii_hexdigit).count();
    assert!(!diagnosis.matches() || digits >= EmailHash::LEN, "{page}");
}

/// Lists the causes in their order, and shows no eight digits in a row.
fn is_plain(diagnosis: &Diagnosis) {
    assert!(diagnosis.causes().is_sorted_by(|a, b| a < b));
    let said = format!("{diagnosis:?}\n{}", diagnosis.explanation());
    let longest = said.split(|character: char| !character.is_ascii_hexdigit()).map(str::len).max();
    assert!(longest < Some(8), "{said}");
}

const LOADER: &str = "<script src=\"https://widget.usepylon.com/widget/a\"></script>";

/// The script is printable ASCII that HTML does not read as markup, and a JSON parser reads the settings from it.
pub fn scripts(hex: &[u8], user: User, nonce: Option<&str>) {
    let Ok(key) = key(hex) else { return };
    let made = IdentitySecret::from_hex(hex).unwrap().chat_settings(user);
    let script = match made.and_then(|settings| settings.to_script(nonce)) {
        Ok(script) => script,
        Err(Error::AppIdEmpty) => return assert!(is_missing(user.app_id)),
        Err(Error::EmailEmpty) => return assert!(is_missing(user.email)),
        Err(error) => {
            return assert!(error == Error::NonceInvalid && !nonce.is_some_and(is_base64));
        }
    };
    assert!(!is_missing(user.app_id) && !is_missing(user.email) && nonce.is_none_or(is_base64));
    for page in [&format!("<p>{script}{LOADER}"), script.as_str()] {
        let diagnosis = diagnose_page(hex, page);
        let account = !is_missing(user.account_external_id.unwrap_or_default());
        let expected = if account { &[Cause::AccountWithHash][..] } else { &[] };
        assert_eq!(diagnosis.causes(), expected, "{page}");
        assert!(diagnosis.matches());
    }
    let right = oracle(&key, user.email.as_bytes());
    let fields = [
        ("app_id", Some(user.app_id)),
        ("email", Some(user.email)),
        ("name", user.name),
        ("email_hash", Some(right.as_str())),
        ("avatar_url", user.avatar_url),
        ("account_id", user.account_id),
        ("account_external_id", user.account_external_id),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into())));
    assert_eq!(read(&script, nonce), given.collect());

    // The dot keeps it from being a name that is refused.
    let (name, value) = (format!("{}.", user.name.unwrap_or_default()), user.email);
    let named = chat_settings_script([(&name, value)], nonce).unwrap();
    assert_eq!(read(&named, nonce), HashMap::from([(name, value.into())]));
}

/// A token has the claims of its user and times, and no other text passes as that token.
pub fn tokens(text: &str, user: JwtUser, expires_in: u64, now: u64, place: u16, byte: u8) {
    let Ok(secret) = JwtSecret::new(text) else { return };
    let token = match secret.sign_jwt_at(user, expires_in, now) {
        Ok(token) => token,
        Err(Error::AppIdEmpty) => return assert!(is_missing(user.app_id)),
        Err(Error::EmailEmpty) => return assert!(is_missing(user.email)),
        Err(error) => {
            assert_eq!(error, Error::JwtLifetime);
            return assert!(expires_in == 0 || expires_in > 900 || now + expires_in >= 1 << 53);
        }
    };
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let right = oracle(text.as_bytes(), format!("{header}.{payload}").as_bytes());
    assert_eq!(hex::encode(Base64UrlUnpadded::decode_vec(signature).unwrap()), right);
    let claims = Base64UrlUnpadded::decode_vec(payload).unwrap();
    let claims: HashMap<String, serde_json::Value> = serde_json::from_slice(&claims).unwrap();
    let texts = [
        ("email", Some(user.email)),
        ("aud", Some(user.app_id)),
        ("name", user.name),
        ("account_external_id", user.account_external_id),
        ("contact_external_id", user.contact_external_id),
    ];
    let texts = texts.iter().filter_map(|(name, text)| Some((*name, (*text)?)));
    let texts = texts.filter(|(_, text)| !text.is_empty());
    let texts = texts.map(|(name, text)| (name, text.into()));
    let times = [("iat", now.into()), ("exp", (now + expires_in).into())];
    let expected = texts.chain(times).map(|(name, value)| (name.to_owned(), value));
    assert_eq!(claims, expected.collect());

    let place = usize::from(place) % token.len();
    let mut changed = token.clone().into_bytes();
    changed[place] = byte & 0x7f;
    let changed = String::from_utf8(changed).unwrap();
    for (shown, at) in
        [(&token, now), (&token, now + expires_in), (&changed, now), (&text.into(), now)]
    {
        let verified = secret.verify_jwt_at(shown, user.app_id, at);
        assert_eq!(verified.is_ok(), *shown == token && at == now, "{shown}");
        let diagnosis = diagnose_jwt(text, user.app_id, shown, Some(user.email), Some(at));
        assert_eq!(diagnosis.matches(), verified.is_ok(), "{shown}");
        assert!(diagnosis.causes().is_sorted_by(|a, b| a < b));
    }
    let script = secret.chat_settings(user, expires_in).unwrap().to_script(None).unwrap();
    let causes = diagnose_page(text, &script);
    // A short text may be in the script by chance.
    assert!(matches!(causes.causes(), [] | [Cause::SecretOnPage]), "{script}");
}

/// Another parser of JSON reads the same claims.
pub fn claims(more: &str) {
    let text = "a secret of 16 bytes";
    let payload = format!(r#"{{"email":"e","aud":"a","iat":1,"exp":2{more}}}"#);
    let encoded = Base64UrlUnpadded::encode_string(payload.as_bytes());
    let signed = format!("eyJhbGciOiJIUzI1NiJ9.{encoded}");
    let signature = hex::decode(oracle(text.as_bytes(), signed.as_bytes())).unwrap();
    let token = format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature));
    let verified = JwtSecret::new(text).unwrap().verify_jwt_at(&token, "a", 1);
    let diagnosis = diagnose_jwt(text, "a", &token, None, Some(1));
    assert_eq!(diagnosis.matches(), verified.is_ok(), "{payload}");
    let Ok(verified) = verified else { return };
    let read: HashMap<String, serde_json::Value> = serde_json::from_str(&payload).unwrap();
    for (name, value) in [("name", verified.name), ("email", Some(verified.email))] {
        assert_eq!(read.get(name).and_then(|value| value.as_str()), value.as_deref(), "{payload}");
    }
}

fn is_missing(text: &str) -> bool {
    let fillers = "undefined|null|None|nil|NaN|[object Object]|[object Promise]|%s|";
    fillers.split('|').any(|filler| filler == text.trim())
}

fn is_base64(nonce: &str) -> bool {
    let digits = nonce.trim_end_matches('=');
    let known = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    !digits.is_empty()
        && nonce.len() - digits.len() <= 2
        && !nonce.starts_with("nonce-")
        && digits.chars().all(|c| known.contains(c))
}

/// The chat settings that a page with this script has.
fn read(script: &str, nonce: Option<&str>) -> HashMap<String, String> {
    let attribute = nonce.map_or(String::new(), |nonce| format!(" nonce=\"{nonce}\""));
    let code = script.strip_prefix(&format!("<script{attribute}>")).unwrap();
    let code = code.strip_suffix("</script>").unwrap();
    assert!(code.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{code}");
    assert!(!code.contains(['<', '>', '&']), "{code}");
    let json = code.strip_prefix("window.pylon = ").unwrap().strip_suffix(';').unwrap();
    let mut pylon: HashMap<String, _> = serde_json::from_str(json).unwrap();
    let settings = pylon.remove("chat_settings").unwrap();
    assert!(pylon.is_empty());
    settings
}

/// Numbers of emails just below, at and just above the share of a thread.
pub fn near_a_limit(n: u8) -> usize {
    (usize::from(n % 5) * 1024 + usize::from(n / 5 % 3)).saturating_sub(1)
}

#[cfg(test)]
mod random {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    /// Any text. The strategy of `String` has no control characters.
    fn text() -> impl Strategy<Value = String> {
        vec(any::<char>(), 0..64).prop_map(String::from_iter)
    }

    /// Pieces of pages, in any order.
    fn page() -> impl Strategy<Value = String> {
        let pieces = "< > <script> </script> <!-- --> type=module src= async { } [ ] ( ) : , ; = || . ' \" ` \\ \\u \\x \
            d83d dc00 ${ / // /* */ window.pylon chat_settings email email_hash app_id appId jwt null 1 \
            undefined assign( … é return";
        let pieces: Vec<_> = pieces.split(' ').chain(["\n", " ", LOADER]).collect();
        vec(prop::sample::select(pieces), 0..64).prop_map(|pieces| pieces.concat())
    }

    /// Digits of both cases, enough for a secret.
    fn digits(key: &[u8], first: u8) -> Vec<u8> {
        let lower = hex::encode([&[first; 15][..], &[1], key].concat());
        let upper = lower.to_uppercase();
        let pick = |(i, pair): (usize, (u8, u8))| if i % 3 == 0 { pair.0 } else { pair.1 };
        lower.bytes().zip(upper.bytes()).enumerate().map(pick).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_bytes_as_secret(hex: Vec<u8>) {
            parses(|hex| IdentitySecret::from_hex(hex), &hex);
        }

        #[test]
        fn almost_a_secret(key: Vec<u8>, first: u8, place: u16, piece: Vec<u8>) {
            let mut hex = digits(&key, first);
            parses(|hex| IdentitySecret::from_hex(hex), &hex);
            hex.insert(usize::from(place) % hex.len(), b'0');
            parses(|hex| IdentitySecret::from_hex(hex), &hex);
            let place = usize::from(place) % hex.len();
            hex.splice(place..place, piece);
            parses(|hex| IdentitySecret::from_hex(hex), &hex);
        }

        #[test]
        fn any_text(key: Vec<u8>, first: u8, email in text(), repeat: u8) {
            signs(&digits(&key, first), email.as_bytes());
            signs(&digits(&key, first), email.repeat(repeat.into()).as_bytes());
        }

        #[test]
        fn any_bytes(key: Vec<u8>, first: u8, email: Vec<u8>) {
            signs(&digits(&key, first), &email);
        }

        #[test]
        fn any_hash(key: Vec<u8>, first: u8, email in text(), other in text(), change: (u8, u8)) {
            let hex = digits(&key, first);
            verifies(&hex, email.as_bytes(), other.as_bytes(), change.0, change.1);
            let digit = b"0123456789abcdefABCDEF"[usize::from(change.1) % 22];
            verifies(&hex, email.as_bytes(), b"", change.0, digit);
        }

        #[test]
        fn any_batch(key: Vec<u8>, first: u8, text: Vec<u8>, n: u8) {
            signs_many(&digits(&key, first), &text, near_a_limit(n));
        }

        #[test]
        fn any_token(
            secret in "[ -~]{15,70}", given in [text(), text(), text()],
            (account, contact) in (option::of(text()), option::of(text())),
            (expires_in, now) in (0..910_u64, 0..(1_u64 << 53)), change: (u16, u8),
        ) {
            let [app_id, email, name] = &given;
            let user = JwtUser {
                app_id,
                email,
                name: Some(name),
                account_external_id: account.as_deref(),
                contact_external_id: contact.as_deref(),
            };
            tokens(&secret, user, expires_in, now, change.0, change.1);
        }

        #[test]
        fn any_claims(pieces in vec("[{}\\[\\]\",:0-9eE.+\\- \\\\]|\\\\u00|\"name\":|\"email\"|null|true", 0..16)) {
            claims(&format!(",{}", pieces.concat()));
        }

        #[test]
        fn any_diagnosis(hex in text(), email in text(), shown in text()) {
            explains(hex.as_bytes(), email.as_bytes(), shown.as_bytes());
        }

        #[test]
        fn any_page(key: Vec<u8>, first: u8, text in text(), page in page(), hash: bool) {
            let hex = digits(&key, first);
            explains_page(text.as_bytes(), &text);
            explains_page(&hex, &page);
            let email_hash = IdentitySecret::from_hex(&hex).unwrap().sign("a@b.c");
            let email_hash = if hash { email_hash.as_str() } else { &page };
            explains_page(&hex, &format!("<script>window.pylon = {{chat_settings: {{email: 'a@b.c', \
                app_id: 'a', email_hash: '{email_hash}'}}}}\n{page}"));
        }

        #[test]
        fn any_diagnosis_of_a_secret(key: Vec<u8>, first: u8, email in text(), at: u8, byte: u8) {
            let hex = digits(&key, first);
            let mut shown = IdentitySecret::from_hex(&hex).unwrap().sign(&email).as_bytes().to_vec();
            explains(&hex, email.as_bytes(), &shown);
            shown[usize::from(at) % EmailHash::LEN] = byte;
            explains(&hex, email.as_bytes(), &shown);
            shown.truncate(at.into());
            explains(&hex, email.as_bytes(), &shown);
        }

        #[test]
        fn any_settings(
            key: (Vec<u8>, u8),
            texts in (text(), text()),
            more in (option::of(text()), option::of(text()), option::of(text()), option::of(text())),
            nonce in option::of(text()),
        ) {
            let user = User {
                app_id: &texts.0,
                email: &texts.1,
                name: more.0.as_deref(),
                avatar_url: more.1.as_deref(),
                account_id: more.2.as_deref(),
                account_external_id: more.3.as_deref(),
            };
            let hex = digits(&key.0, key.1);
            scripts(&hex, user, nonce.as_deref());
            scripts(&hex, user, Some("r4nd0m+/-_=="));
            scripts(&hex, user, None);
        }
    }

    /// Alone, and at the start and the end of a secret of usual length and of a longer one.
    #[test]
    fn every_pair_of_bytes_as_secret() {
        for pair in (0..=u16::MAX).map(u16::to_be_bytes) {
            for other in [0, 62, 128] {
                let zeros = vec![b'0'; other];
                parses(|hex| IdentitySecret::from_hex(hex), &[&pair[..], &zeros].concat());
                parses(|hex| IdentitySecret::from_hex(hex), &[&zeros, &pair[..]].concat());
            }
        }
    }
}
