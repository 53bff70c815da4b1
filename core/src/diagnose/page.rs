//! Finds out what is wrong with the chat settings of a page.

use super::reader::{CHAT_SETTINGS, NAMES, Object, Page, Value};
use super::{Cause, Diagnosis, SEARCH_STACK, Subject, diagnose, diagnose_configured, jwt, keys};
use crate::env::trim;
use crate::jwt::MIN_BYTES;
use crate::secret::with_stack_wiped;
use crate::settings::is_missing;

const APP_ID: usize = 1;
const EMAIL: usize = 2;
const EMAIL_HASH: usize = 3;
const JWT: usize = 4;
const ACCOUNT_EXTERNAL_ID: usize = 5;

/// A bit for each of [`NAMES`].
type Names = u16;

/// Without these the widget does not know the user.
const NECESSARY: Names = 1 << CHAT_SETTINGS | 1 << APP_ID | 1 << EMAIL | 1 << EMAIL_HASH;

/// With a JWT it knows the user, too.
const IDENTIFYING: Names = NECESSARY | 1 << JWT;

/// How much of a page is read, in bytes.
pub const MAX_PAGE: usize = 1 << 20;

/// The names that a diagnosis is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    misplaced: Names,
    misnamed: Names,
    unknown: Names,
    is_cut: bool,
}

impl Marks {
    fn of(&self, cause: Cause) -> Names {
        match cause {
            Cause::SettingsMisplaced => self.misplaced & IDENTIFYING,
            Cause::SettingsMisnamed => self.misnamed & IDENTIFYING,
            Cause::SettingsIgnored => (self.misplaced | self.misnamed) & !IDENTIFYING,
            Cause::SettingsUnknown => self.unknown,
            _ => 0,
        }
    }

    /// The text after the explanation of a cause.
    pub(super) fn on(&self, cause: Cause) -> String {
        match self.of(cause) {
            0 => String::new(),
            names => format!(" On this page: {}.", list(names)),
        }
    }

    pub(super) fn remarks(&self, causes: &[Cause]) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.unknown != 0 && !causes.contains(&Cause::SettingsUnknown) {
            remarks.push(format!("- Not known from here: {}.", list(self.unknown)));
        }
        if self.is_cut {
            remarks
                .push("- The page is longer than 1 MiB. Only the beginning was read.".to_owned());
        }
        remarks
    }
}

fn list(names: Names) -> String {
    let names: Vec<_> = NAMES
        .iter()
        .enumerate()
        .filter(|(i, _)| names & 1 << i != 0)
        .map(|(_, name)| *name)
        .collect();
    names.join(", ")
}

/// The settings, wherever they are on the page.
struct Settings {
    values: [Value; NAMES.len()],
    marks: Marks,
}

impl Settings {
    fn of(pylon: &Value) -> Self {
        let nothing = Object { open: *pylon == Value::Unknown, ..Object::default() };
        let pylon = if let Value::Object(pylon) = pylon { pylon } else { &nothing };
        let (chat, exact) = pylon.get(CHAT_SETTINGS).unwrap_or((&Value::Missing, true));
        let mut marks = Marks { misnamed: Names::from(!exact), ..Marks::default() };
        let may_have_more = match chat {
            Value::Object(chat) => chat.open,
            value => *value == Value::Unknown,
        };
        let is_open = may_have_more || (*chat == Value::Missing && pylon.open);
        let inside = |index| match chat {
            Value::Object(chat) => chat.get(index),
            _ => None,
        };
        let mut values = [const { Value::Missing }; NAMES.len()];
        for (index, slot) in values.iter_mut().enumerate().skip(APP_ID) {
            let bit = 1 << index;
            let found = inside(index).or_else(|| {
                let found = pylon.get(index).filter(|_| !may_have_more)?;
                marks.misplaced |= bit;
                Some(found)
            });
            let (value, exact) =
                found.map_or((Value::Missing, true), |(value, exact)| (value.clone(), exact));
            marks.misnamed |= if exact { 0 } else { bit };
            *slot = match value {
                Value::Missing if is_open => Value::Unknown,
                value => value,
            };
            // The other names may be missing.
            let is_needed = found.is_some() || NECESSARY & bit != 0;
            marks.unknown |= if *slot == Value::Unknown && is_needed { bit } else { 0 };
        }
        Self { values, marks }
    }

    fn text(&self, index: usize) -> &str {
        if let Value::Text(text) = &self.values[index] { text } else { "" }
    }

    /// Whether the page has a JWT and no email hash.
    fn uses_jwt(&self) -> bool {
        let [has_jwt, has_hash] = [JWT, EMAIL_HASH].map(|index| !is_missing(self.text(index)));
        // If neither value is known, it may be the hash.
        (has_jwt && !has_hash) || (self.has(JWT) && !self.has(EMAIL_HASH))
    }

    /// Whether there is a value, known or not.
    fn has(&self, index: usize) -> bool {
        self.marks.unknown & 1 << index != 0 || !is_missing(self.text(index))
    }
}

