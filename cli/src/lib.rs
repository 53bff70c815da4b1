//! The command line of pylon-identity: one implementation for the program of that name, for the
//! Python package's `python -m pylon_identity` and for the Node package's `npx pylon-identity`.

#![forbid(unsafe_code)]

mod arguments;
mod help;
mod lines;
mod streams;

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};

use pylon_identity_core::binding::{
    diagnose_configured, diagnose_page_configured, json_object, page_has_jwt, trim,
};
use pylon_identity_core::{
    Diagnosis, EnvError, Error, IdentitySecret, JwtSecret, JwtUser, generate_secret,
};

use arguments::{Arguments, Command};
pub use streams::Closed;
use streams::{Patient, read_page, read_secret, read_text};

/// Runs the command line with `args`, without the program's name, and returns the exit code.
///
/// It uses the standard streams and the environment of the process. The code is 0 for done or yes, 1 for no, and 2 for
/// an error, which is then on standard error.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    run_with_closed(args, Closed::default())
}

/// The same for a process whose runtime has replaced standard streams that were closed when it started.
pub fn run_with_closed(args: impl IntoIterator<Item = OsString>, closed: Closed) -> i32 {
    run_collected(args.into_iter().collect(), closed)
}

/// It is not inlined into a binding, which is compiled for speed and not for size.
#[inline(never)]
fn run_collected(args: Vec<OsString>, closed: Closed) -> i32 {
    let json = arguments::wants_json(&args);
    let done = arguments::parse(args).map_err(Stop::from).and_then(|arguments| {
        let mut output = streams::stdout(closed)?;
        let Answer { text, yes } = execute(arguments, json, closed, &mut output)?;
        match output.write_all(text.as_bytes()) {
            // Even if the reader is gone, the exit code must not turn a no into a yes.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::from(error)),
            _ => Ok(if yes { 0 } else { 1 }),
        }
    });
    match done {
        Ok(code) => code,
        Err(Stop::BrokenPipe) => 0,
        Err(Stop::Failed(failure)) => {
            tell(&failure.report(json));
            2
        }
    }
}

/// If this fails, there is no way to report it.
fn tell(text: &str) {
    let _ = Patient(io::stderr()).write_all(text.as_bytes());
}

/// The output of a command, and whether the exit code says yes.
struct Answer {
    text: String,
    yes: bool,
}

/// Why a command cannot be done. The message holds no argument, secret or email.
struct Failure {
    code: &'static str,
    message: String,
    /// A further step for a person at a terminal, on a line of its own.
    hint: Option<&'static str>,
}

/// A risk that does not stop a command.
struct Warning {
    code: &'static str,
    message: &'static str,
}

impl Warning {
    fn report(&self, json: bool) -> String {
        if json {
            let warning = json_object([("code", self.code), ("message", self.message)]);
            return format!("{{\"warning\":{warning}}}\n");
        }
        format!("pylon-identity: Warning: {}\n", self.message)
    }
}

/// The reasons to end a command early.
enum Stop {
    /// The reader of the output has enough, as `head` does.
    BrokenPipe,
    Failed(Failure),
}

impl Failure {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self {
            hint: Some("To learn more, run: pylon-identity --help"),
            ..Self::new("usage", message)
        }
    }

    fn report(&self, json: bool) -> String {
        if json {
            let error = json_object([("code", self.code), ("message", &self.message)]);
            return format!("{{\"error\":{error}}}\n");
        }
        let hint = self.hint.map(|hint| format!("{hint}\n")).unwrap_or_default();
        format!("pylon-identity: {}\n{hint}", self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = "Or keep it in a file that only you can read, and pass --secret-file PATH.";
        let hint = (error == Error::SecretMissing).then_some(hint);
        Self { hint, ..Self::new(error.code(), error.message()) }
    }
}

impl From<EnvError> for Failure {
    fn from(error: EnvError) -> Self {
        Self { message: error.to_string(), ..error.error().into() }
    }
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

/// Only for errors of standard output. Errors of other streams are explained where they happen.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        let message = format!("Standard output cannot be written: {error}.");
        Self::Failed(Failure::new("output_unwritable", message))
    }
}

