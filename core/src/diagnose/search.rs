use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::encodings::{change_encoding, parse_hash};
use super::{Cause, trim};
use crate::{Error, IdentitySecret};

/// Bytes that the code that signed may have used, and the mistakes that lead to them.
pub(super) struct Variant {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) causes: Vec<Cause>,
}

pub(super) fn variant(bytes: impl Into<Vec<u8>>, causes: &[Cause]) -> Variant {
    Variant { bytes: Zeroizing::new(bytes.into()), causes: causes.to_vec() }
}

/// Keeps of equal bytes those with the fewest mistakes, of as many the first.
fn distinct(mut variants: Vec<Variant>) -> Vec<Variant> {
    let mistakes = |variant: &Variant| variant.causes.len();
    variants.sort_by(|a, b| a.bytes.cmp(&b.bytes).then(mistakes(a).cmp(&mistakes(b))));
    variants.dedup_by(|later, kept| later.bytes == kept.bytes);
    variants
}

/// An algorithm whose hashes can be made here and compared.
#[derive(Clone, Copy, PartialEq)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// Makes the hash of a message.
type Hasher = Box<dyn Fn(&[u8]) -> Vec<u8>>;

impl Algorithm {
    fn of_digest(digest: &[u8]) -> Option<Self> {
        Some(match digest.len() {
            32 => Self::Sha256,
            48 => Self::Sha384,
            64 => Self::Sha512,
            _ => return None,
        })
    }

    fn unkeyed(self) -> Hasher {
        match self {
            Self::Sha256 => Box::new(|message| Sha256::digest(message).to_vec()),
            Self::Sha384 => Box::new(|message| Sha384::digest(message).to_vec()),
            Self::Sha512 => Box::new(|message| Sha512::digest(message).to_vec()),
        }
    }

    fn hmac(self, key: &[u8]) -> Hasher {
        fn keyed<M: Mac + KeyInit + Clone + 'static>(key: &[u8]) -> Hasher {
            let hmac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
            Box::new(move |message| {
                hmac.clone().chain_update(message).finalize().into_bytes().to_vec()
            })
        }
        match self {
            Self::Sha256 => keyed::<Hmac<Sha256>>(key),
            Self::Sha384 => keyed::<Hmac<Sha384>>(key),
            Self::Sha512 => keyed::<Hmac<Sha512>>(key),
        }
    }
}

pub(super) fn find_causes(secret: &[u8], email: &[u8], email_hash: &[u8]) -> Vec<Cause> {
    let Some(Variant { bytes: digest, mut causes }) = parse_hash(email_hash) else {
        return vec![Cause::HashMalformed];
    };
    let algorithm = Algorithm::of_digest(&digest);
    let right_algorithm = algorithm == Some(Algorithm::Sha256);
    causes.extend((!right_algorithm).then_some(Cause::HashWrongAlgorithm));
    match algorithm.and_then(|algorithm| search(algorithm, secret, email, &digest)) {
        Some(found) => causes.extend(found),
        None if right_algorithm => causes.push(Cause::Unknown),
        None => {}
    }
    causes.sort();
    causes
}

/// The fewest mistakes that give the digest.
fn search(algorithm: Algorithm, secret: &[u8], email: &[u8], digest: &[u8]) -> Option<Vec<Cause>> {
    let messages = messages(email);
    let unkeyed = algorithm.unkeyed();
    let unkeyed = messages.iter().filter_map(|message| {
        let causes = [&[Cause::HashUnkeyed], &message.causes[..]].concat();
        (unkeyed(&message.bytes) == digest).then_some(causes)
    });
    let swapped = (swapped_keys(&messages), swapped_messages(secret));
    let keyed = [(&keys(secret), &messages), (&swapped.0, &swapped.1)];
    let keyed = keyed.into_iter().flat_map(|(keys, messages)| {
        keys.iter().flat_map(|key| {
            let hmac = algorithm.hmac(&key.bytes);
            messages.iter().filter_map(move |message| {
                let causes = [&key.causes[..], &message.causes].concat();
                (hmac(&message.bytes) == digest).then_some(causes)
            })
        })
    });
    let found = unkeyed.chain(keyed).map(|mut causes| {
        causes.sort();
        causes
    });
    found.min_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)))
}