/// Finds out what is wrong with the chat settings of a page. `secret` is the hexadecimal string, or the JWT secret if
/// the page has a JWT and no email hash.
///
/// `page` is the result of `JSON.stringify(window.pylon)` in the browser's console, or `window.pylon.chat_settings`
/// alone, as JSON or as the literal that a console shows. It may also be the HTML of the page, whose inline scripts
/// are read and not run. Only the first MiB is read. Takes any text, and a malformed secret too.
///
/// [`Diagnosis::matches`] is true exactly when the widget finds an app ID and either an email and the right hash or a
/// right JWT, and the secret is not on the page. A page that matches may have causes that do not stop the widget.
pub fn diagnose_page(secret: impl AsRef<[u8]>, page: &str) -> Diagnosis {
    judge(
        secret.as_ref(),
        page,
        |secret| secret,
        |secret, email, email_hash| diagnose(secret, email, email_hash),
    )
}

/// The same for a secret as it is configured.
pub fn diagnose_page_configured(secret: &[u8], page: &str) -> Diagnosis {
    judge(secret, page, trim, diagnose_configured)
}

/// Whether the page identifies the user by a JWT.
pub fn page_has_jwt(page: &str) -> bool {
    Settings::of(&Page::read(beginning(page)).pylon).uses_jwt()
}

/// The part of a page that is read.
fn beginning(page: &str) -> &str {
    let end = (0..=page.len().min(MAX_PAGE)).rev().find(|end| page.is_char_boundary(*end));
    &page[..end.unwrap_or_default()]
}

fn judge(
    secret: &[u8],
    page: &str,
    configured: fn(&[u8]) -> &[u8],
    find: fn(&[u8], &str, &str) -> Diagnosis,
) -> Diagnosis {
    let text = beginning(page);
    let read = Page::read(text);
    let settings = Settings::of(&read.pylon);
    let marks = Marks { is_cut: text.len() < page.len(), ..settings.marks.clone() };
    let is_late = read.at_start.as_ref().is_some_and(|at_start| {
        let at_start = Settings::of(at_start);
        (APP_ID..=JWT).any(|index| at_start.values[index] != settings.values[index])
    });
    let marked = |cause| marks.of(cause) != 0;
    let [has_jwt, has_hash] = [JWT, EMAIL_HASH].map(|index| settings.has(index));
    let uses_jwt = settings.uses_jwt();
    let judged: Names = if uses_jwt { 1 << JWT } else { 1 << EMAIL | 1 << EMAIL_HASH };
    let is_known = marks.unknown & judged == 0;
    let is_empty = settings.values.iter().all(|value| *value == Value::Missing);
    let secret_on_page = with_stack_wiped::<SEARCH_STACK, _>(|| holds(text, secret, uses_jwt));
    let found = [
        (secret_on_page, Cause::SecretOnPage),
        (is_empty, Cause::SettingsMissing),
        (!is_known, Cause::SettingsUnknown),
        (is_late, Cause::SettingsLate),
        (marked(Cause::SettingsMisplaced), Cause::SettingsMisplaced),
        (marked(Cause::SettingsMisnamed), Cause::SettingsMisnamed),
        (marked(Cause::SettingsIgnored), Cause::SettingsIgnored),
        (read.tags > 1, Cause::SettingsRepeated),
        (!is_empty && !settings.has(APP_ID), Cause::AppIdMissing),
        (has_jwt && has_hash, Cause::JwtWithHash),
        (settings.has(ACCOUNT_EXTERNAL_ID) && has_hash, Cause::AccountWithHash),
        (!is_empty && !uses_jwt && !settings.has(EMAIL), Cause::EmailMissing),
        (!is_empty && !uses_jwt && !has_hash, Cause::HashMissing),
    ];

    let mut diagnosis = match uses_jwt {
        true if is_known => {
            let beside = [
                ("email", Some(settings.text(EMAIL))),
                ("account_external_id", Some(settings.text(ACCOUNT_EXTERNAL_ID))),
            ];
            jwt::judge(configured(secret), settings.text(APP_ID), settings.text(JWT), beside, None)
        }
        false if is_known && !is_empty => {
            find(secret, settings.text(EMAIL), settings.text(EMAIL_HASH))
        }
        _ => Diagnosis::new(if uses_jwt { Subject::Jwt } else { Subject::Hash }),
    };
    // Without an email, nothing more can be found.
    diagnosis.causes.retain(|cause| *cause != Cause::Unknown || settings.has(EMAIL));
    diagnosis.causes.extend(found.iter().filter(|(is_so, _)| *is_so).map(|(_, cause)| *cause));
    diagnosis.causes.sort_unstable();
    diagnosis.causes.dedup();
    diagnosis.page = Some(marks);
    diagnosis
}

/// Whether the page holds the secret. Other texts may be short, or no secret at all.
fn holds(page: &str, secret: &[u8], uses_jwt: bool) -> bool {
    if uses_jwt {
        let text = trim(secret);
        return text.len() >= MIN_BYTES
            && page.as_bytes().windows(text.len()).any(|part| part == text);
    }
    let inner = keys::unwrap(secret);
    let digits = trim(inner.as_ref().map_or(secret, |inner| &inner[..]));
    let is_secret = digits.len() >= 32 && digits.iter().all(u8::is_ascii_hexdigit);
    is_secret && page.as_bytes().windows(digits.len()).any(|part| part.eq_ignore_ascii_case(digits))
}
