//! Text that was encoded for a place, or decoded.

/// The email with each encoding added or removed, once and twice.
pub(super) fn change_encoding(text: &str) -> Vec<Vec<u8>> {
    let mut changed = Vec::new();
    for change in CHANGES {
        let once = change(text);
        if once != text {
            changed.push(change(&once).into_bytes());
            changed.push(once.into_bytes());
        }
    }
    changed
}

const CHANGES: [fn(&str) -> String; 41] = [
    // Percent-encoding. The first text has the characters that are kept beside letters and digits.
    |text| percent_encode(text, "-_.!~*'()", "%20", true), // JavaScript's encodeURIComponent
    |text| percent_encode(text, "-_.!~*'();,/?:@&=+$#", "%20", true), // JavaScript's encodeURI
    |text| percent_encode(text, "-_.*", "+", true),        // forms, JavaScript's URLSearchParams
    |text| percent_encode(text, "-_.~/", "%20", true),     // Python's quote
    |text| percent_encode(text, "-_.~", "%20", true),      // RFC 3986
    |text| percent_encode(text, "-_.~", "+", true),        // Python's quote_plus, Go's QueryEscape
    |text| percent_encode(text, "-_.!*()", "+", false),    // .NET's UrlEncode
    percent_decode,
    |text| percent_decode(&text.replace('+', " ")),
    |text| text.replace('+', " "),
    |text| text.replace(' ', "+"),
    // HTML.
    |text| html(text, "&quot;", "&#x27;"), // Python, Django, Handlebars
    |text| html(text, "&quot;", "&#39;"),  // Rails, lodash
    |text| html(text, "&quot;", "&#039;"), // PHP
    |text| html(text, "&quot;", "&apos;"), // XML
    |text| html(text, "&#34;", "&#39;"),   // Go, Jinja
    |text| html(text, "&#34;", "&#39;").replace('+', "&#43;"), // Go's html/template
    |text| html(text, "\"", "'"),          // text between tags
    |text| {
        let escaped = html(text, "&quot;", "&#x27;").replace('+', "&#x2B;"); // .NET
        escape_others(&escaped, |c| format!("&#x{:X};", u32::from(c)))
    },
    |text| escape_others(&html(text, "&quot;", "&#39;"), |c| format!("&#{};", u32::from(c))),
    html_decode,
    // JSON, with its quotes and without them.
    |text| json(text, |_| false, false),
    |text| json(text, |c| c > '~', false),
    |text| json(text, |c| c > '~', true),
    |text| json(text, |c| "<>&'".contains(c), false),
    |text| json(text, |c| "<>&'".contains(c), true),
    |text| json(text, in_net, false),
    |text| json(text, in_net, true),
    |text| format!("\"{}\"", json(text, |_| false, false)),
    |text| format!("\"{}\"", json(text, |c| c > '~', false)),
    |text| format!("\"{}\"", json(text, |c| "<>&'".contains(c), false)),
    |text| format!("\"{}\"", json(text, in_net, false)),
    |text| format!("\"{}\"", json(text, in_net, true)),
    |text| unquote(text, "\"", "\""),
    // Python's repr.
    |text| format!("b'{text}'"),
    |text| format!("b\"{text}\""),
    |text| format!("'{text}'"),
    |text| unquote(text, "b'", "'"),
    |text| unquote(text, "b\"", "\""),
    |text| unquote(text, "'", "'"),
    unescape,
];

/// Escapes what is not ASCII.
fn escape_others(text: &str, escape: fn(char) -> String) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { escape(c) }).collect()
}

/// The inside of a JSON string.
fn json(text: &str, escapes: fn(char) -> bool, upper: bool) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            _ if escapes(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&match upper {
                        true => format!("\\u{unit:04X}"),
                        false => format!("\\u{unit:04x}"),
                    });
                }
            }
            '"' | '\\' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\0'..='\x1f' => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// What .NET's `System.Text.Json` escapes.
fn in_net(character: char) -> bool {
    "<>&'+\"`".contains(character) || character > '~'
}

fn html(text: &str, double: &str, single: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', double).replace('\'', single)
}

/// What stands between the two texts, read as a text of Python or JavaScript.
fn unquote(text: &str, before: &str, after: &str) -> String {
    unescape(text.strip_prefix(before).and_then(|text| text.strip_suffix(after)).unwrap_or(text))
}

/// Reads the escapes of JSON and JavaScript.
fn unescape(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut units: Vec<u16> = pieces.next().unwrap_or_default().encode_utf16().collect();
    while let Some(piece) = pieces.next() {
        let number = |digits: Option<&str>| u16::from_str_radix(digits?, 16).ok();
        let (unit, length) = match piece.as_bytes().first() {
            Some(b'u') if number(piece.get(1..5)).is_some() => (number(piece.get(1..5)), 5),
            Some(b'x') if number(piece.get(1..3)).is_some() => (number(piece.get(1..3)), 3),
            Some(b'n') => (Some(b'\n'.into()), 1),
            Some(b't') => (Some(b'\t'.into()), 1),
            Some(b'r') => (Some(b'\r'.into()), 1),
            Some(_) => (None, 0), // the character itself
            None => {
                units.push(b'\\'.into());
                units.extend(pieces.next().unwrap_or_default().encode_utf16());
                continue;
            }
        };
        units.extend(unit);
        units.extend(piece[length..].encode_utf16());
    }
    String::from_utf16_lossy(&units)
}

/// Reads the entities that programs write: the named ones of XML, and numbers.
fn html_decode(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let character = piece.split_once(';').and_then(|(name, rest)| {
            let number = name.strip_prefix('#').and_then(|digits| {
                let hex = digits.strip_prefix(['x', 'X']);
                hex.map_or_else(|| digits.parse(), |hex| u32::from_str_radix(hex, 16)).ok()
            });
            let named = [("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("amp", '&')];
            let named = named.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
            Some((named.or_else(|| char::from_u32(number?))?, rest))
        });
        match character {
            Some((character, rest)) => {
                decoded.push(character);
                decoded.push_str(rest);
            }
            None => decoded.extend(["&", piece]),
        }
    }
    decoded
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

pub(super) fn percent_decode(text: &str) -> String {
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
