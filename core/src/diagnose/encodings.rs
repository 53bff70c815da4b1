use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};

use super::Cause;
use super::search::{Variant, variant};
use crate::json;

/// Reads the digest in `email_hash`, and the mistakes in how it is written.
pub(super) fn parse_hash(email_hash: &[u8]) -> Option<Variant> {
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

pub(super) fn change_encoding(text: &str) -> Vec<String> {
    let mut encoded = Vec::new();
    // The characters kept beside letters and digits, the space, and whether digits are uppercase, in:
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
    encoded.extend([quote_json(text, |_| false), quote_json(text, |c| c > '~')]);
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

fn quote_json(text: &str, escapes: fn(char) -> bool) -> String {
    let mut quoted = String::new();
    json::push_string(&mut quoted, text, escapes);
    quoted
}
