//! What the vectors cannot say: what is shown, what is random, what is listed.

use std::collections::HashSet;

use pylon_identity_core::{Error, IdentitySecret, generate_secret};

/// Recognisable in hexadecimal and, decoded, as text.
const SENTINEL: &str = "53454e54494e454c53454e54494e454c53454e54494e454c53454e54494e454c";

#[test]
fn debug_shows_no_secret() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    assert_eq!(format!("{secret:?} {secret:#?}"), "IdentitySecret(hidden) IdentitySecret(hidden)");
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
    let hash = IdentitySecret::from_hex("00").unwrap().sign("");
    assert_eq!(format!("{hash:>66}"), format!("  {}", hash.as_str()));
    assert_eq!(hash.as_bytes(), hash.as_str().as_bytes());
    assert_eq!(format!("{hash:?}"), format!("EmailHash({:?})", hash.as_str()));
}

#[test]
fn secrets_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<IdentitySecret>();
    shared::<Error>();
}
