use base64ct::{Base64, Encoding};
use hmac::{EagerHash, KeyInit, block_api::HmacCore};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::jwt::bare;
use super::keys::{decode_as_node, keys, unwrap};
use super::messages::Messages;
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

/// Removes variants with equal bytes, and keeps the one with the fewest mistakes.
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
    let (keys, mut messages) = (keys(secret), Messages::new(email));
    let found = algorithm.and_then(|way| find(way, secret, &keys, &mut messages, &digits));
    if let Some(found) = found.or_else(|| find_mac_behind_email(&keys, &mut messages, &digits)) {
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
    let Ok(text) = str::from_utf8(text) else { return false };
    let parts: Vec<_> = bare(text).split('.').collect();
    let is_object = |part: &str| part.starts_with("eyJ"); // {" in base64url
    parts.len() == 3 && is_object(parts[0]) && is_object(parts[1])
}

/// People rarely make more mistakes in one hash. Its form does not count.
const MAX_MISTAKES: usize = 3;

/// The search gives up after this many blocks. This bounds the time for the longest emails.
const MAX_BLOCKS: usize = 300_000;

/// Secrets have 64 digits. For longer ones than this, only the most common wrong keys are tried.
pub(super) const MAX_SECRET: usize = 4096;

/// A way to make a hash of a message, and its mistakes.
struct Way {
    hash: Hasher,
    causes: Vec<Cause>,
}

impl Way {
    /// How many mistakes it counts as. These two have many keys, and people rarely make other mistakes with them.
    fn weight(&self) -> usize {
        let is_rare = |cause| matches!(cause, &Cause::SecretMissing | &Cause::HashConcatenated);
        self.causes.len() + usize::from(self.causes.iter().any(is_rare))
    }
}

/// The digits that are searched for, and the mistakes that give them.
struct Search<'a> {
    digits: &'a str,
    digest: Vec<u8>,
    blocks: usize,
    found: Option<Vec<Cause>>,
}

impl Search<'_> {
    /// Tries a way on messages. Keeps the fewest mistakes; of equal numbers, the first in the order of causes.
    fn attempt(&mut self, way: &Way, messages: &[Variant]) {
        let mut hash = [0; 64];
        for message in messages {
            self.blocks += message.bytes.len() / 64 + 2;
            if self.blocks > MAX_BLOCKS {
                return;
            }
            let length = (way.hash)(&message.bytes, &mut hash);
            let hash = &hash[..length];
            let shortened = match self.digits.len() {
                ..64 => shortening(self.digits, hash),
                _ => None,
            };
            if shortened.is_some() || hash == self.digest {
                let mut causes = [&way.causes[..], &message.causes].concat();
                causes.extend(shortened);
                causes.sort_unstable();
                let is_better = |found| (causes.len(), &causes) < (Vec::len(found), found);
                if self.found.as_ref().is_none_or(is_better) {
                    self.found = Some(causes);
                }
            }
        }
    }
}

/// The fewest mistakes that give the digits. More mistakes are tried only when fewer do not give them.
fn find(
    algorithm: Algorithm,
    secret: &[u8],
    keys: &[Variant],
    messages: &mut Messages,
    digits: &str,
) -> Option<Vec<Cause>> {
    let keyed =
        |key: &Variant| Way { hash: algorithm.hmac(&key.bytes), causes: key.causes.clone() };
    let mut ways: Vec<_> = keys.iter().map(keyed).collect();
    let mut swapped = [Vec::new(), Vec::new()];
    if secret.len() <= MAX_SECRET {
        ways.extend(joined(algorithm, secret));
        swapped = swapped_messages(secret);
    }
    ways.push(Way { hash: algorithm.unkeyed(), causes: vec![Cause::HashUnkeyed] });
    let digest = base16ct::lower::decode_vec(digits).unwrap_or_default();
    let mut search = Search { digits, digest, blocks: 0, found: None };
    // Another algorithm is a mistake, too.
    for mistakes in 0..=MAX_MISTAKES - usize::from(algorithm != Algorithm::Sha256) {
        for way in &ways {
            if let Some(rest) = mistakes.checked_sub(way.weight()) {
                search.attempt(way, messages.level(rest));
            }
        }
        for (secrets, count) in swapped.iter().zip(1..) {
            if let Some(rest) = mistakes.checked_sub(count)
                && !secrets.is_empty()
            {
                let keys = swapped_keys(messages, rest);
                keys.iter().for_each(|key| search.attempt(&keyed(key), secrets));
            }
        }
        if search.found.is_some() || search.blocks > MAX_BLOCKS {
            break;
        }
    }
    search.found
}

