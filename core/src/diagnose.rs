//! Finds out by trying which mistakes give an observed email hash.

use std::ffi::CStr;

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::env::trim;
use crate::secret::leave_no_trace;
use crate::{Error, IdentitySecret};

/// Declares the causes once, so that codes, explanations and [`Cause::ALL`] cannot drift apart.
macro_rules! causes {
    ($($variant:ident, $code:literal, $explanation:literal;)+) => {
        /// A mistake that gives another email hash than the right one, or the right one in another dress.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $(
                #[doc = concat!("`", $code, "`: ", $explanation)]
                $variant,
            )+
        }

        impl Cause {
            /// Every cause, in the order in which a [`Diagnosis`] lists them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable, machine-readable name, for example `"secret_used_as_text"`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The same name, NUL-terminated for C.
            pub const fn c_code(self) -> &'static CStr {
                match self { $(Self::$variant => crate::error::c_text(concat!($code, "\0")),)+ }
            }

            /// What happened, and how to mend it.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)+ }
            }
        }
    };
}

causes! {
    SecretUsedAsText, "secret_used_as_text",
        "The hexadecimal string itself was used as the key. Decode it to bytes first: \
         bytes.fromhex(secret) in Python, Buffer.from(secret, 'hex') in Node, hex.DecodeString(secret) \
         in Go.";
    SecretTruncated, "secret_truncated",
        "The secret was cut off at the first character that is not hexadecimal, as Node's \
         Buffer.from(secret, 'hex') silently does. Remove quotes, spaces, a 0x or whatever else is not a \
         digit from where the secret is configured.";
    SecretEmptyKey, "secret_empty_key",
        "The key was empty, so anybody could have made this hash. The code that signs found no secret (a \
         variable that is not set, with \"\" as fallback), or one that does not begin with a hexadecimal \
         digit, which Node's Buffer.from(secret, 'hex') silently turns into no bytes.";
    SecretWhitespace, "secret_whitespace",
        "There is white space around the secret, often the newline at the end of a file. Trim it where \
         the secret is read.";
    EmailCase, "email_case",
        "The email was lowercased or uppercased before it was signed. Sign exactly the string that the \
         page sets as email.";
    EmailWhitespace, "email_whitespace",
        "White space around the email was added or removed before it was signed. Sign exactly the \
         string that the page sets as email.";
    EmailEncoded, "email_encoded",
        "The email was URL-encoded, HTML-escaped or JSON-quoted before it was signed, or decoded once too \
         often. Sign the plain email, and leave the encoding to the template.";
    ArgumentsSwapped, "arguments_swapped",
        "The secret and the email changed places: the email was the key. Pass the email as the message and \
         the secret as the key.";
    HashUnkeyed, "hash_unkeyed",
        "This is a plain hash of the email, without any key, so anybody could have made it. Use \
         HMAC-SHA256 with the identity secret as its key.";
    HashUppercase, "hash_uppercase",
        "The hash has uppercase digits. Send it in lowercase.";
    HashBase64, "hash_base64",
        "The hash is base64. Send it as 64 lowercase hexadecimal digits.";
    HashPrefixed, "hash_prefixed",
        "There is a prefix before the hash, such as sha256= or 0x. Send only the 64 hexadecimal digits.";
    HashWrongAlgorithm, "hash_wrong_algorithm",
        "The hash was made with another algorithm, such as SHA-1 or SHA-512. Use HMAC-SHA256.";
    HashMalformed, "hash_malformed",
        "This is not an email hash, which is 64 hexadecimal digits and nothing else: characters are \
         missing or extra (white space too), or another value was sent in its place.";
    Unknown, "unknown",
        "No known mistake gives this hash. Most often it was made with another secret (another \
         environment, or one that has been replaced since) or for another email (one that has changed \
         since, or a hash cached for too long). Compare both with what the code that signs really uses.";
}

/// Why an email hash does not match. It never shows the secret, the email or the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    causes: Vec<Cause>,
    secret: Option<Error>,
}

impl Diagnosis {
    /// Whether the hash is exactly the right one: then there is no cause.
    pub fn matches(&self) -> bool {
        self.causes.is_empty()
    }

    /// The fewest mistakes that together give the hash, each once, in the order of [`Cause::ALL`].
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// What happened and how to mend it, in plain text of one or more lines.
    pub fn explanation(&self) -> String {
        if self.matches() {
            return "The email hash matches this email and this secret. If the widget still does not \
                    verify the user, the page sends another email or hash than these, sets them after \
                    the widget has started, or Pylon's dashboard has another secret."
                .to_owned();
        }
        let mut lines = vec![match self.causes[..] {
            [_] => "The email hash does not match.".to_owned(),
            _ => {
                format!("The email hash does not match, because of {} mistakes.", self.causes.len())
            }
        }];
        lines.extend(self.causes.iter().map(|cause| format!("- {}", cause.explanation())));
        // An explained mistake with the secret says how to mend it already.
        if let Some(error) = self.secret
            && self
                .causes
                .iter()
                .any(|cause| matches!(cause, Cause::Unknown | Cause::HashMalformed))
        {
            lines.push(format!("- The secret given here cannot be used either. {error}"));
        }
        lines.join("\n")
    }
}

