//! Reads chat settings from JSON, JavaScript and HTML: leniently, in linear time, and without running code.

use std::str::Chars;

/// The settings that are judged. The first holds the others.
pub(super) const NAMES: [&str; 9] = [
    "chat_settings",
    "app_id",
    "email",
    "email_hash",
    "jwt",
    "account_external_id",
    "account_id",
    "avatar_url",
    "name",
];
pub(super) const CHAT_SETTINGS: usize = 0;

/// The name with this index, and whether it is written as the widget reads it.
type Name = (usize, bool);

/// Finds `app_id` also for `appId` and `App-ID`.
fn name_of(text: &str) -> Option<Name> {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|byte| !b"_-".contains(byte)).map(|byte| byte.to_ascii_lowercase())
    }
    let index = NAMES.iter().position(|name| letters(name).eq(letters(text)))?;
    Some((index, NAMES[index] == text))
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Value {
    #[default]
    Missing,
    /// An expression, whose value only the browser knows.
    Unknown,
    Text(String),
    Object(Object),
}

/// The fields that are judged. The last of equal names counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object {
    pub(super) fields: Vec<(Name, Value)>,
    /// Whether there may be more fields.
    pub(super) open: bool,
}

impl Object {
    fn slot(&mut self, name: Name) -> &mut Value {
        let found = self.fields.iter().position(|(other, _)| *other == name);
        let index = found.unwrap_or_else(|| {
            self.fields.push((name, Value::Missing));
            self.fields.len() - 1
        });
        &mut self.fields[index].1
    }

    /// The value of a name, in the widget's spelling if there is one.
    pub(super) fn get(&self, index: usize) -> Option<(&Value, bool)> {
        let spelled = |right: bool| {
            let mut fields = self.fields.iter();
            fields.find(|(name, value)| *name == (index, right) && *value != Value::Missing)
        };
        spelled(true).or_else(|| spelled(false)).map(|((_, exact), value)| (value, *exact))
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_$".contains(c) || (!c.is_ascii() && c != '…' && !is_space(c))
}

// These searches are not inlined, for the size of the packages.

/// The texts before and after the first `separator`.
#[inline(never)]
fn cut<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(separator)
}

fn has(text: &str, part: &str) -> bool {
    cut(text, part).is_some()
}

