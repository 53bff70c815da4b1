//! The help texts. A line that begins in the first column and ends with a colon is a heading.

/// The help of a command, or `None` if there is no such command.
pub(crate) fn of(command: &str) -> Option<&'static str> {
    Some(match command {
        "help" => PROGRAM,
        "sign" => SIGN,
        "verify" => VERIFY,
        "diagnose" => DIAGNOSE,
        "jwt" => JWT,
        "verify-jwt" => VERIFY_JWT,
        "generate-secret" => GENERATE_SECRET,
        _ => return None,
    })
}

pub(crate) const PROGRAM: &str = "\
Signs the email of the logged-in user for Pylon's chat widget.

Usage:
  pylon-identity [OPTIONS] COMMAND

Commands:
  sign EMAIL           print the email hash, 64 hexadecimal digits
  sign -               sign each line of standard input
  verify EMAIL -       say whether the hash on standard input is right for the email
  diagnose EMAIL -     find out why the hash on standard input is not right
  diagnose --page -    find out what is wrong with the page on standard input
  jwt APP_ID EMAIL     print a JWT, for Pylon's option \"JWT\" in place of the hash
  verify-jwt APP_ID    print the claims of the JWT on standard input, if it is right
  generate-secret      make a secret for tests and development
  help [COMMAND]       explain the program or a command

Options:
  --secret-file PATH   read the secret from this file, - for standard input
  --json               print each result as one line of JSON, and errors too
  -h, --help           explain the program or a command
  -V, --version        print the version
  --                   end the options: the next arguments may begin with a -

The secret:
  It comes from the environment variable PYLON_IDENTITY_SECRET (PYLON_JWT_SECRET for a JWT), or
  from the file of --secret-file if that is given, without the white space around it. It is never
  an argument: others see those in the list of processes, and the shell's history keeps them.

Exit codes:
  0  done, or yes: the hash or the JWT is right
  1  no: it is not right
  2  an error: wrong arguments, an unusable secret, or input or output that fails

Examples:
  pylon-identity sign ada@example.com                          # PYLON_IDENTITY_SECRET is set
  pylon-identity sign ada@example.com --secret-file secret.txt
  pylon-identity sign ada@example.com --secret-file <(pass show pylon)
  op read op://backend/pylon/secret | pylon-identity sign ada@example.com --secret-file -

Sign only the email of the logged-in session, and only an address that the user has proved to
own. The hash is as good as a login of that user: send it to nobody else, and do not log it.
";

const SIGN: &str = "\
Prints the email hash of an email, or of each line of standard input.

Usage:
  pylon-identity sign [OPTIONS] EMAIL
  pylon-identity sign [OPTIONS] -

  With EMAIL it prints the hash. With - it reads emails, a line each in UTF-8, and answers each
  with a line of the email, a tab and the hash. It stops at a line with a tab or another control
  character, unless --json is given. An interruption leaves only whole lines. Exactly the email
  is signed, never trimmed or lowercased: pass it as your user database stores it.

Options:
  --secret-file PATH   read the secret from this file, not from PYLON_IDENTITY_SECRET
  --json               print {\"email\":…,\"email_hash\":…} for each email

Examples:
  pylon-identity sign ada@example.com
  pylon-identity sign - < emails.txt > hashes.tsv

Sign only the email of the logged-in session, and only an address that the user has proved to own.
";

const VERIFY: &str = "\
Says whether a hash is right for an email: \"verified\" or \"not verified\".

Usage:
  pylon-identity verify [OPTIONS] EMAIL -
  pylon-identity verify [OPTIONS] EMAIL HASH

  With - it reads the hash from standard input. A hash is as good as a login, and others see
  arguments in the list of processes and in the shell's history: give a real one with -. The exit
  code is 0 if the hash is exactly the one that sign prints, and 1 if not; diagnose finds out why.

Options:
  --secret-file PATH   read the secret from this file, not from PYLON_IDENTITY_SECRET
  --json               print {\"verified\":true} or {\"verified\":false}
";

const DIAGNOSE: &str = "\
Finds out why a hash is not right for an email, and says how to fix it.

Usage:
  pylon-identity diagnose [OPTIONS] EMAIL -
  pylon-identity diagnose [OPTIONS] EMAIL HASH
  pylon-identity diagnose [OPTIONS] --page FILE

  EMAIL and HASH are the values that the page sets as email and email_hash. With - it reads the
  hash from standard input, where others do not see it. It tries the common mistakes in all
  combinations: the secret not decoded or cut off, the email lowercased or encoded, base64 and
  so on. The secret may be malformed. The exit code is 0 if the hash is right and 1 if not.

  With --page it judges the page too: names, places, order, and a JWT in place of the hash. FILE,
  or - for standard input, holds the text that JSON.stringify(window.pylon) gives in the browser's
  console, or the HTML. If the page has a JWT, the secret is the one in PYLON_JWT_SECRET; if that
  is not set, the one in PYLON_IDENTITY_SECRET.

Options:
  --page FILE          judge the page in this file of at most 1 MiB, - for standard input
  --secret-file PATH   read the secret from this file, not from PYLON_IDENTITY_SECRET
  --json               print {\"matches\":…,\"causes\":[…],\"explanation\":…}

Example:
  pylon-identity diagnose --page - < page.html
";

const JWT: &str = "\
Prints a JWT that names the logged-in user, for Pylon's option \"JWT (signed token)\".

Usage:
  pylon-identity jwt [OPTIONS] APP_ID EMAIL

  The page sets it as jwt, beside app_id and without an email or a hash. APP_ID is the app ID of
  the chat widget. Exactly the email is signed: pass it as your user database stores it.

Options:
  --name NAME                the name to show
  --account-external-id ID   your own ID of the user's account
  --contact-external-id ID   your own ID of the user
  --expires-in SECONDS       its lifetime, from 1 to 900 (600 if not given)
  --secret-file PATH         read the secret from this file, not from PYLON_JWT_SECRET
  --json                     print {\"jwt\":…}

Example:
  pylon-identity jwt YOUR_APP_ID ada@example.com --name Ada

Until it expires, the JWT is as good as a login of that user: send it to nobody else, and do not
log it. The rules come from public integrations, and were not tried with Pylon's service.
";

const VERIFY_JWT: &str = "\
Prints the claims of a JWT as a line of JSON, if it is right for the secret and the app ID.

Usage:
  pylon-identity verify-jwt [OPTIONS] APP_ID
  pylon-identity verify-jwt [OPTIONS] APP_ID TOKEN

  Without TOKEN, or with -, it reads the JWT from standard input. Until it expires it is as good
  as a login, and others see arguments: give a real one on standard input. The exit code is 0 if
  it is right, and 1 if not, with the reason; diagnose --page says more, and how to fix it.

Options:
  --secret-file PATH   read the secret from this file, not from PYLON_JWT_SECRET
  --json               print {\"verified\":false,\"code\":…,\"message\":…} if it is not right

Example:
  pylon-identity jwt YOUR_APP_ID ada@example.com | pylon-identity verify-jwt YOUR_APP_ID
";

const GENERATE_SECRET: &str = "\
Prints a new secret for tests and development: 64 hexadecimal digits.

Usage:
  pylon-identity generate-secret [OPTIONS]

  In production the secret comes from Pylon's dashboard. No other secret works there.

Options:
  --json               print {\"secret\":…}

Example:
  (umask 077 && pylon-identity generate-secret > secret.txt)
";
