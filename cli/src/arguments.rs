//! Reads the arguments. No error repeats a value, because any may be the secret by mistake.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use pylon_identity_core::JwtSecret;

use crate::{Failure, help};

/// The arguments, parsed.
pub(crate) struct Arguments {
    pub(crate) command: Command,
    pub(crate) secret_file: Option<PathBuf>,
}

/// The commands.
pub(crate) enum Command {
    Help(&'static str),
    Version,
    Sign {
        email: String,
    },
    SignLines,
    /// Without a hash, it is on standard input.
    Verify {
        email: String,
        email_hash: Option<String>,
    },
    /// Without a hash, it is on standard input.
    Diagnose {
        email: String,
        email_hash: Option<String>,
    },
    /// The path of a page, - for standard input.
    DiagnosePage(PathBuf),
    Jwt {
        app_id: String,
        email: String,
        /// The name, the account's ID and the contact's ID.
        optional: [Option<String>; 3],
        expires_in: u64,
    },
    /// Without a token, it is on standard input.
    VerifyJwt {
        app_id: String,
        token: Option<String>,
    },
    GenerateSecret,
}

const NEVER_AN_ARGUMENT: &str = "The secret is never an argument, because others see those in the \
    list of processes, and the shell's history keeps them. Put it into the environment variable \
    PYLON_IDENTITY_SECRET (PYLON_JWT_SECRET for a JWT), or into a file that only you can read and \
    pass --secret-file PATH. If this was a secret in use, generate a new one in Pylon's dashboard.";

/// The options of jwt alone.
const JWT_OPTIONS: [&str; 4] = ["name", "account-external-id", "contact-external-id", "expires-in"];

/// Whether to answer in JSON. It is read first, so that errors in the other arguments are JSON too.
pub(crate) fn wants_json(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

/// Reads the arguments, without the name of the program.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Arguments, Failure> {
    let (mut help, mut version) = (false, false);
    let (mut secret_file, mut page, mut values) = (None, None, Vec::new());
    let mut of_jwt = [const { None }; JWT_OPTIONS.len()];
    let mut parser = Parser::from_args(args);
    while let Some(arg) = parser.next().map_err(misused_option)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => help = true,
            Arg::Short('V') | Arg::Long("version") => version = true,
            Arg::Long("json") => {}
            Arg::Long("secret-file") => {
                secret_file = Some(PathBuf::from(parser.value().map_err(misused_option)?));
            }
            Arg::Long("page") => {
                page = Some(PathBuf::from(parser.value().map_err(misused_option)?));
            }
            Arg::Value(value) => values.push(value),
            Arg::Long(name) => match JWT_OPTIONS.iter().position(|option| *option == name) {
                Some(index) => of_jwt[index] = Some(parser.value().map_err(misused_option)?),
                None => return Err(unknown_option("--", name)),
            },
            Arg::Short('s') => return Err(secret_as_argument()),
            // With more letters, it may be the secret after a dash.
            Arg::Short(letter) => {
                let alone = parser.optional_value().is_none();
                return Err(unknown_option("-", &String::from_iter(alone.then_some(letter))));
            }
        }
    }
    let command = match (help, version, values.is_empty()) {
        (true, _, true) => Command::Help(help::PROGRAM),
        (false, true, _) => Command::Version,
        _ if page.is_some() && !help && values.first().is_none_or(|name| name != "diagnose") => {
            return Err(Failure::usage("Only diagnose takes --page."));
        }
        _ => command(values, page, of_jwt, help)?,
    };
    if matches!(command, Command::GenerateSecret) && secret_file.is_some() {
        return Err(Failure::usage(
            "generate-secret reads no secret. It prints a new one: send it to a file with >.",
        ));
    }
    Ok(Arguments { command, secret_file })
}