/// The text before the first character that `is_end`, and the rest.
#[inline(never)]
fn until(text: &str, is_end: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

/// Steps through JavaScript. JSON is a part of it.
struct Reader<'a> {
    rest: &'a str,
    /// The last character that is neither space nor comment, or a space where an expression begins.
    last: char,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, last: ' ' }
    }

    fn peek(&mut self) -> Option<char> {
        loop {
            self.rest = until(self.rest, |c| !is_space(c)).1;
            self.rest = match self.rest.as_bytes() {
                [b'/', b'/', ..] | [b'<', b'!', b'-', b'-', ..] => {
                    until(self.rest, |c| matches!(c, '\n' | '\r')).1
                }
                [b'/', b'*', ..] => cut(&self.rest[2..], "*/").map_or("", |(_, after)| after),
                _ => return self.rest.chars().next(),
            };
        }
    }

    fn accept(&mut self, token: &str) -> bool {
        self.peek();
        let after = self.rest.strip_prefix(token);
        if let (Some(after), Some(last)) = (after, token.chars().last()) {
            (self.rest, self.last) = (after, last);
        }
        after.is_some()
    }

    fn word(&mut self) -> &'a str {
        let (word, after) = until(self.rest, |c| !is_word(c));
        self.rest = after;
        // A regular expression may follow these.
        self.last = if matches!(word, "return" | "typeof" | "case") { ' ' } else { 'w' };
        word
    }

    /// Reads a string from its first quote. Returns `None` if it does not end, or contains an expression.
    fn string(&mut self) -> Option<String> {
        let mut chars = self.rest.chars();
        let quote = chars.next()?;
        let (mut text, mut known) = (String::new(), true);
        self.last = quote;
        let ended = loop {
            match chars.next() {
                None => break false,
                Some(c) if c == quote => break true,
                Some('\n' | '\r') if quote != '`' => break false,
                Some('\\') => text.extend(escaped(&mut chars)),
                Some(c) => {
                    known &= quote != '`' || c != '$' || !chars.as_str().starts_with('{');
                    text.push(c);
                }
            }
        };
        self.rest = chars.as_str();
        (ended && known).then_some(text)
    }

    fn regular_expression(&mut self) {
        let mut chars = self.rest.chars();
        let mut in_class = false;
        self.last = 'w';
        chars.next();
        while let Some(c) = chars.next() {
            match c {
                '\\' => _ = chars.next(),
                '[' => in_class = true,
                ']' => in_class = false,
                '\n' => break,
                '/' if !in_class => break,
                _ => {}
            }
        }
        self.rest = chars.as_str();
    }

    /// Steps over a token.
    fn token(&mut self) {
        match self.peek() {
            Some('"' | '\'' | '`') => _ = self.string(),
            Some('/') if !is_word(self.last) && !")]}\"'`".contains(self.last) => {
                self.regular_expression();
            }
            Some(c) if is_word(c) => _ = self.word(),
            Some(c) => (self.rest, self.last) = (&self.rest[c.len_utf8()..], c),
            None => {}
        }
    }

    /// Steps over the rest of an expression, or over one pair of brackets.
    fn skip(&mut self, only_brackets: bool) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => return,
                Some(',' | ';' | ')' | ']' | '}') if depth == 0 => return,
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.token();
            if only_brackets && depth == 0 {
                return;
            }
        }
    }

    /// Reads a literal. Any other value is unknown. Objects deeper than `depth` become their text.
    fn value(&mut self, depth: usize) -> Value {
        let first = self.peek();
        let start = self.rest;
        let value = match first {
            Some('"' | '\'' | '`') => self.string().map_or(Value::Unknown, Value::Text),
            Some('{') if depth > 0 => Value::Object(self.object(depth)),
            Some('{' | '[') => {
                self.skip(true);
                let text = &start[..start.len() - self.rest.len()];
                let is_empty = text.starts_with('{') && text[1..].trim_start() == "}";
                // JSON has this for a promise.
                Value::Text(if is_empty { "[object Object]" } else { text }.to_owned())
            }
            Some(c) if is_word(c) => match self.word() {
                "null" | "undefined" => Value::Missing,
                word if c.is_ascii_digit() || matches!(word, "true" | "false" | "NaN") => {
                    Value::Text(word.to_owned())
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        };
        match self.peek() {
            Some(c) if "+-*/%.?([`&|^<>=".contains(c) => Value::Unknown,
            _ => value,
        }
    }

    /// Reads an object from its first bracket.
    fn object(&mut self, depth: usize) -> Object {
        let mut object = Object::default();
        self.accept("{");
        loop {
            let name = match self.peek() {
                Some('}') => break,
                Some(',') => {
                    self.token();
                    continue;
                }
                None => {
                    object.open = true;
                    break;
                }
                Some('"' | '\'') => self.string().unwrap_or_default(),
                Some(c) if is_word(c) => self.word().to_owned(),
                _ => String::new(),
            };
            let name_of = name_of(&name);
            let value = if !name.is_empty() && self.accept(":") {
                // Only the settings have fields that are judged.
                let nested = matches!(name_of, Some((CHAT_SETTINGS, _)));
                self.value(if nested { depth - 1 } else { 0 })
            } else {
                object.open |= !matches!(self.peek(), Some(',' | '}'));
                Value::Unknown
            };
            if value == Value::Unknown {
                self.skip(false);
                // A bracket or a semicolon that does not belong here.
                if matches!(self.peek(), Some(';' | ')' | ']')) {
                    object.open = true;
                    self.token();
                }
            }
            if let Some(name) = name_of {
                *object.slot(name) = value;
            }
        }
        self.accept("}");
        object
    }

    /// Reads names that are joined, such as `window.pylon['chat_settings']`.
    fn path(&mut self) -> Vec<String> {
        let mut names = vec![self.word().to_owned()];
        loop {
            let before = self.rest;
            let name = if self.accept("?.") || self.accept(".") {
                self.peek();
                Some(self.word().to_owned())
            } else if self.accept("[") && matches!(self.peek(), Some('"' | '\'')) {
                self.string().filter(|_| self.accept("]"))
            } else {
                None
            };
            match name {
                Some(name) if !name.is_empty() => names.push(name),
                _ => {
                    (self.rest, self.last) = (before, 'w');
                    return names;
                }
            }
        }
    }

    /// Reads `window.pylon` and the names after it, and returns these names.
    fn target(&mut self) -> Option<Vec<Name>> {
        let path = self.path();
        let is_root = ["window", "globalThis", "self"].contains(&&*path[0]);
        let path = &path[usize::from(is_root)..];
        let (_, names) = path.split_first().filter(|(first, _)| *first == "pylon")?;
        names.iter().map(|name| name_of(name)).collect()
    }
}

/// The character of an escape, after its backslash.
fn escaped(chars: &mut Chars) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\x08',
        'f' => '\x0c',
        'v' => '\x0b',
        '0' => '\0',
        '\n' => return None,
        'x' => character(digits(chars, 2)),
        'u' if chars.as_str().starts_with('{') => {
            let (code, after) = cut(&chars.as_str()[1..], "}")?;
            *chars = after.chars();
            character(u32::from_str_radix(code, 16).ok())
        }
        'u' => {
            let code = digits(chars, 4);
            let mut ahead = chars.clone();
            let is_pair = matches!(code, Some(0xd800..0xdc00))
                && (ahead.next(), ahead.next()) == (Some('\\'), Some('u'));
            match (code, is_pair.then(|| digits(&mut ahead, 4)).flatten()) {
                (Some(high), Some(low @ 0xdc00..0xe000)) => {
                    *chars = ahead;
                    character(Some(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff)))
                }
                _ => character(code),
            }
        }
        other => other,
    })
}