/// Finds out why `email_hash` is not the hash of `email` under `secret`, the hexadecimal string.
///
/// Tries the mistakes of [`Cause`] in all combinations, some thousands of hashes, and reports the fewest
/// that give the observed hash. Takes any text, a malformed secret too; it is for developers, not for the
/// path of a request, and takes time that depends on the secret.
pub fn diagnose(
    secret: impl AsRef<[u8]>,
    email: impl AsRef<[u8]>,
    email_hash: impl AsRef<[u8]>,
) -> Diagnosis {
    let (secret, email, email_hash) = (secret.as_ref(), email.as_ref(), email_hash.as_ref());
    leave_no_trace::<TRACE, _>(|| {
        let parsed = IdentitySecret::from_hex(secret);
        let causes = match &parsed {
            Ok(secret) if secret.verify(email, email_hash) => Vec::new(),
            _ => find_causes(secret, email, email_hash),
        };
        Diagnosis { causes, secret: parsed.err() }
    })
}

/// How deep into the stack a diagnosis reaches, with a wide margin; `make harden` looks at the memory.
const TRACE: usize = 16_384;

/// Bytes that the code that signed may have used, and the mistakes that lead to them.
struct Variant {
    bytes: Zeroizing<Vec<u8>>,
    causes: Vec<Cause>,
}

fn variant(bytes: impl Into<Vec<u8>>, causes: &[Cause]) -> Variant {
    Variant { bytes: Zeroizing::new(bytes.into()), causes: causes.to_vec() }
}

/// Keeps of equal bytes those with the fewest mistakes, of as many the first.
fn distinct(mut variants: Vec<Variant>) -> Vec<Variant> {
    let mistakes = |variant: &Variant| variant.causes.len();
    variants.sort_by(|a, b| a.bytes.cmp(&b.bytes).then(mistakes(a).cmp(&mistakes(b))));
    variants.dedup_by(|later, kept| later.bytes == kept.bytes);
    variants
}

fn find_causes(secret: &[u8], email: &[u8], email_hash: &[u8]) -> Vec<Cause> {
    let Some(Variant { bytes: observed, mut causes }) = undress(email_hash) else {
        return vec![Cause::HashMalformed];
    };
    let length = observed.len();
    causes.extend((length != 32).then_some(Cause::HashWrongAlgorithm));

    let messages = messages(email);
    let is_observed = |hash: &[u8]| *hash == **observed;
    let unkeyed = messages.iter().filter_map(|message| {
        let causes = [&[Cause::HashUnkeyed], &message.causes[..]].concat();
        is_observed(&hash(length, &message.bytes)).then_some(causes)
    });
    let swapped = (swapped_keys(&messages), swapped_messages(secret));
    let keyed = [(&keys(secret), &messages), (&swapped.0, &swapped.1)];
    let keyed = keyed.into_iter().flat_map(|(keys, messages)| {
        keys.iter().flat_map(|key| {
            let hmac = hmac(length, &key.bytes);
            messages.iter().filter_map(move |message| {
                let causes = [&key.causes[..], &message.causes].concat();
                is_observed(&hmac(&message.bytes)).then_some(causes)
            })
        })
    });
    let found = unkeyed.chain(keyed).map(|mut causes| {
        causes.sort();
        causes
    });
    match found.min_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b))) {
        Some(found) => causes.extend(found),
        None if length == 32 => causes.push(Cause::Unknown),
        None => {}
    }
    causes.sort();
    causes
}

/// The digest that text stands for, and the mistakes in how it is written.
fn undress(email_hash: &[u8]) -> Option<Variant> {
    let text = str::from_utf8(email_hash).ok()?;
    let bare = text.trim();
    let bare = bare.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(bare);
    let (mut digest, mut causes) = match digest(bare) {
        Some(digest) => (digest, Vec::new()),
        None => (digest(without_prefix(bare)?)?, vec![Cause::HashPrefixed]),
    };
    causes.extend((bare != text).then_some(Cause::HashMalformed));
    digest.causes.append(&mut causes);
    Some(digest)
}

fn without_prefix(text: &str) -> Option<&str> {
    let fixed = ["0x", "0X", "sha256-", "sha512-"];
    fixed.iter().find_map(|prefix| text.strip_prefix(prefix)).or_else(|| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        text.trim_start_matches(is_name).strip_prefix(['=', ':', ',']).map(str::trim_start)
    })
}