fn command(
    mut values: Vec<OsString>,
    page: Option<PathBuf>,
    of_jwt: [Option<OsString>; JWT_OPTIONS.len()],
    help: bool,
) -> Result<Command, Failure> {
    let unknown = |problem| {
        Failure::usage(format!(
            "{problem}. The commands are sign, verify, diagnose, jwt, verify-jwt, generate-secret and help."
        ))
    };
    if values.is_empty() {
        return Err(unknown("A command is missing"));
    }
    let name = values.remove(0);
    let (Some(name), Some(text)) = (name.to_str(), name.to_str().and_then(help::of)) else {
        return Err(unknown("The first argument is not a command"));
    };
    if help {
        return Ok(Command::Help(text));
    }
    if name != "jwt" && of_jwt.iter().any(Option::is_some) {
        let options = JWT_OPTIONS.join(", --");
        return Err(Failure::usage(format!("Only jwt takes these options: --{options}.")));
    }
    Ok(match name {
        "sign" => match texts(name, ["EMAIL, or - for standard input"], values)? {
            [email] if email == "-" => Command::SignLines,
            [email] => Command::Sign { email },
        },
        "verify" => {
            let (email, email_hash) = email_and_hash(name, values)?;
            Command::Verify { email, email_hash }
        }
        "diagnose" => match page {
            Some(page) => {
                let [] = texts("diagnose --page", [], values)?;
                Command::DiagnosePage(page)
            }
            None => {
                let (email, email_hash) = email_and_hash(name, values)?;
                Command::Diagnose { email, email_hash }
            }
        },
        "jwt" => {
            let [app_id, email] = texts(name, ["APP_ID", "EMAIL"], values)?;
            // `sign -` reads standard input, but jwt would sign the text "-".
            if email == "-" {
                return Err(Failure::usage("jwt signs one EMAIL, which is an argument."));
            }
            let mut options = [const { None }; JWT_OPTIONS.len()];
            for ((option, value), name) in options.iter_mut().zip(of_jwt).zip(JWT_OPTIONS) {
                *option =
                    value.map(|value| utf8(&format!("value of --{name}"), value)).transpose()?;
            }
            let [name, account, contact, expires_in] = options;
            let seconds =
                || Failure::usage("--expires-in needs a number of seconds, from 1 to 900.");
            let expires_in = match expires_in {
                Some(digits) => digits.parse().map_err(|_| seconds())?,
                None => JwtSecret::LIFETIME,
            };
            Command::Jwt { app_id, email, optional: [name, account, contact], expires_in }
        }
        "verify-jwt" => {
            if values.len() < 2 {
                values.push("-".into());
            }
            let names = ["APP_ID", "TOKEN, or - for standard input"];
            let [app_id, token] = texts(name, names, values)?;
            Command::VerifyJwt { app_id, token: (token != "-").then_some(token) }
        }
        "generate-secret" => {
            let [] = texts(name, [], values)?;
            Command::GenerateSecret
        }
        _ => match values.first().map(|topic| topic.to_str().and_then(help::of)) {
            None => Command::Help(text),
            Some(Some(topic)) => Command::Help(topic),
            Some(None) => return Err(unknown("There is no help on this")),
        },
    })
}

fn email_and_hash(
    command: &str,
    values: Vec<OsString>,
) -> Result<(String, Option<String>), Failure> {
    let [email, hash] = texts(command, ["EMAIL", "HASH, or - for standard input"], values)?;
    Ok((email, (hash != "-").then_some(hash)))
}

/// The arguments of a command, as many as it needs.
fn texts<const N: usize>(
    command: &str,
    needed: [&str; N],
    values: Vec<OsString>,
) -> Result<[String; N], Failure> {
    let names = needed.join(" and ");
    if values.len() < N {
        return Err(Failure::usage(format!("{command} needs {names}.")));
    }
    if values.len() > N {
        let takes = match N {
            0 => "no arguments".to_owned(),
            _ => format!("{names}, and nothing else"),
        };
        return Err(Failure::usage(format!("{command} takes {takes}. {NEVER_AN_ARGUMENT}")));
    }
    let mut texts = [const { String::new() }; N];
    for ((slot, value), name) in texts.iter_mut().zip(values).zip(needed) {
        *slot = utf8(name.split(',').next().unwrap_or_default(), value)?;
    }
    Ok(texts)
}

fn utf8(name: &str, value: OsString) -> Result<String, Failure> {
    value.into_string().map_err(|_| {
        Failure::new("argument_not_utf8", format!("The {name} given is not valid UTF-8."))
    })
}

fn secret_as_argument() -> Failure {
    Failure::new("secret_as_argument", NEVER_AN_ARGUMENT)
}

/// Names the option only if it looks like one and not like a secret after dashes.
fn unknown_option(dashes: &str, name: &str) -> Failure {
    let lowercase = name.to_ascii_lowercase();
    if lowercase.contains("secret") || lowercase.contains("key") {
        return secret_as_argument();
    }
    let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let is_hex = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    Failure::usage(match name.len() {
        1..=20 if is_word && !is_hex => format!("There is no option {dashes}{name}."),
        _ => "There is no such option.".to_owned(),
    })
}

/// The parser's own words would repeat the value.
fn misused_option(error: lexopt::Error) -> Failure {
    Failure::usage(match error {
        lexopt::Error::MissingValue { option } => {
            let option = option.unwrap_or_default();
            let is_path = !JWT_OPTIONS.contains(&option.trim_start_matches('-'));
            format!("{option} needs {}.", if is_path { "the path of a file" } else { "a value" })
        }
        lexopt::Error::UnexpectedValue { option, .. } => format!("{option} takes no value."),
        _ => "The arguments are not understood.".to_owned(),
    })
}