fn character(code: Option<u32>) -> char {
    code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Reads this number of hexadecimal digits.
fn digits(chars: &mut Chars, count: usize) -> Option<u32> {
    let (digits, after) = chars.as_str().split_at_checked(count)?;
    *chars = after.chars();
    u32::from_str_radix(digits, 16).ok()
}

/// The settings of a page, as its scripts leave them.
#[derive(Default)]
pub(super) struct Page {
    pub(super) pylon: Value,
    /// The same when the widget starts, if the page shows that.
    pub(super) at_start: Option<Value>,
    /// How many script tags set all settings.
    pub(super) tags: usize,
    /// Whether a script names the settings, perhaps to set them in a way that is not read here.
    is_mentioned: bool,
}

/// How deep settings are: those of `window.pylon`, and those of `chat_settings`.
const DEPTH: usize = 2;

/// The address of the widget's script.
const WIDGET: &str = "widget.usepylon.com/widget/";

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut text = text.trim_matches(is_space);
        let inner;
        // A console shows text in quotes.
        if text.starts_with(['"', '\'', '`'])
            && let Some(string) = Reader::new(text).string()
        {
            inner = string;
            text = inner.trim_matches(is_space);
        }
        if text.starts_with('{') {
            page.literal(text);
        } else if text.starts_with('<') || has(text, "<script") || has(text, "<SCRIPT") {
            page.html(text);
        } else {
            page.script(text);
            // A console may show the name first.
            let (before, object) = until(text, |c| c == '{');
            if page.pylon == Value::Missing && !object.is_empty() && !has(before, "(") {
                page.literal(object);
            }
        }
        let is_empty = match &page.pylon {
            Value::Object(pylon) => pylon.fields.is_empty(),
            value => *value == Value::Missing,
        };
        if page.is_mentioned && is_empty {
            page.pylon = Value::Unknown;
        }
        page
    }

    /// Reads `window.pylon`, or its `chat_settings` alone.
    fn literal(&mut self, text: &str) {
        self.pylon = match Reader::new(text).value(DEPTH) {
            Value::Object(object) if object.get(CHAT_SETTINGS).is_none() => {
                let settings = ((CHAT_SETTINGS, true), Value::Object(object));
                Value::Object(Object { fields: vec![settings], open: false })
            }
            value => value,
        };
    }

    fn html(&mut self, text: &str) {
        let mut rest = text;
        // The scripts that run after the whole page was read: modules, and `None` for the widget's script.
        let mut deferred = Vec::new();
        while let Some((_, tag)) = cut(rest, "<") {
            if tag.starts_with("!--") {
                rest = cut(&tag[1..], "-->").map_or("", |(_, after)| after);
                continue;
            }
            let (name, after) = until(tag, |c| !c.is_ascii_alphanumeric());
            if name.is_empty() {
                rest = tag;
                continue;
            }
            let (attributes, content) = attributes(after);
            rest = content;
            if !RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name)) {
                continue;
            }
            let end = end_of(content, name);
            rest = &content[end..];
            if !name.eq_ignore_ascii_case("script") {
                continue;
            }
            let attribute = |wanted: &str| {
                let mut found =
                    attributes.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.next().map(|(_, value)| *value)
            };
            let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
            let is_module = kind == "module";
            match attribute("src") {
                _ if !kind.is_empty() && !is_module && !has(&kind, "script") => {}
                Some(source) if !has(source, WIDGET) => {}
                Some(_) if is_module || attribute("defer").is_some() => deferred.push(None),
                Some(_) => self.start(),
                None if is_module => deferred.push(Some(&content[..end])),
                None => self.script(&content[..end]),
            }
        }
        for script in deferred {
            match script {
                Some(script) => self.script(script),
                None => self.start(),
            }
        }
    }

    fn start(&mut self) {
        self.at_start.get_or_insert_with(|| self.pylon.clone());
    }

    /// Follows the assignments to `window.pylon` and within it.
    fn script(&mut self, text: &str) {
        let mut reader = Reader::new(text);
        let mut sets_all = false;
        // Pylon's own snippet waits for the page.
        let waits = ["\"load\"", "'load'", "onload", "DOMContentLoaded"];
        let waits = waits.iter().any(|event| has(text, event));
        while let Some(c) = reader.peek() {
            let before = reader.rest;
            let is_name = ["window", "globalThis", "self", "pylon"]
                .iter()
                .any(|name| before.starts_with(name) && reader.last != '.');
            if !is_name {
                reader.token();
                let token = &before[..before.len() - reader.rest.len()];
                self.is_mentioned |= token.trim_matches(['"', '\'']) == NAMES[CHAT_SETTINGS];
                if "\"'`".contains(c) && has(token, WIDGET) && !waits {
                    self.start();
                }
                continue;
            }
            let is_merged = text[..text.len() - before.len()].trim_end().ends_with("assign(");
            let Some(target) = reader.target() else { continue };
            let mut is_default = reader.accept("||=") || reader.accept("??=");
            let is_assigned = is_default
                || (is_merged && reader.accept(","))
                || (reader.peek() == Some('=')
                    && !reader.rest.starts_with("==")
                    && !reader.rest.starts_with("=>")
                    && reader.accept("="));
            if !is_assigned {
                continue;
            }
            // window.pylon = window.pylon || {…}
            reader.peek();
            let (rest, last) = (reader.rest, reader.last);
            if reader.target().as_ref() == Some(&target) {
                if !reader.accept("||") && !reader.accept("??") {
                    continue;
                }
                is_default = true;
            } else {
                (reader.rest, reader.last) = (rest, last);
            }
            let value = reader.value(DEPTH.saturating_sub(target.len()));
            let all = match (&target[..], &value) {
                ([], Value::Object(pylon)) => pylon.get(CHAT_SETTINGS).is_some(),
                ([(CHAT_SETTINGS, _)], _) => true,
                _ => false,
            };
            sets_all |= all && !is_merged && !is_default;
            self.assign(&target, value, is_default, is_merged);
        }
        self.tags += usize::from(sets_all);
    }

    fn assign(&mut self, target: &[Name], value: Value, is_default: bool, is_merged: bool) {
        let mut slot = &mut self.pylon;
        for name in target {
            // The object may come from elsewhere, with more in it.
            if !matches!(slot, Value::Object(_)) {
                *slot = Value::Object(Object { fields: Vec::new(), open: true });
            }
            let Value::Object(object) = slot else { return };
            slot = object.slot(*name);
        }
        match (slot, value) {
            (Value::Object(old), Value::Object(new)) if is_merged => {
                new.fields.into_iter().for_each(|(name, value)| *old.slot(name) = value);
                old.open |= new.open;
            }
            (Value::Object(old), _) if is_merged => old.open = true,
            (slot, value) if !is_default || *slot == Value::Missing => *slot = value,
            _ => {}
        }
    }
}

