//! The messages that people make of the email.

use std::collections::HashSet;

use super::Cause;
use super::encodings::change_encoding;
use super::search::{Variant, distinct, variant};
use super::unicode::{add_invisible, change_unicode};
use crate::settings::FILLERS;

/// The texts that an email may become by a mistake.
type Mistake = fn(&str) -> Vec<Vec<u8>>;

const EMAIL_MISTAKES: [(Cause, Mistake); 4] = [
    (Cause::EmailCase, change_case),
    (Cause::EmailWhitespace, change_whitespace),
    (Cause::EmailEncoded, change_encoding),
    (Cause::EmailUnicode, change_unicode),
];

/// Three mistakes with one email are rare, and four would take much time.
const MAX_MISTAKES: usize = 3;

/// Emails have at most 254 bytes. All variants of a longer text would take much memory and time.
const MAX_EMAIL: usize = 1024;

/// How many bytes of text are made before the combinations of mistakes end.
const MAX_TEXT: usize = 2 << 20;

/// Some mistakes with the email, each at most once, in any order; and the texts that stand for no email.
pub(super) fn messages(email: &[u8]) -> Vec<Variant> {
    let mut messages = vec![variant(email, &[])];
    let fillers = FILLERS.iter().chain([&""]);
    messages.extend(fillers.map(|filler| variant(*filler, &[Cause::EmailMissing])));
    if email.len() > MAX_EMAIL {
        return messages;
    }
    let mut seen = HashSet::from([email.to_vec()]);
    let mut last = vec![variant(email, &[])];
    let mut made = 0;
    for _ in 0..MAX_MISTAKES {
        let mut further = Vec::new();
        for message in &last {
            if made > MAX_TEXT {
                break;
            }
            let Ok(text) = str::from_utf8(&message.bytes) else { continue };
            for (cause, mistake) in EMAIL_MISTAKES {
                if !message.causes.contains(&cause) {
                    let causes = [&message.causes[..], &[cause]].concat();
                    for text in mistake(text) {
                        made += text.len();
                        if seen.insert(text.clone()) {
                            further.push(variant(text, &causes));
                        }
                    }
                }
            }
        }
        messages.append(&mut last);
        last = further;
    }
    messages.append(&mut last);
    // In longer text there are too many places.
    if let Some(text) = str::from_utf8(email).ok().filter(|text| text.len() <= 254) {
        messages.extend(add_invisible(text).map(|text| variant(text, &[Cause::EmailUnicode])));
    }
    distinct(messages)
}

fn change_case(text: &str) -> Vec<Vec<u8>> {
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
    cased.into_iter().map(String::into_bytes).collect()
}

fn change_whitespace(text: &str) -> Vec<Vec<u8>> {
    let trimmed = text.trim();
    let spaces = [("", ""), (" ", ""), ("", "\n"), ("", "\r\n"), ("", " "), ("", "\t")];
    spaces.map(|(before, after)| format!("{before}{trimmed}{after}").into_bytes()).into()
}
