//! Text that was encoded for a place, or decoded.

/// The email with each encoding added or removed, once and perhaps twice.
pub(super) fn change_encoding(text: &str, twice: bool) -> Vec<Vec<u8>> {
    let kinds = text.bytes().fold(PLAIN, |kinds, byte| kinds | kind(byte));
    let mut changed = Vec::new();
    for (changes, change) in CHANGES {
        if changes & kinds == 0 {
            continue;
        }
        let once = change(text);
        if once != text {
            if twice {
                changed.push(change(&once).into_bytes());
            }
            changed.push(once.into_bytes());
        }
    }
    changed
}

// The kinds of characters that the encodings change.
const PLAIN: u16 = 1;
const MARKUP: u16 = 1 << 1;
const DOUBLE: u16 = 1 << 2;
const SINGLE: u16 = 1 << 3;
const PLUS: u16 = 1 << 4;
const SPACE: u16 = 1 << 5;
const PERCENT: u16 = 1 << 6;
const BACKSLASH: u16 = 1 << 7;
const PUNCTUATION: u16 = 1 << 8;
const CONTROL: u16 = 1 << 9;
const OTHER: u16 = 1 << 10;

const ANY: u16 = u16::MAX;
const NOT_PLAIN: u16 = !PLAIN;
const QUOTES: u16 = DOUBLE | SINGLE;
const HTML: u16 = MARKUP | QUOTES;
const JSON: u16 = DOUBLE | BACKSLASH | CONTROL;

fn kind(byte: u8) -> u16 {
    match byte {
        b'&' | b'<' | b'>' => MARKUP,
        b'"' | b'`' => DOUBLE,
        b'\'' => SINGLE,
        b'+' => PLUS,
        b' ' => SPACE,
        b'%' => PERCENT,
        b'\\' => BACKSLASH,
        ..b' ' => CONTROL,
        0x7f.. => OTHER,
        b'@' | b'.' | b'-' | b'_' => PLAIN,
        _ if byte.is_ascii_alphanumeric() => PLAIN,
        _ => PUNCTUATION,
    }
}

type Change = fn(&str) -> String;

/// Each change with the kinds of characters that it needs. Without them it changes nothing, or repeats an earlier
/// change.
const CHANGES: [(u16, Change); 41] = [
    // Percent-encoding. The first text lists the characters that are kept, as letters and digits are.
    (ANY, |text| percent_encode(text, "-_.!~*'()", "%20", true)), // JavaScript's encodeURIComponent
    (NOT_PLAIN, |text| percent_encode(text, "-_.!~*'();,/?:@&=+$#", "%20", true)), // JavaScript's encodeURI
    (NOT_PLAIN, |text| percent_encode(text, "-_.*", "+", true)), // forms, JavaScript's URLSearchParams
    (NOT_PLAIN, |text| percent_encode(text, "-_.~/", "%20", true)), // Python's quote
    (NOT_PLAIN, |text| percent_encode(text, "-_.~", "%20", true)), // RFC 3986
    (NOT_PLAIN, |text| percent_encode(text, "-_.~", "+", true)), // Python's quote_plus, Go's QueryEscape
    (NOT_PLAIN, |text| percent_encode(text, "-_.!*()", "+", false)), // .NET's UrlEncode
    (PERCENT, percent_decode),
    (PERCENT | PLUS, |text| percent_decode(&text.replace('+', " "))),
    (PLUS, |text| text.replace('+', " ")),
    (SPACE, |text| text.replace(' ', "+")),
    // HTML.
    (HTML, |text| html(text, "&quot;", "&#x27;")), // Python, Django, Handlebars
    (HTML, |text| html(text, "&quot;", "&#39;")),  // Rails, lodash
    (HTML, |text| html(text, "&quot;", "&#039;")), // PHP
    (HTML, |text| html(text, "&quot;", "&apos;")), // XML
    (HTML, |text| html(text, "&#34;", "&#39;")),   // Go, Jinja
    (HTML | PLUS, |text| html(text, "&#34;", "&#39;").replace('+', "&#43;")), // Go's html/template
    (MARKUP, |text| html(text, "\"", "'")),        // text between tags
    (HTML | PLUS | OTHER, |text| {
        let escaped = html(text, "&quot;", "&#x27;").replace('+', "&#x2B;"); // .NET
        escape_others(&escaped, |c| format!("&#x{:X};", u32::from(c)))
    }),
    (HTML | OTHER, |text| {
        escape_others(&html(text, "&quot;", "&#39;"), |c| format!("&#{};", u32::from(c)))
    }),
    (MARKUP, html_decode),
    // JSON, with its quotes and without them.
    (JSON, |text| json(text, |_| false, false)),
    (JSON | OTHER, |text| json(text, |c| c > '~', false)),
    (JSON | OTHER, |text| json(text, |c| c > '~', true)),
    (JSON | HTML, |text| json(text, |c| "<>&'".contains(c), false)),
    (JSON | HTML, |text| json(text, |c| "<>&'".contains(c), true)),
    (JSON | HTML | PLUS | OTHER, |text| json(text, in_net, false)),
    (JSON | HTML | PLUS | OTHER, |text| json(text, in_net, true)),
    (ANY, |text| format!("\"{}\"", json(text, |_| false, false))),
    (OTHER, |text| format!("\"{}\"", json(text, |c| c > '~', false))),
    (MARKUP | SINGLE, |text| format!("\"{}\"", json(text, |c| "<>&'".contains(c), false))),
    (ANY, |text| format!("\"{}\"", json(text, in_net, false))),
    (HTML | PLUS | OTHER, |text| format!("\"{}\"", json(text, in_net, true))),
    (DOUBLE | BACKSLASH, |text| unquote(text, "\"", "\"")),
    // Python's repr.
    (ANY, |text| format!("b'{text}'")),
    (ANY, |text| format!("b\"{text}\"")),
    (ANY, |text| format!("'{text}'")),
    (SINGLE | BACKSLASH, |text| unquote(text, "b'", "'")),
    (DOUBLE | BACKSLASH, |text| unquote(text, "b\"", "\"")),
    (SINGLE | BACKSLASH, |text| unquote(text, "'", "'")),
    (BACKSLASH, unescape),
];