/// Reads hexadecimal or base64 text of as many bytes as a common digest has.
fn digest(text: &str) -> Option<Variant> {
    if let Ok(bytes) = base16ct::mixed::decode_vec(text)
        && matches!(bytes.len(), 16 | 20 | 28 | 32 | 48 | 64)
    {
        let uppercase = text.bytes().any(|byte| byte.is_ascii_uppercase());
        return Some(variant(bytes, if uppercase { &[Cause::HashUppercase] } else { &[] }));
    }
    let decoders = [
        Base64::decode_vec,
        Base64Unpadded::decode_vec,
        Base64Url::decode_vec,
        Base64UrlUnpadded::decode_vec,
    ];
    let bytes = decoders.iter().find_map(|decode| decode(text).ok())?;
    match (bytes.len(), base16ct::lower::decode_vec(&bytes)) {
        (64, Ok(digits)) => Some(variant(digits, &[Cause::HashBase64])),
        (20 | 32 | 64, _) => Some(variant(bytes, &[Cause::HashBase64])),
        _ => None,
    }
}

fn hash(length: usize, message: &[u8]) -> Vec<u8> {
    match length {
        32 => Sha256::digest(message).to_vec(),
        48 => Sha384::digest(message).to_vec(),
        64 => Sha512::digest(message).to_vec(),
        _ => Vec::new(),
    }
}

/// Makes the tag of a message.
type Tagger = Box<dyn Fn(&[u8]) -> Vec<u8>>;

fn hmac(length: usize, key: &[u8]) -> Tagger {
    fn keyed<M: Mac + KeyInit + Clone + 'static>(key: &[u8]) -> Tagger {
        let hmac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        Box::new(move |message| hmac.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
    match length {
        32 => keyed::<Hmac<Sha256>>(key),
        48 => keyed::<Hmac<Sha384>>(key),
        64 => keyed::<Hmac<Sha512>>(key),
        _ => Box::new(|_| Vec::new()),
    }
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
            let causes = if digits == secret { vec![] } else { vec![Cause::SecretWhitespace] };
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

/// What may happen to an email on its way: the texts that it may become.
type Detour = fn(&str) -> Vec<String>;

const DETOURS: [(Cause, Detour); 3] = [
    (Cause::EmailCase, change_case),
    (Cause::EmailWhitespace, change_whitespace),
    (Cause::EmailEncoded, change_encoding),
];

/// Emails have at most 254 bytes; of longer text all the variants would take much memory and time.
const MAX_EMAIL: usize = 1024;

/// The messages that people make of the email: each detour at most once, in any order.
fn messages(email: &[u8]) -> Vec<Variant> {
    let mut messages = vec![variant(email, &[])];
    if email.len() > MAX_EMAIL {
        return messages;
    }
    let mut start = 0;
    for _ in DETOURS {
        let mut further = Vec::new();
        for message in &messages[start..] {
            let Ok(text) = str::from_utf8(&message.bytes) else { continue };
            for (cause, detour) in DETOURS {
                if !message.causes.contains(&cause) {
                    let causes = [&message.causes[..], &[cause]].concat();
                    further.extend(detour(text).into_iter().map(|text| variant(text, &causes)));
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

fn change_encoding(text: &str) -> Vec<String> {
    let mut encoded = Vec::new();
    // Unreserved besides letters and digits, the space, and the case of hexadecimal digits in:
    for (kept, space, upper) in [
        ("-_.!~*'()", "%20", true),            // JavaScript's encodeURIComponent
        ("-_.!~*'();,/?:@&=+$#", "%20", true), // JavaScript's encodeURI
        ("-_.*", "+", true),                   // forms, JavaScript's URLSearchParams
        ("-_.~/", "%20", true),                // Python's quote
        ("-_.~", "%20", true),                 // RFC 3986
        ("-_.~", "+", true),                   // Python's quote_plus, Go's QueryEscape
        ("-_.!*()", "+", false),               // .NET's UrlEncode
    ] {
        encoded.push(percent_encode(text, kept, space, upper));
    }
    // The double and the single quote in:
    for (double, single) in [
        ("&quot;", "&#x27;"), // Python, Django, Handlebars
        ("&quot;", "&#39;"),  // Rails, lodash
        ("&#34;", "&#39;"),   // Go, Jinja
        ("\"", "'"),          // text between tags
    ] {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        encoded.push(escaped.replace('"', double).replace('\'', single));
    }
    encoded.extend([quote_json(text, false), quote_json(text, true)]);
    // Decoded once too often.
    encoded.extend([percent_decode(text), percent_decode(&text.replace('+', " "))]);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\"")];
    let entities = entities.into_iter().chain([("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")]);
    encoded
        .push(entities.fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain)));
    if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        encoded.push(inner.replace("\\\"", "\"").replace("\\\\", "\\"));
    }
    encoded
}

fn percent_encode(text: &str, kept: &str, space: &str, upper: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ if upper => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

fn percent_decode(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut decoded = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.as_bytes().get(..2);
        match digits.and_then(|digits| base16ct::mixed::decode_vec(digits).ok()) {
            Some(byte) => decoded.extend([&byte, &piece.as_bytes()[2..]].concat()),
            None => decoded.extend([b"%", piece.as_bytes()].concat()),
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

fn quote_json(text: &str, only_ascii: bool) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", character as u32)),
            '\x7f'.. if only_ascii => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    quoted.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
