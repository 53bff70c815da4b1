use base64ct::{Base64, Encoding};
use hmac::{EagerHash, KeyInit, block_api::HmacCore};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::keys::{decode_as_node, keys, unwrap};
use super::messages::messages;
use super::observed::{self, Observed, shortening};
use super::{Cause, trim};
use crate::secret::tag;
use crate::settings::is_missing;

/// Bytes that the code that signed may have used, and the mistakes that lead to them.
pub(super) struct Variant {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) causes: Vec<Cause>,
}

pub(super) fn variant(bytes: impl Into<Vec<u8>>, causes: &[Cause]) -> Variant {
    #[inline(never)] // for the size of the packages
    fn new(bytes: Vec<u8>, causes: &[Cause]) -> Variant {
        Variant { bytes: Zeroizing::new(bytes), causes: causes.to_vec() }
    }
    new(bytes.into(), causes)
}

#[inline(never)] // for the size of the packages
pub(super) fn join(pieces: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(pieces.concat())
}

/// Keeps of equal bytes those with the fewest mistakes, of as many the first.
pub(super) fn distinct(mut variants: Vec<Variant>) -> Vec<Variant> {
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

/// Makes the hash of a message, which has at most 64 bytes, and returns its length.
type Hasher = Box<dyn Fn(&[u8], &mut [u8; 64]) -> usize>;

fn write(hash: &[u8], to: &mut [u8; 64]) -> usize {
    to[..hash.len()].copy_from_slice(hash);
    hash.len()
}

impl Algorithm {
    /// The algorithm whose digests have this number of hexadecimal digits. Fewer may be a part of a hash.
    fn of_digits(count: usize) -> Option<Self> {
        Some(match count {
            ..=64 => Self::Sha256,
            96 => Self::Sha384,
            128 => Self::Sha512,
            _ => return None,
        })
    }

    fn unkeyed(self) -> Hasher {
        match self {
            Self::Sha256 => Box::new(|message, to| write(&Sha256::digest(message), to)),
            Self::Sha384 => Box::new(|message, to| write(&Sha384::digest(message), to)),
            Self::Sha512 => Box::new(|message, to| write(&Sha512::digest(message), to)),
        }
    }

    fn hmac(self, key: &[u8]) -> Hasher {
        fn keyed<D: EagerHash + 'static>(key: &[u8]) -> Hasher {
            let hmac = HmacCore::<D>::new_from_slice(key).expect("HMAC takes keys of any length");
            Box::new(move |message, to| write(&tag(hmac.clone(), message), to))
        }
        match self {
            Self::Sha256 => keyed::<Sha256>(key),
            Self::Sha384 => keyed::<Sha384>(key),
            Self::Sha512 => keyed::<Sha512>(key),
        }
    }
}

pub(super) fn find_causes(secret: &[u8], email: &[u8], email_hash: &[u8]) -> Vec<Cause> {
    if is_nothing(email_hash, email) {
        return vec![Cause::HashMissing];
    }
    if is_secret(email_hash, secret) {
        return vec![Cause::SecretOnPage];
    }
    if is_jwt(email_hash) {
        return vec![Cause::HashIsJwt];
    }
    let Some(Observed { digits, mut causes }) = observed::read(email_hash) else {
        return vec![Cause::HashMalformed];
    };
    let algorithm = Algorithm::of_digits(digits.len());
    let wrong_algorithm = digits.len() != 64 && matches!(digits.len(), 32 | 40 | 56 | 96 | 128);
    let attempts = Attempts::new(secret, email);
    let found = algorithm.and_then(|algorithm| attempts.find(algorithm, &digits));
    if let Some(found) = found.or_else(|| attempts.find_mac_behind_email(&digits)) {
        causes.extend(found);
        causes.extend((digits.len() > 64 && wrong_algorithm).then_some(Cause::HashWrongAlgorithm));
    } else if wrong_algorithm {
        causes.push(Cause::HashWrongAlgorithm);
    } else if digits.len() != 64 {
        return vec![Cause::HashMalformed];
    } else {
        let nothing = [(secret, Cause::SecretMissing), (email, Cause::EmailMissing)]
            .map(|(text, cause)| str::from_utf8(text).is_ok_and(is_missing).then_some(cause));
        let before = causes.len();
        causes.extend(nothing.into_iter().flatten());
        causes.extend((causes.len() == before).then_some(Cause::Unknown));
    }
    causes.sort_unstable();
    causes.dedup();
    causes
}

/// Whether the hash is empty, a filler, or the email.
fn is_nothing(email_hash: &[u8], email: &[u8]) -> bool {
    let text = str::from_utf8(email_hash).unwrap_or("other");
    is_missing(text)
        || is_missing(text.trim_matches(['"', '\'']))
        || trim(email_hash) == trim(email)
}

/// Whether the hash is the secret: as it is configured, its digits, or its bytes in base64.
fn is_secret(email_hash: &[u8], secret: &[u8]) -> bool {
    let bare = |text| {
        let inner = unwrap(text);
        inner.unwrap_or_else(|| Zeroizing::new(trim(text).to_vec()))
    };
    let (given, secret) = (bare(email_hash), bare(secret));
    if secret.len() < 16 {
        return false;
    }
    let key = decode_as_node(&secret).bytes;
    let base64 = Zeroizing::new(Base64::encode_string(&key));
    given.eq_ignore_ascii_case(&secret)
        || (key.len() >= 16 && base64.as_bytes() == trim(email_hash))
}

