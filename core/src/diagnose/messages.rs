//! The messages that code makes from the email by mistake.

use std::collections::HashSet;

use super::Cause;
use super::encodings::change_encoding;
use super::search::{Variant, variant};
use super::unicode::{add_invisible, change_unicode};
use crate::settings::FILLERS;

/// The texts that one mistake makes from an email. The flag also asks for the mistake made twice.
type Mistake = fn(&str, bool) -> Vec<Vec<u8>>;

const EMAIL_MISTAKES: [(Cause, Mistake); 4] = [
    (Cause::EmailCase, |text, _| change_case(text)),
    (Cause::EmailWhitespace, |text, _| change_whitespace(text)),
    (Cause::EmailEncoded, change_encoding),
    (Cause::EmailUnicode, |text, _| change_unicode(text)),
];

/// Emails have at most 254 bytes. All variants of a longer text would take much memory and time.
const MAX_EMAIL: usize = 1024;

/// After this many bytes of text, no more combinations of mistakes are made.
const MAX_TEXT: usize = 2 << 20;

/// Some mistakes with the email, each at most once, in any order; and the fillers for a missing email.
pub(super) struct Messages {
    /// The texts by their number of mistakes, as far as the search got.
    levels: Vec<Vec<Variant>>,
    seen: HashSet<Vec<u8>>,
    /// How many bytes of text were made.
    made: usize,
}

impl Messages {
    pub(super) fn new(email: &[u8]) -> Self {
        let levels = vec![vec![variant(email, &[])]];
        Self { levels, seen: HashSet::from([email.to_vec()]), made: 0 }
    }

    /// The texts that this many mistakes make and fewer do not. An invisible character counts twice, since it has many
    /// places.
    pub(super) fn level(&mut self, mistakes: usize) -> &[Variant] {
        while self.levels.len() <= mistakes {
            self.add_level();
        }
        &self.levels[mistakes]
    }

    fn add_level(&mut self) {
        let Self { levels, seen, made } = self;
        let (email, mistakes) = (&levels[0][0].bytes, levels.len());
        let mut level = Vec::new();
        let mut add = |text: Vec<u8>, causes: &[Cause]| {
            if !seen.contains(&text) {
                seen.insert(text.clone());
                level.push(variant(text, causes));
            }
        };
        if mistakes == 1 {
            for filler in FILLERS.iter().chain([&""]) {
                add((*filler).into(), &[Cause::EmailMissing]);
            }
        }
        // In longer text there are too many places.
        if let (2, ..=254, Ok(text)) = (mistakes, email.len(), str::from_utf8(email)) {
            add_invisible(text).for_each(|text| add(text, &[Cause::EmailUnicode]));
        }
        for message in &levels[mistakes - 1] {
            let causes = &message.causes;
            let last = causes.last();
            let is_done = causes.len() + 1 < mistakes || last == Some(&Cause::EmailMissing);
            if is_done || email.len() > MAX_EMAIL || *made > MAX_TEXT {
                continue;
            }
            let Ok(text) = str::from_utf8(&message.bytes) else { continue };
            // There are many encodings, so they are made twice only after no mistake or a changed case.
            let twice = matches!(causes[..], [] | [Cause::EmailCase]);
            for (cause, mistake) in EMAIL_MISTAKES {
                // White space and case make the same text in either order.
                let is_same = (last, cause) == (Some(&Cause::EmailWhitespace), Cause::EmailCase);
                if causes.contains(&cause) || is_same {
                    continue;
                }
                let causes = [causes, &[cause][..]].concat();
                // Few people make both of these and a third mistake, and they make many texts.
                let has = |cause| causes.contains(&cause);
                if mistakes > 2 && has(Cause::EmailEncoded) && has(Cause::EmailUnicode) {
                    continue;
                }
                for text in mistake(text, twice) {
                    *made += text.len();
                    add(text, &causes);
                }
            }
        }
        levels.push(level);
    }
}

fn change_case(text: &str) -> Vec<Vec<u8>> {
    let mut cased = vec![text.to_ascii_lowercase(), text.to_ascii_uppercase()];
    if !text.is_ascii() {
        cased.extend([text.to_lowercase(), text.to_uppercase()]);
    }
    // Normalised as some mail servers do.
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
