//! Other forms of the same text.

use super::compositions::COMPOSITIONS;

/// The invisible characters that get into emails when people copy them.
const INVISIBLE: [char; 6] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}'];

pub(super) fn change_unicode(text: &str) -> Vec<Vec<u8>> {
    if text.is_ascii() && !text.contains("xn--") {
        return Vec::new();
    }
    let mut changed = vec![
        compose(text).into_bytes(),
        decompose(text).into_bytes(),
        text.replace(INVISIBLE, "").into_bytes(),
    ];
    if let Some((user, domain)) = text.rsplit_once('@') {
        for convert in [to_punycode, from_punycode] {
            let labels: Option<Vec<_>> = domain.split('.').map(convert).collect();
            changed
                .extend(labels.map(|labels| format!("{user}@{}", labels.join(".")).into_bytes()));
        }
    }
    if !text.is_ascii() {
        let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
        let windows: Option<Vec<u8>> = text.chars().map(to_windows_1252).collect();
        // The text in another encoding, and its UTF-8 read in another encoding.
        changed.extend(latin.into_iter().chain(windows));
        for read in [char::from, from_windows_1252] {
            changed.push(text.bytes().map(read).collect::<String>().into_bytes());
        }
    }
    changed
}

/// The text with one invisible character in each place.
pub(super) fn add_invisible(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    places.flat_map(move |at| {
        let (before, after) = text.split_at(at);
        INVISIBLE.map(|character| format!("{before}{character}{after}").into_bytes())
    })
}

/// NFD for the letters of [`COMPOSITIONS`].
fn decompose(text: &str) -> String {
    fn push(decomposed: &mut String, character: char) {
        match COMPOSITIONS.binary_search_by_key(&character, |(composed, ..)| *composed) {
            Ok(found) => {
                let (_, base, mark) = COMPOSITIONS[found];
                push(decomposed, base);
                decomposed.push(mark);
            }
            Err(_) => decomposed.push(character),
        }
    }
    let mut decomposed = String::with_capacity(2 * text.len());
    text.chars().for_each(|character| push(&mut decomposed, character));
    decomposed
}

/// NFC for the letters of [`COMPOSITIONS`].
fn compose(text: &str) -> String {
    let mut composed = String::with_capacity(text.len());
    for character in text.chars() {
        let last = composed.chars().next_back();
        // Before this character there is no accent to search for.
        let compositions = if character < '\u{300}' { &[] } else { &COMPOSITIONS[..] };
        let found =
            compositions.iter().find(|(_, base, mark)| (last, character) == (Some(*base), *mark));
        match found {
            Some((whole, ..)) => {
                composed.pop();
                composed.push(*whole);
            }
            None => composed.push(character),
        }
    }
    composed
}

/// The characters of the bytes 0x80 to 0x9F in Windows-1252, as browsers read them.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

pub(super) fn from_windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252.chars().nth(usize::from(byte - 0x80)).unwrap_or_default(),
        _ => char::from(byte),
    }
}

fn to_windows_1252(character: char) -> Option<u8> {
    match character {
        '\u{80}'..='\u{9f}' | '\u{100}'.. => (0x80..=0x9f)
            .zip(WINDOWS_1252.chars())
            .find(|(_, c)| *c == character)
            .map(|(byte, _)| byte),
        _ => u8::try_from(character).ok(),
    }
}

// Punycode: RFC 3492, sections 5 and 6.
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE: u32 = 128;

fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = delta / if first { DAMP } else { 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

fn threshold(k: u32, bias: u32) -> u32 {
    k.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

/// Encodes a label of a domain, unless it is ASCII.
fn to_punycode(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    let label: Vec<u32> = label.to_lowercase().chars().map(u32::from).collect();
    let basic = label.iter().filter(|code| **code < FIRST_CODE);
    let mut encoded: String = basic.filter_map(|code| char::from_u32(*code)).collect();
    let basic = u32::try_from(encoded.len()).ok()?;
    let mut handled = basic;
    if basic > 0 {
        encoded.push('-');
    }
    let (mut n, mut delta, mut bias) = (FIRST_CODE, 0_u32, FIRST_BIAS);
    while (handled as usize) < label.len() {
        let next = *label.iter().filter(|code| **code >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for code in &label {
            if *code < n {
                delta = delta.checked_add(1)?;
            }
            if *code == n {
                let (mut q, mut k) = (delta, BASE);
                while q >= threshold(k, bias) {
                    let t = threshold(k, bias);
                    encoded.push(digit(t + (q - t) % (BASE - t))?);
                    q = (q - t) / (BASE - t);
                    k += BASE;
                }
                encoded.push(digit(q)?);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(format!("xn--{encoded}"))
}

fn digit(value: u32) -> Option<char> {
    b"abcdefghijklmnopqrstuvwxyz0123456789".get(value as usize).copied().map(char::from)
}

/// Decodes a label of a domain, if it begins with `xn--`.
fn from_punycode(label: &str) -> Option<String> {
    let Some(encoded) = label.strip_prefix("xn--") else { return Some(label.to_owned()) };
    let (basic, extended) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut decoded: Vec<char> = basic.chars().collect();
    let (mut n, mut i, mut bias) = (FIRST_CODE, 0_u32, FIRST_BIAS);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let (before, mut weight, mut k) = (i, 1_u32, BASE);
        loop {
            let value = match digits.next()?.to_ascii_lowercase() {
                letter @ b'a'..=b'z' => letter - b'a',
                digit @ b'0'..=b'9' => digit - b'0' + 26,
                _ => return None,
            };
            i = i.checked_add(u32::from(value).checked_mul(weight)?)?;
            let t = threshold(k, bias);
            if u32::from(value) < t {
                break;
            }
            weight = weight.checked_mul(BASE - t)?;
            k += BASE;
        }
        let length = u32::try_from(decoded.len()).ok()? + 1;
        bias = adapt(i - before, length, before == 0);
        n = n.checked_add(i / length)?;
        decoded.insert((i % length) as usize, char::from_u32(n)?);
        i = i % length + 1;
    }
    Some(decoded.into_iter().collect())
}