/// Escapes each character that is not ASCII.
fn escape_others(text: &str, escape: fn(char) -> String) -> String {
    let mut escaped = String::with_capacity(2 * text.len());
    for character in text.chars() {
        match character.is_ascii() {
            true => escaped.push(character),
            false => escaped.push_str(&escape(character)),
        }
    }
    escaped
}

/// Adds the last hexadecimal digits of a number.
fn push_hex(text: &mut String, number: u16, count: u32, upper: bool) {
    let digits = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    for place in (0..count).rev() {
        text.push(char::from(digits[usize::from(number >> (4 * place) & 0xf)]));
    }
}

/// The inside of a JSON string.
fn json(text: &str, escapes: fn(char) -> bool, upper: bool) -> String {
    let mut escaped = String::with_capacity(2 * text.len());
    for character in text.chars() {
        let short = match character {
            _ if escapes(character) => None,
            '"' | '\\' => Some(character),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            '\0'..='\x1f' => None,
            _ => {
                escaped.push(character);
                continue;
            }
        };
        if let Some(short) = short {
            escaped.extend(['\\', short]);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            escaped.push_str("\\u");
            push_hex(&mut escaped, *unit, 4, upper);
        }
    }
    escaped
}

/// Whether .NET's `System.Text.Json` escapes the character.
fn in_net(character: char) -> bool {
    "<>&'+\"`".contains(character) || character > '~'
}

fn html(text: &str, double: &str, single: &str) -> String {
    let mut escaped = String::with_capacity(2 * text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str(double),
            '\'' => escaped.push_str(single),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The text between the other two, read as a string of Python or JavaScript.
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
    let mut encoded = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                push_hex(&mut encoded, byte.into(), 2, upper);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A change that is left out would change nothing, or repeat another one.
    #[test]
    fn the_kinds_of_characters_leave_nothing_out() {
        let pieces = [
            "a", "&", "&#39;", "\"", "`", "'", "+", " ", "%2B", "\\", "\\u002b", "/", "\n", "é",
            "\u{7f}",
        ];
        for (first, second) in pieces.iter().flat_map(|a| pieces.iter().map(move |b| (a, b))) {
            for (before, after) in [("", ""), ("\"", "\""), ("'", "'"), ("b'", "'"), ("b\"", "\"")]
            {
                let text = format!("{before}{first}{second}@x.com{after}");
                let made = change_encoding(&text, true);
                for (_, change) in CHANGES {
                    let once = change(&text);
                    for changed in [change(&once), once] {
                        let text = text.as_bytes();
                        let changed = changed.as_bytes();
                        assert!(text == changed || made.iter().any(|other| other == changed));
                    }
                }
            }
        }
    }
}
