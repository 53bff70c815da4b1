//! The text that was observed in place of the email hash.

use base64ct::{Base64Unpadded, Encoding};

use super::Cause;
use super::encodings::percent_decode;

use Cause::{
    HashBase64, HashMalformed, HashPrefixed, HashReformatted, HashTruncated, HashUppercase,
};

/// The digits of a digest, or of a part of one, and the mistakes in their form.
pub(super) struct Observed {
    /// In lower case.
    pub(super) digits: String,
    pub(super) causes: Vec<Cause>,
}

/// Fewer digits are not a hash: any text may contain them.
const MIN_DIGITS: usize = 16;

/// How many layers a hash may be wrapped in: a label, base64, white space.
const LAYERS: usize = 4;

/// Removes one layer.
type Peel = fn(&str) -> Option<(String, &'static [Cause])>;

/// Reads the digits in `text`.
pub(super) fn read(email_hash: &[u8]) -> Option<Observed> {
    let text = str::from_utf8(email_hash).ok()?;
    let mut bare = text.trim().to_owned();
    if let Some(inner) = bare.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        bare = inner.to_owned();
    }
    let mut causes = Vec::new();
    causes.extend((bare != text).then_some(HashMalformed));
    for _ in 0..LAYERS {
        if bare.len() >= MIN_DIGITS && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let digits = bare.to_lowercase();
            causes.extend((digits != bare).then_some(HashUppercase));
            return Some(match decode(&digits).and_then(digits_of_digits) {
                Some(inner) => {
                    Observed { digits: inner, causes: [&causes[..], &[HashReformatted]].concat() }
                }
                None => Observed { digits, causes },
            });
        }
        let peels: [Peel; 6] =
            [from_bytes, from_separated, from_base64, from_quotes, from_percent, from_label];
        let (inner, found) = peels.iter().find_map(|peel| peel(&bare))?;
        causes.extend(
            found.iter().filter(|cause| !causes.contains(cause)).copied().collect::<Vec<_>>(),
        );
        bare = inner;
    }
    None
}

fn decode(digits: &str) -> Option<Vec<u8>> {
    base16ct::mixed::decode_vec(digits).ok()
}

/// Bytes that are the digits of a digest themselves.
fn digits_of_digits(bytes: Vec<u8>) -> Option<String> {
    let digits = String::from_utf8(bytes).ok()?;
    (digits.len() == 64 && decode(&digits).is_some()).then(|| digits.to_lowercase())
}

fn from_base64(text: &str) -> Option<(String, &'static [Cause])> {
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = Base64Unpadded::decode_vec(&standard).ok()?;
    match bytes.len() {
        64 | 128 if bytes.iter().all(u8::is_ascii_hexdigit) => {
            Some((String::from_utf8(bytes).ok()?, &[HashBase64, HashReformatted]))
        }
        20 | 32 | 64 => Some((base16ct::lower::encode_string(&bytes), &[HashBase64])),
        // Only an email before a MAC of 32 bytes.
        33.. if bytes[..bytes.len() - 32].contains(&b'@') => {
            Some((base16ct::lower::encode_string(&bytes), &[HashBase64]))
        }
        _ => None,
    }
}

/// `b'…'` of Python, of digits or base64.
fn from_quotes(text: &str) -> Option<(String, &'static [Cause])> {
    let inner = [("b'", "'"), ("b\"", "\""), ("'", "'")]
        .iter()
        .find_map(|(before, after)| text.strip_prefix(before)?.strip_suffix(after));
    Some((inner?.to_owned(), &[HashReformatted]))
}

fn from_percent(text: &str) -> Option<(String, &'static [Cause])> {
    let decoded = percent_decode(text);
    (decoded != text).then_some((decoded, &[HashReformatted]))
}

/// A label such as `sha256=`, `HMAC-SHA256:` or `SHA2-256(stdin)= `.
fn from_label(text: &str) -> Option<(String, &'static [Cause])> {
    let fixed = ["0x", "0X", "sha256-", "sha512-"];
    let rest = fixed.iter().find_map(|prefix| text.strip_prefix(prefix)).or_else(|| {
        let is_label = |c: char| c.is_ascii_alphanumeric() || "-_()./ \"{".contains(c);
        let rest = text.trim_start_matches(is_label);
        // A separator between bytes does not end a label.
        let label = &text[..text.len() - rest.len()];
        let is_label = label.is_empty() || !is_pair(label);
        rest.strip_prefix(['=', ':', ',']).filter(|_| is_label).map(str::trim_start)
    })?;
    (rest.len() >= MIN_DIGITS).then(|| (rest.to_owned(), &[HashPrefixed][..]))
}

fn is_pair(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Digits with one separator between the bytes, or between groups of them.
fn from_separated(text: &str) -> Option<(String, &'static [Cause])> {
    let text =
        text.strip_prefix("<Buffer ").and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    for separator in ["-", ":", " ", "\\x", ", 0x", ",", "\n"] {
        let inner = text.trim_start_matches("\\x").trim_start_matches("0x");
        let groups: Vec<_> = inner.split(separator).collect();
        let is_group = |group: &&str| {
            group.len().is_multiple_of(2)
                && !group.is_empty()
                && group.bytes().all(|b| b.is_ascii_hexdigit())
        };
        if groups.len() > 1 && groups.iter().all(is_group) {
            return Some((groups.concat(), &[HashReformatted]));
        }
    }
    None
}

/// A list of decimal bytes, as a `Buffer` in JSON or an array shows them. Bytes of Java are signed.
fn from_bytes(text: &str) -> Option<(String, &'static [Cause])> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let list = match compact.strip_prefix(r#"{"type":"Buffer","data":"#) {
        Some(data) => data.strip_suffix('}')?,
        None => &compact,
    };
    let list = list.trim_start_matches("Uint8Array(32)").trim_start_matches("bytearray");
    let inner = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
    let byte = |number: &str| match number.parse::<i16>().ok()? {
        number @ -128..=255 => Some(number as u8),
        _ => None,
    };
    let bytes: Vec<u8> = inner.split(',').map(byte).collect::<Option<_>>()?;
    (bytes.len() == 32).then(|| (base16ct::lower::encode_string(&bytes), &[HashReformatted][..]))
}

/// The mistake that makes the observed digits from the whole hash.
pub(super) fn shortening(observed: &str, whole: &[u8]) -> Option<Cause> {
    // Most hashes differ at both ends, and there are many.
    let nibble = |digit: Option<&u8>| char::from(*digit?).to_digit(16);
    let ends = (nibble(observed.as_bytes().first())?, nibble(observed.as_bytes().last())?);
    let (first, last) = (u32::from(*whole.first()?), u32::from(*whole.last()?));
    if first >> 4 != ends.0 && first & 0xf != ends.0 && last & 0xf != ends.1 {
        return None;
    }
    let digits = base16ct::lower::encode_string(whole);
    if digits.starts_with(observed) {
        return Some(HashTruncated);
    }
    if let Some(missing) = digits.strip_suffix(observed) {
        let only_zeros = missing.bytes().all(|digit| digit == b'0');
        return Some(if only_zeros { HashReformatted } else { HashTruncated });
    }
    // Each byte without its leading zero.
    let begins = first == ends.0 || first >> 4 == ends.0;
    let bytes = || whole.iter().map(|byte| format!("{byte:x}")).collect::<String>();
    (begins && observed.len() > 48 && bytes() == observed).then_some(HashReformatted)
}
