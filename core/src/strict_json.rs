//! Reads JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) strictly, and refuses an object with a name twice.

/// A value, as far as claims need it.
pub(crate) enum Json {
    Text(String),
    /// A whole number without an exponent, from -(2^53 - 1) to 2^53 - 1.
    Integer(i64),
    /// Another number, an array, an object, true, false or null.
    Other,
}

/// The names and values of an object.
pub(crate) struct Object(Vec<(String, Json)>);

/// How deep values may be nested.
const DEPTH: usize = 16;

/// The most names of an object. Each is compared with all others.
const MAX_NAMES: usize = 64;

impl Object {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: str::from_utf8(text).ok()? };
        let object = reader.object(DEPTH)?;
        reader.skip_space();
        reader.rest.is_empty().then_some(object)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Json::Text(text) = self.get(name)? { Some(text) } else { None }
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        if let Json::Integer(number) = self.get(name)? { Some(*number) } else { None }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn accept(&mut self, token: &str) -> bool {
        self.skip_space();
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        self.accept(token).then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.skip_space();
        match self.rest.as_bytes().first()? {
            b'"' => return self.string().map(Json::Text),
            b'{' => drop(self.object(depth.checked_sub(1)?)?),
            b'[' => self.array(depth.checked_sub(1)?)?,
            b'-' | b'0'..=b'9' => return self.number(),
            _ => {
                let words = ["true", "false", "null"];
                words.iter().any(|word| self.accept(word)).then_some(())?;
            }
        }
        Some(Json::Other)
    }

    fn object(&mut self, depth: usize) -> Option<Object> {
        let mut fields = Vec::new();
        self.expect("{")?;
        if !self.accept("}") {
            loop {
                self.skip_space();
                let name = self.string()?;
                if fields.len() == MAX_NAMES || fields.iter().any(|(known, _)| *known == name) {
                    return None;
                }
                self.expect(":")?;
                fields.push((name, self.value(depth)?));
                if self.accept("}") {
                    break;
                }
                self.expect(",")?;
            }
        }
        Some(Object(fields))
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.expect("[")?;
        if self.accept("]") {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if self.accept("]") {
                return Some(());
            }
            self.expect(",")?;
        }
    }

    fn number(&mut self) -> Option<Json> {
        let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        let (text, rest) =
            self.rest.split_at(self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len()));
        self.rest = rest;
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => {
                (&text[..at], text[at + 1..].strip_prefix(['+', '-']).unwrap_or(&text[at + 1..]))
            }
            None => (text, "0"),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = [whole, fraction, exponent].into_iter().all(is_digits)
            && (whole == "0" || !whole.starts_with('0'));
        let integer = text.parse().ok().filter(|number: &i64| number.unsigned_abs() < 1 << 53);
        is_number.then_some(integer.map_or(Json::Other, Json::Integer))
    }

    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        self.rest = self.rest.strip_prefix('"')?;
        loop {
            let at = self.rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\x1f'))?;
            text.push_str(&self.rest[..at]);
            let special = self.rest.as_bytes()[at];
            self.rest = &self.rest[at + 1..];
            match special {
                b'"' => return Some(text),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    /// The character of an escape, after its backslash.
    fn escaped(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        Some(match character {
            '"' | '\\' | '/' => character,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                let pair = if (0xd800..0xdc00).contains(&unit) {
                    self.rest = self.rest.strip_prefix("\\u")?;
                    vec![unit, self.unit()?]
                } else {
                    vec![unit]
                };
                char::decode_utf16(pair).next()?.ok()?
            }
            _ => return None,
        })
    }

    /// The four digits of a UTF-16 unit.
    fn unit(&mut self) -> Option<u16> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn refuses_invalid_json() {
        let long = "[".repeat(100_000);
        let names: Vec<_> = (0..65).map(|i| format!("\"{i}\":0")).collect();
        let names = format!("{{{}}}", names.join(","));
        for text in [
            "",
            "{",
            "{}}",
            "[]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":--1}",
            "{\"a\":1-1}",
            "{\"a\":tru}",
            "{\"a\":NaN}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\\u+123\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "{\"b\":{\"a\":1,\"a\":2}}",
            "{\"a\":[1,]}",
            "\u{feff}{}",
            "{} x",
            &long,
            &names,
        ] {
            assert!(Object::parse(text.as_bytes()).is_none(), "{}", &text[..text.len().min(40)]);
        }
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_none(), "not UTF-8");
    }

    #[test]
    fn reads_claims() {
        let text = r#" { "t" : "\u0041\ud83d\ude00\n\/", "i": -17, "f": 1.5, "e": 1e3, "z": 0,
            "big": 9007199254740992, "l": [[], {"a": [true, false, null]}, {}] } "#;
        let object = Object::parse(text.as_bytes()).unwrap();
        assert_eq!(object.text("t"), Some("A\u{1f600}\n/"));
        assert_eq!(object.integer("i"), Some(-17));
        assert_eq!(object.integer("z"), Some(0));
        for other in ["f", "e", "big", "l"] {
            assert!(matches!(object.get(other), Some(Json::Other)), "{other}");
        }
        assert!(object.get("x").is_none());
    }

    proptest! {
        /// `serde_json` takes the same texts, but for duplicate names, depth and numbers beyond a float.
        #[test]
        fn agrees_with_serde(text in r#"[{}\[\]",:0-9a-eE+\-. tru\\u]{0,24}"#) {
            let text = format!("{{\"a\":{text}");
            if let Some(object) = Object::parse(text.as_bytes()) {
                let value: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(value.as_object().unwrap().len(), object.0.len());
            } else if let Ok(value) = serde_json::from_str::<Value>(&text) {
                // Serde keeps the last of equal names.
                prop_assert!(text.matches('"').count() > 2 * value.as_object().unwrap().len());
            }
        }
    }
}
