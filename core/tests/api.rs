//! Tests that the vectors cannot express: secrecy, randomness, lists.

use std::collections::HashSet;

use hmac::{Hmac, KeyInit, Mac};
use std::time::Instant;

use pylon_identity_core::{
    Cause, EmailHash, Error, IdentitySecret, JwtSecret, JwtUser, User, binding, chat_settings_json,
    chat_settings_script, diagnose, diagnose_jwt, diagnose_page, generate_secret,
};
use sha2::{Digest, Sha256, Sha384};

/// Recognisable in hexadecimal and, decoded, as text.
const SENTINEL: &str = "53454e54494e454c53454e54494e454c53454e54494e454c53454e54494e454c";

#[test]
fn debug_shows_no_secret() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    assert_eq!(format!("{secret:?} {secret:#?}"), "IdentitySecret(hidden) IdentitySecret(hidden)");
}

/// Windows writes such files. Not all languages can pass these bytes, so no vector has them.
#[test]
fn a_secret_in_utf_16_is_found() {
    let right = IdentitySecret::from_hex(SENTINEL).unwrap().sign("a");
    for (mark, to_bytes) in
        [([0xff, 0xfe], u16::to_le_bytes as fn(_) -> _), ([0xfe, 0xff], u16::to_be_bytes)]
    {
        let text: Vec<u8> = SENTINEL.bytes().flat_map(|byte| to_bytes(byte.into())).collect();
        let configured = [&mark[..], &text].concat();
        assert_eq!(diagnose(&configured, "a", right.as_str()).causes(), [Cause::SecretEncoded]);
    }
}