/// Whether this is a JSON Web Token (RFC 7519): three parts in base64url, of which the first is a JSON object.
fn is_jwt(text: &[u8]) -> bool {
    let text = trim(text);
    let text = text.strip_prefix(b"Bearer ").unwrap_or(text);
    let parts: Vec<_> = text.split(|byte| *byte == b'.').collect();
    let is_object = |part: &[u8]| part.starts_with(b"eyJ"); // {" in base64url
    parts.len() == 3 && is_object(parts[0]) && is_object(parts[1])
}

/// The keys and the messages that people make.
struct Attempts {
    keys: Vec<Variant>,
    messages: Vec<Variant>,
    swapped_keys: Vec<Variant>,
    swapped_messages: Vec<Variant>,
    /// The texts and bytes of the secret that may be joined with the email.
    joined: Vec<Variant>,
}

/// A way to make a hash of a message, and its mistakes.
struct Way {
    hash: Hasher,
    causes: Vec<Cause>,
}

/// Nobody makes more mistakes in one hash, apart from how it is written.
const MAX_MISTAKES: usize = 4;

/// How many blocks are hashed before the search gives up, which bounds the time for the longest emails.
const MAX_BLOCKS: usize = 300_000;

impl Attempts {
    fn new(secret: &[u8], email: &[u8]) -> Self {
        let messages = messages(email);
        let mut joined = vec![variant(trim(secret), &[])];
        joined.push(Variant { causes: Vec::new(), ..decode_as_node(trim(secret)) });
        joined.retain(|secret| !secret.bytes.is_empty());
        Self {
            keys: keys(secret),
            swapped_keys: swapped_keys(&messages),
            swapped_messages: swapped_messages(secret),
            messages,
            joined: distinct(joined),
        }
    }

    /// The fewest mistakes that give the digits.
    fn find(&self, algorithm: Algorithm, digits: &str) -> Option<Vec<Cause>> {
        let digest = base16ct::lower::decode_vec(digits).unwrap_or_default();
        let is_part = digits.len() < 64;
        let compare = |hash: &[u8]| match is_part {
            true => shortening(digits, hash).map(Some),
            false => (hash == digest).then_some(None),
        };
        let keyed =
            |key: &Variant| Way { hash: algorithm.hmac(&key.bytes), causes: key.causes.clone() };
        let joined = self.joined.iter().flat_map(|secret| {
            [true, false].map(|first| {
                let (secret, hash) = (secret.bytes.clone(), algorithm.unkeyed());
                let hash = move |message: &[u8], to: &mut _| match first {
                    true => hash(&join(&[&secret, message]), to),
                    false => hash(&join(&[message, &secret]), to),
                };
                Way { hash: Box::new(hash), causes: vec![Cause::HashConcatenated] }
            })
        });
        let plain = Way { hash: algorithm.unkeyed(), causes: vec![Cause::HashUnkeyed] };
        let ways = [
            (self.keys.iter().map(keyed).chain(joined).chain([plain]).collect(), &self.messages),
            (self.swapped_keys.iter().map(keyed).collect::<Vec<_>>(), &self.swapped_messages),
        ];
        let (mut blocks, mut hash) = (0, [0; 64]);
        for mistakes in 0..=MAX_MISTAKES {
            let mut found: Vec<Vec<Cause>> = Vec::new();
            for (ways, messages) in &ways {
                for way in ways.iter().filter(|way| way.causes.len() <= mistakes) {
                    let rest = mistakes - way.causes.len();
                    for message in messages.iter().filter(|message| message.causes.len() == rest) {
                        blocks += message.bytes.len() / 64 + 2;
                        if blocks > MAX_BLOCKS {
                            return None;
                        }
                        let length = (way.hash)(&message.bytes, &mut hash);
                        if let Some(shortened) = compare(&hash[..length]) {
                            let mut causes = [&way.causes[..], &message.causes].concat();
                            causes.extend(shortened);
                            causes.sort_unstable();
                            found.push(causes);
                        }
                    }
                }
            }
            if let Some(found) =
                found.into_iter().min_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)))
            {
                return Some(found);
            }
        }
        None
    }

    /// The mistakes that give the email and behind it the MAC of nothing, as Go's `mac.Sum([]byte(email))` does.
    fn find_mac_behind_email(&self, digits: &str) -> Option<Vec<Cause>> {
        let bytes = base16ct::lower::decode_vec(digits).ok()?;
        let (email, mac) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        let message = self.messages.iter().find(|message| message.bytes[..] == *email)?;
        let keyed =
            self.keys.iter().map(|key| (Algorithm::Sha256.hmac(&key.bytes), &key.causes[..]));
        let unkeyed = (Algorithm::Sha256.unkeyed(), &[Cause::HashUnkeyed][..]);
        let mut to = [0; 64];
        let made = keyed.chain([unkeyed]).filter(|(hash, _)| {
            hash(b"", &mut to);
            to[..32] == *mac
        });
        let (_, causes) = made.min_by_key(|(_, causes)| causes.len())?;
        (!email.is_empty()).then(|| [causes, &message.causes, &[Cause::EmailNotHashed]].concat())
    }
}

fn swapped_keys(messages: &[Variant]) -> Vec<Variant> {
    let emails = messages.iter().filter(|message| !message.causes.contains(&Cause::EmailMissing));
    let keys = emails.flat_map(|email| {
        let mut decoded = decode_as_node(&email.bytes);
        decoded.causes.extend(&email.causes);
        [variant(&email.bytes[..], &email.causes), decoded]
    });
    distinct(keys.collect())
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
