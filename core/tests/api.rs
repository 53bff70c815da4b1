//! What the vectors cannot say: what is shown, what is random, what is listed.

use std::cell::Cell;
use std::collections::HashSet;
use std::thread::available_parallelism;

use hmac::{Hmac, KeyInit, Mac};
use pylon_identity_core::{
    Cause, EmailHash, Error, IdentitySecret, User, diagnose, generate_secret,
};
use sha2::{Digest, Sha256, Sha384};

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
fn an_unexplained_hash_mentions_a_secret_that_is_refused() {
    let explanation = diagnose("undefined", "ada@example.com", "0".repeat(64)).explanation();
    assert!(explanation.contains(Error::SecretNotHex.message()), "{explanation}");
    let explanation = diagnose(SENTINEL, "ada@example.com", "0".repeat(64)).explanation();
    assert!(!explanation.contains("The secret given here"), "{explanation}");
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

#[test]
fn diagnoses_a_decoded_secret_as_message() {
    let email = "ada@example.com";
    let swapped = |message: &[u8]| {
        let keyed = Hmac::<Sha256>::new_from_slice(email.as_bytes()).unwrap();
        hex::encode(keyed.chain_update(message).finalize().into_bytes())
    };
    let whole = swapped(&hex::decode(SENTINEL).unwrap());
    assert_eq!(diagnose(SENTINEL, email, &whole).causes(), [Cause::ArgumentsSwapped]);
    // Only a secret that is decoded whole is taken for the message.
    let cut = swapped(&[0xab]);
    assert_eq!(diagnose("abx", email, &cut).causes(), [Cause::Unknown]);
}

/// Up to which length of the email the mistakes with it are tried.
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
    let refused = |name| IdentitySecret::from_env(name).unwrap_err();
    assert_eq!(refused("CARGO_PKG_NAME"), Error::SecretNotHex);
    for impossible in ["PYLON_IDENTITY_NOT_SET", "", "a=b", "a\0b"] {
        assert_eq!(refused(impossible), Error::SecretMissing);
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

/// Batches of any size come back in order, whole, and with their own hashes.
#[test]
fn batches_are_signed_in_order() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    for (size, count) in [(1, 500), (1000, 20_000), (1024, 20_000), (5000, 20_000)] {
        let (mut next_id, mut taken) = (0, 0);
        let next = || {
            let batch: Vec<_> = (next_id..(next_id + size).min(count)).map(email).collect();
            next_id += size;
            Ok::<_, ()>((!batch.is_empty()).then_some(batch))
        };
        let take = |batch: Vec<String>, hashes: Vec<EmailHash>| {
            assert_eq!(batch.len(), hashes.len());
            for (signed, hash) in batch.iter().zip(hashes) {
                assert_eq!(signed, &email(taken));
                assert_eq!(hash.as_str(), secret.sign(signed).as_str());
                taken += 1;
            }
            Ok(())
        };
        secret.sign_batches(next, take).unwrap();
        assert_eq!(taken, count);
    }
}

/// Two batches for each further processor, so that none is idle, and one: memory stays bounded.
#[test]
fn no_more_batches_wait_than_keep_the_processors_busy() {
    let secret = IdentitySecret::from_hex("00").unwrap();
    let further_processors = available_parallelism().unwrap().get() - 1;
    for (size, expected) in [(1023, 1), (1024, 2 * further_processors + 1)] {
        let (mut given, waiting, mut most_waiting) = (0, Cell::new(0), 0);
        let next = || {
            if given == 4 * expected {
                return Ok::<_, ()>(None);
            }
            given += 1;
            waiting.set(waiting.get() + 1);
            Ok(Some(vec![""; size]))
        };
        let take = |_: Vec<_>, _| {
            most_waiting = most_waiting.max(waiting.get());
            waiting.set(waiting.get() - 1);
            Ok(())
        };
        secret.sign_batches(next, take).unwrap();
        assert_eq!(most_waiting, expected, "batches of {size}");
    }
}

#[test]
fn an_error_of_the_caller_ends_the_batches() {
    let secret = IdentitySecret::from_hex(SENTINEL).unwrap();
    let batch = || (0..2000).map(email).collect::<Vec<_>>();
    for fail_at in 0..6 {
        let mut count = 0;
        let mut step = |error| {
            count += 1;
            if count > fail_at { Err(error) } else { Ok(()) }
        };
        let next = || step("next").map(|()| Some(batch()));
        assert_eq!(secret.sign_batches(next, |_, _| Ok(())), Err("next"));
        let mut step = |error| {
            count += 1;
            if count > 2 * fail_at { Err(error) } else { Ok(()) }
        };
        assert_eq!(secret.sign_batches(|| Ok(Some(batch())), |_, _| step("take")), Err("take"));
    }
}

fn email(id: usize) -> String {
    format!("user{id}@example.com")
}
