use std::borrow::Cow;

/// Writes `text` as a JSON string ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259#section-7)).
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !PLAIN[usize::from(byte)]) {
        let (plain, special) = rest.split_at(at);
        json.push_str(plain);
        let mut characters = special.chars();
        characters.next().into_iter().for_each(|character| push_escape(json, character));
        rest = characters.as_str();
    }
    json.push_str(rest);
    json.push('"');
}

/// The characters that are never escaped: printable ASCII that means nothing to JSON or HTML.
///
/// An inline script has no other characters, since a page whose encoding is not UTF-8 misreads them. In Shift_JIS,
/// GBK, GB18030 and Big5, some bytes take the next backslash into their character.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
        byte += 1;
    }
    plain
};

fn push_escape(json: &mut String, character: char) {
    match character {
        '"' | '\\' => json.extend(['\\', character]),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        '\x08' => json.push_str("\\b"),
        '\x0c' => json.push_str("\\f"),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // The macro write! takes three times as long.
                json.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    json.push(char::from(b"0123456789abcdef"[usize::from((*unit >> shift) & 15)]));
                }
            }
        }
    }
}

/// A value that chat settings can have. Text, numbers and booleans convert into it.
pub enum SettingValue<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A number from -(2^53 - 1) to 2^53 - 1, which JavaScript reads as it is written.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for SettingValue<'a> {
    fn from(text: &'a T) -> Self {
        Self::Text(text.as_ref().into())
    }
}

impl<'a> From<Cow<'a, str>> for SettingValue<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for SettingValue<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for SettingValue<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

/// Writes an object, safe inside HTML of any encoding.
pub fn object<'a, N: AsRef<str>, V: Into<SettingValue<'a>>>(
    fields: impl IntoIterator<Item = (N, V)>,
) -> String {
    let mut json = String::new();
    push_object(&mut json, fields);
    json
}

/// Appends the object to a text.
pub fn push_object<'a, N: AsRef<str>, V: Into<SettingValue<'a>>>(
    json: &mut String,
    fields: impl IntoIterator<Item = (N, V)>,
) {
    json.push('{');
    for (i, (name, value)) in fields.into_iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        push_field(json, name.as_ref(), &value.into());
    }
    json.push('}');
}

#[inline(never)] // for the size of the packages
fn push_field(json: &mut String, name: &str, value: &SettingValue<'_>) {
    push_string(json, name);
    json.push(':');
    match value {
        SettingValue::Text(text) => push_string(json, text),
        // The format below would add ".0" to a whole number.
        SettingValue::Number(number) if number.fract() == 0.0 => {
            json.push_str(&(*number as i64).to_string());
        }
        SettingValue::Number(number) => json.push_str(&format!("{number:?}")),
        SettingValue::Boolean(value) => json.push_str(if *value { "true" } else { "false" }),
    }
}