/// The keys that people make of the secret.
fn keys(secret: &[u8]) -> Vec<Variant> {
    let trimmed = trim(secret);
    // As Python's bytes.fromhex reads it.
    let mut squeezed = Zeroizing::new(secret.to_vec());
    squeezed.retain(|byte| !byte.is_ascii_whitespace());
    let mut keys = vec![variant([], &[Cause::SecretEmptyKey])];
    for digits in [trimmed, &squeezed] {
        let key = decode_as_node(digits);
        if !digits.is_empty() && 2 * key.bytes.len() == digits.len() {
            let mut causes = weakness(digits);
            causes.extend((digits != secret).then_some(Cause::SecretWhitespace));
            keys.push(Variant { causes, ..key });
        }
    }
    keys.push(decode_as_node(secret));
    let mut key = decode_as_node(trimmed);
    key.causes.push(Cause::SecretWhitespace);
    keys.push(key);
    if !trimmed.is_empty() {
        keys.push(variant(trimmed, &[Cause::SecretUsedAsText]));
        let after = [&b"\n"[..], b"\r\n", b" "].map(|space| [trimmed, space].concat());
        for text in after.into_iter().chain([[b" ", trimmed].concat(), secret.to_vec()]) {
            keys.push(variant(text, &[Cause::SecretUsedAsText, Cause::SecretWhitespace]));
        }
    }
    distinct(keys)
}

/// Why the key of these digits is none, although HMAC would take it.
fn weakness(digits: &[u8]) -> Vec<Cause> {
    match IdentitySecret::from_hex(digits) {
        Err(Error::SecretWeak) if digits.iter().all(|digit| *digit == b'0') => {
            vec![Cause::SecretEmptyKey]
        }
        Err(Error::SecretWeak) => vec![Cause::SecretTruncated],
        _ => Vec::new(),
    }
}

/// Node's `Buffer.from(text, 'hex')`, which stops at the first pair that is not of digits.
fn decode_as_node(text: &[u8]) -> Variant {
    // Counted first, since a vector that grows leaves copies behind.
    let pairs = text.chunks_exact(2).take_while(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    let digits = &text[..2 * pairs.count()];
    let bytes = base16ct::mixed::decode_vec(digits).expect("an even number of digits");
    let cause = if bytes.is_empty() { Cause::SecretEmptyKey } else { Cause::SecretTruncated };
    variant(bytes, &[cause])
}

fn swapped_keys(emails: &[Variant]) -> Vec<Variant> {
    let decoded = emails.iter().map(|email| {
        let mut key = decode_as_node(&email.bytes);
        key.causes.extend(&email.causes);
        key
    });
    distinct(
        emails
            .iter()
            .map(|email| variant(&email.bytes[..], &email.causes))
            .chain(decoded)
            .collect(),
    )
}

fn swapped_messages(secret: &[u8]) -> Vec<Variant> {
    let trimmed = trim(secret);
    let mut messages = vec![
        variant(trimmed, &[Cause::ArgumentsSwapped]),
        variant(secret, &[Cause::SecretWhitespace, Cause::ArgumentsSwapped]),
    ];
    let key = decode_as_node(trimmed);
    if 2 * key.bytes.len() == trimmed.len() {
        messages.push(Variant { causes: vec![Cause::ArgumentsSwapped], ..key });
    }
    distinct(messages)
}

/// The texts that an email may become by a mistake.
type Mistake = fn(&str) -> Vec<String>;

const EMAIL_MISTAKES: [(Cause, Mistake); 3] = [
    (Cause::EmailCase, change_case),
    (Cause::EmailWhitespace, change_whitespace),
    (Cause::EmailEncoded, change_encoding),
];

/// Emails have at most 254 bytes. All variants of a longer text would take much memory and time.
const MAX_EMAIL: usize = 1024;

/// The messages that people make of the email: each mistake at most once, in any order.
fn messages(email: &[u8]) -> Vec<Variant> {
    let mut messages = vec![variant(email, &[])];
    if email.len() > MAX_EMAIL {
        return messages;
    }
    let mut start = 0;
    for _ in EMAIL_MISTAKES {
        let mut further = Vec::new();
        for message in &messages[start..] {
            let Ok(text) = str::from_utf8(&message.bytes) else { continue };
            for (cause, mistake) in EMAIL_MISTAKES {
                if !message.causes.contains(&cause) {
                    let causes = [&message.causes[..], &[cause]].concat();
                    further.extend(mistake(text).into_iter().map(|text| variant(text, &causes)));
                }
            }
        }
        start = messages.len();
        messages.extend(distinct(further));
    }
    distinct(messages)
}

fn change_case(text: &str) -> Vec<String> {
    let mut cased = vec![
        text.to_lowercase(),
        text.to_uppercase(),
        text.to_ascii_lowercase(),
        text.to_ascii_uppercase(),
    ];
    // Normalised as mail servers do.
    if let Some((user, domain)) = text.rsplit_once('@') {
        cased.push(format!("{user}@{}", domain.to_lowercase()));
    }
    cased
}

fn change_whitespace(text: &str) -> Vec<String> {
    let trimmed = text.trim();
    let added = ["\n", "\r\n", " ", "\t"].map(|after| format!("{trimmed}{after}"));
    [trimmed.to_owned(), format!(" {trimmed}")].into_iter().chain(added).collect()
}
