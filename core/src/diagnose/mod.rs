//! Finds out which mistakes give an observed email hash, by trying them.

mod causes;
#[rustfmt::skip]
mod compositions;
mod encodings;
mod jwt;
mod keys;
mod messages;
mod observed;
mod page;
mod reader;
mod search;
mod unicode;

use crate::env::trim;
use crate::secret::with_stack_wiped;
use crate::{Error, IdentitySecret};

pub use causes::Cause;
pub use jwt::diagnose_jwt;
pub use page::{MAX_PAGE, diagnose_page, diagnose_page_configured, page_has_jwt};

/// The number of hexadecimal digits of the secrets in Pylon's dashboard.
const PYLON_DIGITS: usize = 64;

/// The subject of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Hash,
    Jwt,
}

/// Why an email hash or a JWT is not right. It never shows the secret, the email, the hash or the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    subject: Subject,
    causes: Vec<Cause>,
    secret_error: Option<Error>,
    unusual_length: bool,
    right_for_unwrapped_secret: bool,
    /// Only for a whole page.
    page: Option<page::Marks>,
}

impl Diagnosis {
    /// A diagnosis without a cause.
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            causes: Vec::new(),
            secret_error: None,
            unusual_length: false,
            right_for_unwrapped_secret: false,
            page: None,
        }
    }

    /// Whether the hash or the token is exactly right. Then [`diagnose`] and [`diagnose_jwt`] find no cause.
    pub fn matches(&self) -> bool {
        self.causes.iter().all(|cause| cause.is_warning())
    }

    /// The fewest mistakes that together give the hash, each once, in the order of [`Cause::ALL`].
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// The first sentence. The mistakes follow it.
    fn verdict(&self) -> String {
        let subject = match (self.subject, self.page.is_some()) {
            (Subject::Hash, true) => "an email and the right hash for it.",
            (Subject::Jwt, true) => "a right JWT.",
            (Subject::Hash, false) => "The email hash does not match",
            (Subject::Jwt, false) => "The JWT is not right",
        };
        match (self.page.is_some(), self.matches(), self.causes.len()) {
            (true, true, 0) => format!(
                "The page gives the widget {subject} If Pylon still does not know the user, then the page changes \
                 its settings later, or Pylon's dashboard has another secret."
            ),
            (true, true, _) => {
                format!("The page gives the widget {subject} Look at this even so:")
            }
            (true, false, _) => format!("The page does not give the widget {subject}"),
            (false, _, 0) => match self.subject {
                Subject::Hash => "The email hash matches this email and this secret. If the widget still does not \
                                  verify the user, then the page sends another email or hash, or sets them after \
                                  the widget has started, or Pylon's dashboard has another secret.",
                Subject::Jwt => "The JWT is right for this secret and app ID. If the widget still does not verify \
                                 the user, then the page sends another token or app ID, or sets them after the \
                                 widget has started, or Pylon's dashboard has another secret or the option \"HMAC \
                                 email hash\".",
            }
            .to_owned(),
            (false, _, 1) => format!("{subject}."),
            (false, _, count) => format!("{subject}, because of {count} mistakes."),
        }
    }

    /// The mistakes and how to fix them, in plain text of one or more lines.
    pub fn explanation(&self) -> String {
        let mut lines = vec![self.verdict()];
        let marks = self.page.as_ref();
        lines.extend(self.causes.iter().map(|cause| {
            let on_page = marks.map_or(String::new(), |marks| marks.on(*cause));
            format!("- {}{on_page}", cause.explanation())
        }));
        lines.extend(marks.map_or(Vec::new(), |marks| marks.remarks(&self.causes)));
        if self.right_for_unwrapped_secret {
            lines.push(
                "- The hash is right for the secret inside the one given here. Unwrap it where it is configured."
                    .to_owned(),
            );
        }
        // Other causes already say how to fix the secret.
        let unexplained =
            self.causes.iter().any(|cause| matches!(cause, Cause::Unknown | Cause::HashMalformed));
        match self.secret_error {
            Some(error) if unexplained || error == Error::SecretWeak => {
                lines.push(format!("- The secret given here cannot be used either. {error}"));
                if error == Error::SecretNotHex {
                    lines.push(
                        "- If it is the secret of the option \"JWT\" in Pylon's dashboard, use that of the \
                         option \"HMAC email hash\" for email_hash."
                            .to_owned(),
                    );
                }
            }
            None if self.unusual_length => lines.push(
                "- Pylon's secrets have 64 hexadecimal digits, and this one has not. Check that it is \
                 the whole secret from Pylon's dashboard."
                    .to_owned(),
            ),
            _ => {}
        }
        lines.join("\n")
    }
}

/// Finds out why `email_hash` is not the hash of `email` under `secret`, the hexadecimal string.
///
/// Tries the mistakes of [`Cause`] in combinations of up to three: some thousands of hashes. Reports the fewest
/// mistakes that give the observed hash. Takes any text, a malformed secret too. It tries few mistakes with an email
/// of more than 1024 bytes or a secret of more than 4096 bytes. It is for developers and not for the path of a
/// request: it takes milliseconds, and its time depends on the secret.
pub fn diagnose(
    secret: impl AsRef<[u8]>,
    email: impl AsRef<[u8]>,
    email_hash: impl AsRef<[u8]>,
) -> Diagnosis {
    let (secret, email, email_hash) = (secret.as_ref(), email.as_ref(), email_hash.as_ref());
    with_stack_wiped::<SEARCH_STACK, _>(|| {
        let parsed = IdentitySecret::from_hex(secret);
        let causes = match &parsed {
            Ok(secret) if secret.verify(email, email_hash) => Vec::new(),
            _ => search::find_causes(secret, email, email_hash),
        };
        let unusual_length = parsed.is_ok() && secret.len() != PYLON_DIGITS;
        let inner = || IdentitySecret::from_hex(&keys::unwrap(secret)?[..]).ok();
        let right_for_unwrapped_secret = causes == [Cause::SecretEncoded]
            && inner().is_some_and(|inner| inner.verify(email, email_hash));
        Diagnosis {
            causes,
            secret_error: parsed.err(),
            unusual_length,
            right_for_unwrapped_secret,
            ..Diagnosis::new(Subject::Hash)
        }
    })
}

/// The same for a secret as it is configured, in a file or a variable that `from_env` would trim.
///
/// White space around it is no mistake here, unless the code that signed used the secret with it.
pub fn diagnose_configured(secret: &[u8], email: &str, email_hash: &str) -> Diagnosis {
    let [as_it_is, trimmed] =
        [secret, trim(secret)].map(|secret| diagnose(secret, email, email_hash));
    let others = as_it_is.causes.iter().filter(|cause| **cause != Cause::SecretWhitespace);
    if others.eq(&trimmed.causes) { trimmed } else { as_it_is }
}

/// The bytes of stack that are wiped after a diagnosis, with a wide margin. `make harden` searches the memory.
const SEARCH_STACK: usize = 16_384;