/// The elements whose content is text and no HTML, or that do not run with scripts.
const RAW: [&str; 8] =
    ["script", "style", "textarea", "title", "noscript", "template", "iframe", "xmp"];

/// The offset of the end tag of an element, or of the end.
fn end_of(content: &str, name: &str) -> usize {
    let is_end = |at: &usize| {
        let found = content.get(at + 2..at + 2 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    content.match_indices("</").map(|(at, _)| at).find(is_end).unwrap_or(content.len())
}

/// The attributes of a tag, and the text after it.
fn attributes(text: &str) -> (Vec<(&str, &str)>, &str) {
    let mut attributes = Vec::new();
    let mut rest = text;
    loop {
        rest = until(rest, |c| !c.is_ascii_whitespace() && c != '/').1;
        if rest.is_empty() || rest.starts_with('>') {
            return (attributes, rest.strip_prefix('>').unwrap_or(rest));
        }
        let (name, after) = until(rest, |c| c.is_ascii_whitespace() || "/>=".contains(c));
        let mut value = "";
        rest = until(after, |c| !c.is_ascii_whitespace()).1;
        if let Some(after) = rest.strip_prefix('=') {
            let after = until(after, |c| !c.is_ascii_whitespace()).1;
            (value, rest) = match after.as_bytes().first() {
                Some(b'"' | b'\'') => cut(&after[1..], &after[..1]).unwrap_or((after, "")),
                _ => until(after, |c| c.is_ascii_whitespace() || c == '>'),
            };
        }
        attributes.push((name, value));
    }
}