fn execute(
    arguments: Arguments,
    json: bool,
    closed: Closed,
    output: &mut impl Write,
) -> Result<Answer, Stop> {
    let secret_file = arguments.secret_file.as_deref();
    let configured = |variables: &[&str]| -> Result<_, Failure> {
        let (value, warning) = read_secret(secret_file, variables, closed)?;
        warning.iter().for_each(|warning| tell(&warning.report(json)));
        Ok(value)
    };
    let secret = || -> Result<_, Failure> {
        let value = configured(&[IdentitySecret::ENV])?;
        // White space around it is trimmed, as in a variable.
        let digits = trim(&value);
        let secret = IdentitySecret::from_hex(digits)?;
        if digits.len() != PYLON_DIGITS {
            tell(&UNUSUAL_LENGTH.report(json));
        }
        Ok(secret)
    };
    let jwt_secret =
        || -> Result<_, Failure> { Ok(JwtSecret::new(trim(&configured(&[JwtSecret::ENV])?))?) };
    // The hash or the JWT comes from standard input if it is not given.
    let given_or_read = |given: Option<String>, name: &str| match given {
        Some(text) => Ok(text),
        None if secret_file.is_some_and(streams::is_stdin) => {
            let message = format!("Standard input cannot give both the secret and the {name}.");
            Err(Failure::usage(message))
        }
        None => read_text(name, closed),
    };
    let colours = colours(
        io::stdout().is_terminal(),
        std::env::var_os("NO_COLOR").as_deref(),
        std::env::var_os("TERM").as_deref(),
    );
    let (text, yes) = match arguments.command {
        Command::Help(text) => (headings(text, colours), true),
        Command::Version => (format!("pylon-identity {}\n", pylon_identity_core::VERSION), true),
        Command::Sign { email } => {
            let hash = secret()?.sign(&email);
            let text = if json {
                json_object([("email", email.as_str()), ("email_hash", hash.as_str())]) + "\n"
            } else {
                format!("{hash}\n")
            };
            (text, true)
        }
        Command::SignLines if secret_file.is_some_and(streams::is_stdin) => {
            let message = "Standard input cannot give both the secret and the emails.";
            return Err(Failure::usage(message).into());
        }
        Command::SignLines => {
            let secret = secret()?;
            let input = streams::stdin(closed).map_err(|error| {
                let message = format!("Standard input cannot be read: {error}.");
                Failure::new("input_unreadable", message)
            })?;
            lines::sign_lines(&secret, input, output, json)?;
            (String::new(), true)
        }
        Command::Verify { email, email_hash } => {
            let email_hash = given_or_read(email_hash, "hash")?;
            let verified = secret()?.verify(email, email_hash);
            let text = match verified {
                _ if json => format!("{{\"verified\":{verified}}}\n"),
                true => format!("{}\n", paint(GREEN, "verified", colours)),
                false => format!(
                    "{}\nTo find out why, run the same with diagnose in place of verify.\n",
                    paint(RED, "not verified", colours)
                ),
            };
            (text, verified)
        }
        Command::Diagnose { email, email_hash } => {
            let email_hash = given_or_read(email_hash, "hash")?;
            let secret = configured(&[IdentitySecret::ENV])?;
            show(&diagnose_configured(&secret, &email, &email_hash), json, colours)
        }
        Command::DiagnosePage(path) => {
            if streams::is_stdin(&path) && secret_file.is_some_and(streams::is_stdin) {
                let message = "Standard input cannot give both the secret and the page.";
                return Err(Failure::usage(message).into());
            }
            let page = read_page(&path, closed)?;
            // The JWT secret may be in the variable of the other option.
            let variables = [JwtSecret::ENV, IdentitySecret::ENV];
            let variables = if page_has_jwt(&page) { &variables } else { &variables[1..] };
            show(&diagnose_page_configured(&configured(variables)?, &page), json, colours)
        }
        Command::Jwt { app_id, email, optional, expires_in } => {
            let [name, account_external_id, contact_external_id] =
                optional.each_ref().map(Option::as_deref);
            let (app_id, email) = (&*app_id, &*email);
            let user = JwtUser { app_id, email, name, account_external_id, contact_external_id };
            let jwt = jwt_secret()?.sign_jwt(user, expires_in)?;
            (if json { json_object([("jwt", &jwt)]) } else { jwt } + "\n", true)
        }
        Command::VerifyJwt { app_id, token } => {
            let token = given_or_read(token, "JWT")?;
            match jwt_secret()?.verify_jwt(&token, &app_id) {
                Ok(claims) => (claims.to_json() + "\n", true),
                Err(error) => (refused(error, json, colours), false),
            }
        }
        Command::GenerateSecret => {
            let secret = generate_secret();
            let text = if json { json_object([("secret", &secret)]) } else { secret };
            (text + "\n", true)
        }
    };
    Ok(Answer { text, yes })
}