/// The mistakes that give the email and then the MAC of no message, as Go's `mac.Sum([]byte(email))` does.
fn find_mac_behind_email(
    keys: &[Variant],
    messages: &mut Messages,
    digits: &str,
) -> Option<Vec<Cause>> {
    let bytes = base16ct::lower::decode_vec(digits).ok()?;
    let (email, mac) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if email.is_empty() {
        return None;
    }
    let mut levels = 0..=MAX_MISTAKES;
    let message = levels.find_map(|level| {
        let message = messages.level(level).iter().find(|message| message.bytes[..] == *email)?;
        Some(message.causes.clone())
    })?;
    let keyed = keys.iter().map(|key| (Algorithm::Sha256.hmac(&key.bytes), &key.causes[..]));
    let unkeyed = (Algorithm::Sha256.unkeyed(), &[Cause::HashUnkeyed][..]);
    let mut to = [0; 64];
    let made = keyed.chain([unkeyed]).filter(|(hash, _)| {
        hash(b"", &mut to);
        to[..32] == *mac
    });
    let (_, causes) = made.min_by_key(|(_, causes)| causes.len())?;
    Some([causes, &message, &[Cause::EmailNotHashed]].concat())
}

/// The plain hashes of the secret and the email together, in either order, with its digits and its bytes.
fn joined(algorithm: Algorithm, secret: &[u8]) -> impl Iterator<Item = Way> {
    let trimmed = trim(secret);
    let mut secrets = vec![variant(trimmed, &[]), decode_as_node(trimmed)];
    secrets.retain(|secret| !secret.bytes.is_empty());
    secrets.into_iter().flat_map(move |secret| {
        [true, false].map(|first| {
            let (secret, hash) = (secret.bytes.clone(), algorithm.unkeyed());
            let hash = move |message: &[u8], to: &mut _| match first {
                true => hash(&join(&[&secret, message]), to),
                false => hash(&join(&[message, &secret]), to),
            };
            Way { hash: Box::new(hash), causes: vec![Cause::HashConcatenated] }
        })
    })
}

/// The keys that an email with this many mistakes gives, as text and decoded.
fn swapped_keys(messages: &mut Messages, mistakes: usize) -> Vec<Variant> {
    let copy = |message: &Variant| variant(&message.bytes[..], &message.causes);
    let mut keys: Vec<_> = messages.level(mistakes).iter().map(copy).collect();
    if let Some(fewer) = mistakes.checked_sub(1) {
        keys.extend(messages.level(fewer).iter().map(|message| {
            let mut key = decode_as_node(&message.bytes);
            key.causes.extend(&message.causes);
            key
        }));
    }
    keys.retain(|key| !key.causes.contains(&Cause::EmailMissing));
    distinct(keys)
}

/// The secret in place of the email, with one mistake and with two.
fn swapped_messages(secret: &[u8]) -> [Vec<Variant>; 2] {
    let trimmed = trim(secret);
    let mut messages = vec![variant(trimmed, &[Cause::ArgumentsSwapped])];
    let key = decode_as_node(trimmed);
    if 2 * key.bytes.len() == trimmed.len() {
        messages.push(Variant { causes: vec![Cause::ArgumentsSwapped], ..key });
    }
    let untrimmed = (trimmed != secret)
        .then(|| variant(secret, &[Cause::SecretWhitespace, Cause::ArgumentsSwapped]));
    [messages, untrimmed.into_iter().collect()]
}