#[test]
fn jwts_show_no_secret() {
    let secret = JwtSecret::new(SENTINEL).unwrap();
    assert_eq!(format!("{secret:?} {secret:#?}"), "JwtSecret(hidden) JwtSecret(hidden)");
    let user = JwtUser { app_id: "widget-1", email: "eve@example.com", ..JwtUser::default() };
    let settings = secret.chat_settings(user, JwtSecret::LIFETIME).unwrap();
    assert_eq!(format!("{settings:?}"), "JwtChatSettings(hidden)");
    assert_eq!(settings.fields().map(|(name, _)| name), ["app_id", "jwt"]);
    let token = secret.sign_jwt(user, 1).unwrap();
    for shown in [token.as_str(), SENTINEL, "eve@example.com", &token[..40]] {
        let diagnosis = diagnose_jwt(SENTINEL, "widget-2", shown, Some("x"), Some(0));
        let shown = format!("{diagnosis:?} {}", diagnosis.explanation()).to_lowercase();
        for hidden in ["53454e54", "sentinel", "eve@example.com", "eyj"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
    assert_eq!(secret.verify_jwt(&token, "widget-2").unwrap_err(), Error::JwtAudience);
}

/// The page would have to repeat the claims of the token, and Pylon accepts only one of the two.
#[test]
fn settings_have_a_hash_or_a_jwt() {
    let both = [("app_id", "a"), ("email_hash", "b"), ("jwt", "c")];
    assert!(chat_settings_json(both).is_err_and(|error| error == Error::SettingsInvalid));
    assert!(chat_settings_json([both[0], both[2]]).is_ok());
    let claim = [("app_id", "a"), ("contact_external_id", "b")];
    assert!(chat_settings_json(claim).is_err_and(|error| error == Error::SettingsInvalid));
}

#[test]
fn errors_show_no_secret() {
    for malformed in [format!("{SENTINEL}0"), format!(" {SENTINEL}"), format!("{SENTINEL}zz")] {
        let error = IdentitySecret::from_hex(malformed).unwrap_err();
        let shown = format!("{error} {error:?} {}", error.code()).to_lowercase();
        assert!(!shown.contains("53454e54") && !shown.contains("sentinel"), "{shown}");
    }
}

#[test]
fn errors_have_codes_of_their_own_and_say_what_to_do() {
    let codes: HashSet<_> = Error::ALL.iter().map(|error| error.code()).collect();
    assert_eq!(codes.len(), Error::ALL.len());
    for error in Error::ALL {
        assert_eq!(error.to_string(), error.message());
        assert_eq!(
            format!("{error:?}").to_lowercase(),
            error.code().replace('_', ""),
            "a code is its variant's name in snake_case"
        );
        let sentences = error.message().matches(". ").count() + 1;
        assert!(sentences >= 2 && error.message().ends_with('.'), "{error}");
    }
}

#[test]
fn causes_have_codes_of_their_own_and_say_what_to_do() {
    let codes: HashSet<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    assert_eq!(codes.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        assert_eq!(format!("{cause:?}").to_lowercase(), cause.code().replace('_', ""));
        let sentences = cause.explanation().matches(['.', ':']).count();
        assert!(sentences >= 2 && cause.explanation().ends_with('.'), "{cause:?}");
    }
}

#[test]
fn diagnoses_show_neither_secret_nor_email_nor_hash() {
    let right = IdentitySecret::from_hex(SENTINEL).unwrap().sign("eve@example.com");
    let malformed = format!("\"{SENTINEL}");
    for secret in [SENTINEL, &malformed] {
        for hash in [right.as_str(), "undefined", &right.as_str().to_uppercase(), SENTINEL] {
            let diagnosis = diagnose(secret, "eve@example.com", hash);
            let shown = format!("{diagnosis:?} {}", diagnosis.explanation()).to_lowercase();
            for hidden in ["53454e54", "sentinel", "eve@example.com", &right.as_str()[..8]] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
}

#[test]
fn a_diagnosis_of_a_page_names_fields_and_no_values() {
    let page = format!(
        "{{appId: 'widget-1', email: 'eve@example.com', emailHash: '{}', accountId: 'acme'}}",
        IdentitySecret::from_hex(SENTINEL).unwrap().sign("eve@example.com")
    );
    let diagnosis = diagnose_page(SENTINEL, &page);
    assert_eq!(diagnosis.causes(), [Cause::SettingsMisnamed, Cause::SettingsIgnored]);
    let shown = format!("{diagnosis:?} {}", diagnosis.explanation());
    for named in ["On this page: app_id, email_hash.", "On this page: account_id."] {
        assert!(shown.contains(named), "{shown}");
    }
    for hidden in ["53454e54", "widget-1", "eve@example.com", "acme"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

/// Each page takes milliseconds. In quadratic time it would take minutes.
#[test]
fn pages_take_linear_time_and_little_stack() {
    let start = Instant::now();
    for piece in [
        "{",
        "[",
        "(",
        "<",
        "'",
        "`",
        "/",
        "<a ",
        "<!--",
        "</",
        "{chat_settings:",
        "{email:",
        "a:[,",
        "'\\",
        "'\\'",
        "=/[",
        "= /\\/",
        "/*",
        "//\n",
        "\\u",
        "`${`",
        "window.",
        "window[",
        "window.pylon=",
        "assign(",
        "pylon.chat_settings={",
        "pylon.email=1;",
        "<script>",
        "<script src='",
        "<title></",
        " ",
        "\n",
        "é",
        "…",
    ] {
        for before in ["", "{", "<script>", "x"] {
            let page = before.to_owned() + &piece.repeat((1 << 18) / piece.len());
            assert!(!diagnose_page(SENTINEL, &page).matches());
        }
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let long = format!("{{}}{}", " ".repeat(1 << 20));
    assert!(diagnose_page(SENTINEL, &long).explanation().contains("Only the beginning was read."));
}

#[test]
fn an_unexplained_hash_mentions_a_secret_that_is_refused() {
    let explanation = diagnose("a JWT secret", "ada@example.com", "0".repeat(64)).explanation();
    assert!(explanation.contains(Error::SecretNotHex.message()), "{explanation}");
    assert!(explanation.contains("option \"HMAC email hash\""), "{explanation}");
    let explanation = diagnose(SENTINEL, "ada@example.com", "0".repeat(64)).explanation();
    assert!(!explanation.contains("The secret given here"), "{explanation}");
}

#[test]
fn a_wrapped_secret_is_told_from_a_wrapped_key() {
    let right = IdentitySecret::from_hex(SENTINEL).unwrap().sign("ada@example.com");
    let quoted = format!("\"{SENTINEL}\"");
    let configured = diagnose(&quoted, "ada@example.com", right.as_str());
    assert_eq!(configured.causes(), [Cause::SecretEncoded]);
    assert!(configured.explanation().contains("The hash is right for"));
    let used = IdentitySecret::from_hex(SENTINEL.repeat(2)).unwrap().sign("ada@example.com");
    let used = diagnose(SENTINEL, "ada@example.com", used.as_str());
    assert_eq!(used.causes(), [Cause::SecretEncoded]);
    assert!(!used.explanation().contains("The hash is right for"));
}

#[test]
fn diagnoses_bytes_that_are_not_text() {
    let hash = IdentitySecret::from_hex(SENTINEL).unwrap().sign(b"j\xfcrgen");
    assert!(diagnose(SENTINEL, b"j\xfcrgen", hash.as_bytes()).matches());
    let causes = |hash: &[u8]| diagnose(b"\xff", b"\xfc", hash).causes().to_vec();
    assert_eq!(causes(b"\xfe"), [Cause::HashMalformed]);
    assert_eq!(causes(hash.as_bytes()), [Cause::Unknown]);
}

#[test]
fn diagnoses_long_text() {
    let (secret, email) = ("5a".repeat(1 << 20), "ada@example.com".repeat(1 << 10));
    let hash = IdentitySecret::from_hex(&secret).unwrap().sign(&email);
    assert!(diagnose(&secret, &email, hash.as_str()).matches());
    let uppercase = hash.as_str().to_uppercase();
    assert_eq!(diagnose(&secret, &email, uppercase).causes(), [Cause::HashUppercase]);
    assert_eq!(diagnose(&secret, "ada@example.com", hash.as_str()).causes(), [Cause::Unknown]);
}

/// Rare mistakes are tried up to this length of the secret.
#[test]
fn diagnoses_secrets_of_up_to_4096_bytes() {
    let email = "ada@example.com";
    let causes = |secret: &str, key: &[u8]| {
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(email).finalize();
        diagnose(secret, email, hex::encode(mac.into_bytes())).causes().to_vec()
    };
    for length in [4096, 4098] {
        let secret = "5a".repeat(length / 2);
        let quoted = format!("\"{secret}\"");
        let wrapped = [Cause::SecretUsedAsText, Cause::SecretEncoded];
        let expected = if length > 4096 { &[Cause::Unknown][..] } else { &wrapped };
        assert_eq!(causes(&secret, quoted.as_bytes()), expected);
        assert_eq!(causes(&secret, secret.as_bytes()), [Cause::SecretUsedAsText]);
        let cut = format!("{}z{}", &secret[..64], &secret[65..]);
        assert_eq!(causes(&cut, &[0x5a; 32]), [Cause::SecretTruncated]);
        let line = format!("{secret}\n");
        assert_eq!(causes(&line, &vec![0x5a; length / 2]), [Cause::SecretWhitespace]);
    }
}

#[test]
fn diagnoses_a_decoded_secret_as_message() {
    let email = "ada@example.com";
    let swapped = |message: &[u8]| {
        let keyed = Hmac::<Sha256>::new_from_slice(email.as_bytes()).unwrap();
        hex::encode(keyed.chain_update(message).finalize().into_bytes())
    };
    let whole = swapped(&hex::decode(SENTINEL).unwrap());
    assert_eq!(diagnose(SENTINEL, email, &whole).causes(), [Cause::ArgumentsSwapped]);
    // A decoded secret is tried as the message only if it was decoded whole.
    let cut = swapped(&[0xab]);
    assert_eq!(diagnose("abx", email, &cut).causes(), [Cause::Unknown]);
}

/// Mistakes with the email are tried up to this length.
#[test]
fn diagnoses_emails_of_up_to_1024_bytes() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    let causes = |length| {
        let email = "A".repeat(length);
        diagnose(SENTINEL, &email, secret.sign(email.to_lowercase()).as_str()).causes().to_vec()
    };
    assert_eq!(causes(1023), [Cause::EmailCase]);
    assert_eq!(causes(1024), [Cause::EmailCase]);
    assert_eq!(causes(1025), [Cause::Unknown]);
}

#[test]
fn diagnoses_emails_that_were_encoded() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    for (email, signed) in [
        ("a/b c@example.com", "a%2fb+c%40example.com"), // as .NET does
        ("5%zz%40example.com", "5%zz@example.com"),
        (r#""a\"b@example.com""#, r#"a"b@example.com"#),
        ("\"\\\n\r\t\x01@example.com", r#""\"\\\n\r\t\u0001@example.com""#),
    ] {
        let diagnosis = diagnose(SENTINEL, email, secret.sign(signed).as_str());
        assert_eq!(diagnosis.causes(), [Cause::EmailEncoded], "{signed}");
    }
}

/// Some mistakes are tried together. Those that have many forms are tried with fewer others.
#[test]
fn diagnoses_combinations_up_to_their_limits() {
    let (page, digits) = ("René+a@X.com", SENTINEL.as_bytes());
    let (key, line) = (hex::decode(SENTINEL).unwrap(), [digits, b"\n"].concat());
    let filler = &b"undefined"[..];
    use Cause::{
        EmailCase, EmailEncoded, EmailUnicode, EmailWhitespace, SecretMissing, SecretUsedAsText,
        SecretWhitespace, Unknown,
    };
    let rows: [(&[u8], &str, &[Cause]); 11] = [
        (&key, "RENÉ+A@X.COM\n", &[EmailCase, EmailWhitespace]),
        (&key, "REN%C3%89%2BA%40X.COM%0A", &[EmailCase, EmailWhitespace, EmailEncoded]),
        (digits, "REN%C3%89%2BA%40X.COM%0A", &[Unknown]),
        (&key, "ren%25C3%25A9%252Ba%2540x.com", &[EmailCase, EmailEncoded]),
        (&key, "Rene%CC%81%2Ba%40X.com", &[EmailEncoded, EmailUnicode]),
        (&key, "RENE%CC%81%2BA%40X.COM", &[Unknown]),
        (filler, "rené+a@x.com", &[SecretMissing, EmailCase]),
        (filler, "rené+a@x.com\n", &[Unknown]),
        (digits, "René+\u{200b}a@X.com", &[SecretUsedAsText, EmailUnicode]),
        (&line, "rené+a@x.com", &[SecretUsedAsText, SecretWhitespace, EmailCase]),
        (&line, "René+\u{200b}a@X.com", &[Unknown]),
    ];
    for (key, signed, expected) in rows {
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(signed).finalize();
        let diagnosis = diagnose(SENTINEL, page, hex::encode(mac.into_bytes()));
        assert_eq!(diagnosis.causes(), expected, "{signed}");
    }
}

#[test]
fn diagnoses_prefixes_with_any_name() {
    let hash = IdentitySecret::from_hex(SENTINEL).unwrap().sign("ada@example.com");
    for prefix in ["hmac-sha256=", "email_hash:", "v1,"] {
        let diagnosis = diagnose(SENTINEL, "ada@example.com", format!("{prefix}{hash}"));
        assert_eq!(diagnosis.causes(), [Cause::HashPrefixed], "{prefix}");
    }
}

#[test]
fn diagnoses_hashes_of_384_bits() {
    let (email, text) = ("ada@example.com", SENTINEL.as_bytes());
    let causes = |hash: &[u8]| diagnose(SENTINEL, email, hex::encode(hash)).causes().to_vec();
    let unkeyed = Sha384::digest(email);
    assert_eq!(causes(&unkeyed), [Cause::HashUnkeyed, Cause::HashWrongAlgorithm]);
    let keyed = Hmac::<Sha384>::new_from_slice(text).unwrap().chain_update(email).finalize();
    let mistakes = [Cause::SecretUsedAsText, Cause::HashWrongAlgorithm];
    assert_eq!(causes(&keyed.into_bytes()), mistakes);
}

#[test]
fn chat_settings_show_nothing_in_debug() {
    let user = User { app_id: "app", email: "ada@example.com", ..User::default() };
    let settings = IdentitySecret::from_hex(SENTINEL).unwrap();
    let settings = settings.chat_settings(user).unwrap();
    assert_eq!(format!("{settings:?}"), "ChatSettings(hidden)");
}

#[test]
fn the_environment_itself_is_read() {
    // Cargo sets this one.
    let refused = |name| IdentitySecret::from_env(name).unwrap_err().error();
    assert_eq!(refused("CARGO_PKG_NAME"), Error::SecretNotHex);
    for impossible in ["PYLON_IDENTITY_NOT_SET", "", "a=b", "a\0b"] {
        assert_eq!(refused(impossible), Error::SecretMissing);
    }
}

#[test]
fn a_secret_file_is_trimmed_and_its_errors_tell_the_problem() {
    let path = std::env::temp_dir().join(format!("pylon-identity-{}", std::process::id()));
    let read = |text: &[u8]| {
        std::fs::write(&path, text).unwrap();
        IdentitySecret::from_file(&path)
    };
    let secret = read(format!("\u{feff}{SENTINEL}\r\n").as_bytes()).unwrap();
    assert_eq!(
        secret.sign("a").as_str(),
        IdentitySecret::from_hex(SENTINEL).unwrap().sign("a").as_str()
    );
    let refused = |text| {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        error.get_ref().and_then(|error| error.downcast_ref()).copied()
    };
    assert_eq!(refused(b"abc"), Some(Error::SecretOddLength));
    assert_eq!(refused(b"\n"), Some(Error::SecretEmpty));
    assert_eq!(refused(&[b'1'; (64 << 10) + 1]), None);
    assert!(read(&[b'1'; 64 << 10]).is_ok());
    std::fs::remove_file(&path).unwrap();
    let gone = IdentitySecret::from_file(&path).unwrap_err();
    assert_eq!(gone.kind(), std::io::ErrorKind::NotFound);
    assert!(
        IdentitySecret::from_file(SENTINEL).is_err_and(|e| !format!("{e:?}{e}").contains(SENTINEL))
    );
}

#[test]
fn generated_secrets_are_64_lowercase_digits_and_differ() {
    let secrets: HashSet<_> = (0..100).map(|_| generate_secret()).collect();
    assert_eq!(secrets.len(), 100);
    for secret in &secrets {
        assert_eq!(secret.len(), 64);
        assert!(secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert!(IdentitySecret::from_hex(secret).is_ok());
    }
}

#[test]
fn email_hash_pads_like_text() {
    let hash = IdentitySecret::from_hex(SENTINEL).unwrap().sign("");
    assert_eq!(format!("{hash:>66}"), format!("  {}", hash.as_str()));
    assert_eq!(hash.as_bytes(), hash.as_str().as_bytes());
    assert_eq!(AsRef::<str>::as_ref(&hash), hash.as_str());
    assert_eq!(format!("{hash:?}"), "EmailHash(hidden)");
}

#[test]
fn secrets_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<IdentitySecret>();
    shared::<Error>();
}

#[test]
fn many_are_signed_in_order_by_any_number_of_threads() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    for count in [0, 1, 511, 512, 513, 2047, 2048, 2049, 10_000] {
        let emails: Vec<_> = (0..count).map(|i| format!("user{i}@example.com")).collect();
        let mut hashes = vec![[0; EmailHash::LEN]; count];
        secret.sign_many(&emails, &mut hashes);
        for (email, hash) in emails.iter().zip(&hashes) {
            assert_eq!(hash, secret.sign(email).as_bytes(), "{email} of {count}");
        }
    }
}

#[test]
fn names_in_chat_settings_are_the_widget_s_and_occur_once() {
    let refused = |names: &[&str]| {
        let fields = names.iter().map(|name| (name, "x"));
        let script = chat_settings_script(fields.clone(), None);
        assert_eq!(script.is_err(), chat_settings_json(fields).is_err());
        script == Err(Error::SettingsInvalid)
    };
    assert!(refused(&[]));
    assert!(refused(&["appId"]));
    assert!(refused(&["app_id", "emailHash"]));
    assert!(refused(&["app_id", "name", "app_id"]));
    assert!(refused(&["app_id", "__proto__"]));
    assert!(!refused(&["app_id"]));
    assert!(!refused(&["app_id", "anything", "Else"]));
}

#[test]
fn chat_settings_hold_text_only() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    let signed = |email: &[u8]| binding::sign_for_chat_settings(&secret, "app", email);
    assert_eq!(signed(b"j\xfcrgen@example.com").unwrap_err(), Error::EmailNotUnicode);
    assert!(signed("jürgen@example.com".as_bytes()).is_ok());
}

#[test]
fn a_diagnosis_mentions_a_secret_of_unusual_length() {
    let email = "ada@example.com";
    for (secret, expected) in
        [(SENTINEL, false), (&SENTINEL[..32], true), (&SENTINEL.repeat(2), true)]
    {
        let right = IdentitySecret::from_hex(secret).unwrap().sign(email);
        for hash in [right.as_str(), "undefined"] {
            let explanation = diagnose(secret, email, hash).explanation();
            assert_eq!(
                explanation.contains("64 hexadecimal digits, and"),
                expected,
                "{explanation}"
            );
        }
    }
    let explanation = diagnose("00".repeat(32), email, "0".repeat(64)).explanation();
    assert!(explanation.contains(Error::SecretWeak.message()), "{explanation}");
}

#[test]
fn a_diagnosis_mentions_an_unusable_secret_unless_a_cause_explains_it() {
    let email = "ada@example.com";
    let right = IdentitySecret::from_hex(SENTINEL).unwrap().sign(email);
    let quoted = diagnose(format!("{SENTINEL}\""), email, right.as_str());
    assert_eq!(quoted.causes(), [Cause::SecretTruncated]);
    assert!(!quoted.explanation().contains("cannot be used"), "{}", quoted.explanation());
    let unkeyed = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(email).finalize();
    let zero = diagnose("00".repeat(32), email, hex::encode(unkeyed.into_bytes()));
    assert_eq!(zero.causes(), [Cause::SecretEmptyKey]);
    assert!(zero.explanation().contains(Error::SecretWeak.message()), "{}", zero.explanation());
}

#[test]
fn white_space_around_a_configured_secret_is_no_mistake() {
    let email = "ada@example.com";
    let configured = format!("{SENTINEL}\n");
    let right = IdentitySecret::from_hex(SENTINEL).unwrap().sign(email);
    let diagnose = |hash: &str| binding::diagnose_configured(configured.as_bytes(), email, hash);
    assert!(diagnose(right.as_str()).matches());
    let with_newline = Hmac::<Sha256>::new_from_slice(configured.as_bytes()).unwrap();
    let hash = hex::encode(with_newline.chain_update(email).finalize().into_bytes());
    assert_eq!(diagnose(&hash).causes(), [Cause::SecretUsedAsText, Cause::SecretWhitespace]);
}