/// The text about a JWT that is not right.
fn refused(error: Error, json: bool, colours: bool) -> String {
    let (code, message) = (error.code(), error.message());
    if json {
        let fields = json_object([("code", code), ("message", message)]);
        return format!("{{\"verified\":false,{}\n", &fields[1..]);
    }
    let verdict = paint(RED, "not verified", colours);
    format!("{verdict}\n{message}\nTo find out why, run diagnose --page with the page.\n")
}

/// The text of a diagnosis, and whether the hash is right.
fn show(diagnosis: &Diagnosis, json: bool, colours: bool) -> (String, bool) {
    let (matches, explanation) = (diagnosis.matches(), diagnosis.explanation());
    let text = if json {
        let codes = diagnosis.causes().iter().map(|cause| format!("\"{}\"", cause.code()));
        let codes = codes.collect::<Vec<_>>().join(",");
        let explanation = json_object([("explanation", &explanation)]);
        format!("{{\"matches\":{matches},\"causes\":[{codes}],{}\n", &explanation[1..])
    } else {
        let (verdict, rest) = explanation.split_once('\n').unwrap_or((&explanation, ""));
        let verdict = paint(if matches { GREEN } else { RED }, verdict, colours);
        format!("{}\n", format!("{verdict}\n{rest}").trim_end())
    };
    (text, matches)
}

const PYLON_DIGITS: usize = 64;

const UNUSUAL_LENGTH: Warning = Warning {
    code: "secret_unusual_length",
    message: "Pylon's secrets have 64 hexadecimal digits, and this one has not. Check that it is the \
              whole secret from Pylon's dashboard.",
};

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";

/// Whether to colour, by the rule of <https://no-color.org>.
fn colours(terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    terminal
        && no_color.is_none_or(OsStr::is_empty)
        && term.is_some_and(|term| !term.is_empty() && term != "dumb")
}

fn paint(colour: &str, text: &str, colours: bool) -> String {
    if colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

fn headings(help: &str, colours: bool) -> String {
    let line = |line: &str| {
        let is_heading = line.ends_with(':') && !line.starts_with(' ');
        paint(BOLD, line, colours && is_heading) + "\n"
    };
    help.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_where_they_are_wanted() {
        let decide = |terminal, no_color: Option<&str>, term: Option<&str>| {
            colours(terminal, no_color.map(OsStr::new), term.map(OsStr::new))
        };
        assert!(decide(true, None, Some("xterm-256color")));
        assert!(decide(true, Some(""), Some("xterm")), "an empty NO_COLOR is none");
        assert!(!decide(false, None, Some("xterm")), "not a terminal");
        assert!(!decide(true, Some("1"), Some("xterm")), "NO_COLOR");
        assert!(!decide(true, None, Some("dumb")));
        assert!(!decide(true, None, None));
    }

    #[test]
    fn paints_headings_and_nothing_else() {
        assert_eq!(headings("Title.\n\nUsage:\n  x:\n", false), "Title.\n\nUsage:\n  x:\n");
        let painted = headings("Title.\n\nUsage:\n  x:\n", true);
        assert_eq!(painted, "Title.\n\n\x1b[1mUsage:\x1b[0m\n  x:\n");
    }
}
