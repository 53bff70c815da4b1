//! Runs the program as people and scripts do.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
#[cfg(unix)]
use std::os::unix::{ffi::OsStrExt, fs::PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use pylon_identity_core::binding::json_object;
use pylon_identity_core::{
    Error, IdentitySecret, JwtSecret, JwtUser, VERSION, diagnose, diagnose_page,
};

/// The secret of these tests, of digits that nothing else prints.
const SECRET: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";
/// No error may show this.
const SENTINEL: &str = "5ec2e7";
const EMAIL: &str = "ada@example.com";
/// It is not hexadecimal.
const JWT_SECRET: &str = "JWT-5ec2e7-JWT-5ec2e7";

fn secret() -> IdentitySecret {
    IdentitySecret::from_hex(SECRET).unwrap()
}

fn hash() -> String {
    secret().sign(EMAIL).to_string()
}

fn answers(emails: &[&str]) -> String {
    emails.iter().map(|email| format!("{email}\t{}\n", secret().sign(email))).collect()
}

/// The program with the secret in the environment, and with a terminal's name that asks for colours.
fn program<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pylon-identity"));
    command.args(args).env(IdentitySecret::ENV, SECRET).env(JwtSecret::ENV, JWT_SECRET);
    command.env("TERM", "xterm").env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Done {
    code: i32,
    out: String,
    err: String,
}

fn done(output: Output) -> Done {
    let code = output.status.code().expect("ended by itself, not by a signal");
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(!err.contains("panicked"), "{err}");
    assert!(!out.contains('\x1b') && !err.contains('\x1b'), "colours in a pipe");
    Done { code, out, err }
}

fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Done {
    done(program(args).output().unwrap())
}

/// Feeds standard input from another thread, so that neither side waits for the other.
fn feed(mut command: Command, input: impl Into<Vec<u8>>) -> Done {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.into());
    // The program may have seen enough.
    let feeder = std::thread::spawn(move || stdin.write_all(&input).unwrap_or_default());
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    done(output)
}

#[track_caller]
fn expect(done: &Done, code: i32, out: &str, err: &str) {
    assert_eq!((done.code, &*done.out, &*done.err), (code, out, err));
}

/// After any error: the code 2, nothing on standard output, and no secret anywhere.
#[track_caller]
fn expect_failure(done: &Done, message: &str) {
    assert_eq!((done.code, &*done.out), (2, ""), "{}", done.err);
    let is_json = done.err.starts_with("{\"error\":{\"code\":\"") && done.err.ends_with("\"}}\n");
    assert!(done.err.starts_with("pylon-identity: ") || is_json, "{}", done.err);
    assert!(done.err.contains(message), "{message}: {}", done.err);
    assert!(!done.err.to_ascii_lowercase().contains(SENTINEL), "{}", done.err);
}

fn file(name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, contents).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn signs_exactly_the_email() {
    for email in ["", " ", "Ada@Example.COM", " a@b.c ", "o'\"<b>@\u{e9}\u{1f9a0}", "a\nb", "-h"] {
        let hash = secret().sign(email);
        expect(&run(["sign", "--", email]), 0, &format!("{hash}\n"), "");
        let json = json_object([("email", email), ("email_hash", hash.as_str())]) + "\n";
        expect(&run(["sign", "--json", "--", email]), 0, &json, "");
    }
    let json = format!("{{\"email\":\"{EMAIL}\",\"email_hash\":\"{}\"}}\n", hash());
    for args in [["sign", EMAIL, "--json"], ["--json", "sign", EMAIL]] {
        expect(&run(args), 0, &json, "");
    }
}

#[test]
fn verifies_and_diagnoses() {
    let (hash, upper) = (hash(), hash().to_uppercase());
    for given in
        [&*hash, &upper, "", "x", "-h", &hash[1..], &format!(" {hash}"), &format!("{hash}\n\n")]
    {
        let diagnosis = diagnose(SECRET, EMAIL, given);
        let (right, explanation) = (given == hash, diagnosis.explanation());
        let verdict = match right {
            true => "verified\n",
            _ => "not verified\nTo find out why, run the same with diagnose in place of verify.\n",
        };
        let causes: Vec<_> =
            diagnosis.causes().iter().map(|c| format!("\"{}\"", c.code())).collect();
        let causes = causes.join(",");
        let json = json_object([("explanation", &explanation)]);
        let json = format!("{{\"matches\":{right},\"causes\":[{causes}],{}\n", &json[1..]);
        let code = i32::from(!right);
        for (command, plain, json) in [
            ("verify", verdict, format!("{{\"verified\":{right}}}\n")),
            ("diagnose", &format!("{explanation}\n"), json),
        ] {
            expect(&run([command, "--", EMAIL, given]), code, plain, "");
            expect(&run(["--json", command, "--", EMAIL, given]), code, &json, "");
            for end in ["\n", "\r\n"] {
                let input = format!("{given}{end}");
                expect(&feed(program([command, EMAIL, "-"]), input), code, plain, "");
            }
        }
    }
    expect(&feed(program(["verify", EMAIL, "-"]), hash), 0, "verified\n", "");
    assert_eq!(run(["verify", "eve@example.com", &upper.to_lowercase()]).code, 1);
    assert!(run(["diagnose", "--json", EMAIL, &upper]).out.contains("[\"hash_uppercase\"]"));
}

#[test]
fn diagnoses_pages() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/diagnose_page.tsv");
    let vectors = fs::read_to_string(path).unwrap();
    let text = |digits: &str| {
        let byte = |i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap();
        String::from_utf8((0..digits.len()).step_by(2).map(byte).collect()).unwrap()
    };
    let mut cases = vectors.lines().skip(2).peekable();
    assert!(cases.peek().is_some());
    for case in cases {
        let [name, secret, page, matches, causes] = *case.split('\t').collect::<Vec<_>>() else {
            panic!("{case}");
        };
        let mut command = program(["diagnose", "--json", "--page", "-"]);
        // Each option has a variable, and the other variable is not used.
        command.env(IdentitySecret::ENV, text(secret)).env_remove(JwtSecret::ENV);
        let done = feed(command, text(page));
        let causes = causes.replace(',', "\",\"").replace("none", "");
        let causes = format!("[\"{causes}\"]").replace("[\"\"]", "[]");
        let json = format!("{{\"matches\":{matches},\"causes\":{causes},\"explanation\":\"");
        assert!(done.out.starts_with(&json), "{name}: {}", done.out);
        assert_eq!((done.code, &*done.err), (i32::from(matches != "true"), ""), "{name}");
    }

    let settings = format!("{{app_id: 'a', email: '{EMAIL}', email_hash: '{}'}}", hash());
    let path = file("page", &settings);
    let done = run(["diagnose", "--page", path.to_str().unwrap()]);
    let explanation = diagnose_page(SECRET, &settings).explanation();
    expect(&done, 0, &format!("{explanation}\n"), "");
    for (size, code) in [(1 << 20, 0), ((1 << 20) + 1, 2)] {
        let page = settings.clone() + &" ".repeat(size - settings.len());
        let done = feed(program(["diagnose", "--page", "-"]), page);
        assert_eq!(done.code, code, "{}", done.err);
        assert_eq!(done.err.contains("it is longer than 1 MiB."), code == 2);
    }
    for path in [env!("CARGO_TARGET_TMPDIR"), "missing", SECRET] {
        expect_failure(&run(["diagnose", "--page", path]), "The page of --page cannot be read: ");
    }
}

#[test]
fn signs_and_verifies_jwts() {
    let secret = JwtSecret::new(JWT_SECRET).unwrap();
    let ids =
        ["--name", "Ad\u{e9} \"x\"", "--account-external-id", "7", "--contact-external-id=-8"];
    let path = file("jwt-secret", format!("{JWT_SECRET}\r\n"));
    let in_file = ["--secret-file", path.to_str().unwrap()];
    for (options, lifetime, count) in [
        (&[][..], 600, 4),
        (&["--expires-in", "60"], 60, 4),
        (&["--expires-in=900"], 900, 4),
        (&ids, 600, 7),
        (&in_file, 600, 4),
    ] {
        let mut command = program([&["jwt", "app-1", EMAIL], options].concat());
        if options == in_file {
            command.env(JwtSecret::ENV, "another secret of JWTs");
        }
        let signed = done(command.output().unwrap());
        assert_eq!((signed.code, &*signed.err), (0, ""));
        let token = signed.out.strip_suffix('\n').unwrap();
        let claims = secret.verify_jwt(token, "app-1").unwrap();
        assert_eq!(claims.expires_at - claims.issued_at, lifetime);
        assert_eq!((&*claims.email, claims.fields().count()), (EMAIL, count));
        let answer = format!("{}\n", claims.to_json());
        for args in [&["verify-jwt", "app-1"][..], &["--json", "verify-jwt", "app-1"]] {
            expect(&run([args, &[token]].concat()), 0, &answer, "");
            for end in ["", "\n", "\r\n"] {
                expect(&feed(program(args), format!("{token}{end}")), 0, &answer, "");
            }
        }
    }
    let json = run(["--json", "jwt", "app-1", EMAIL]).out;
    let token = json.strip_prefix("{\"jwt\":\"").unwrap().strip_suffix("\"}\n").unwrap();
    secret.verify_jwt(token, "app-1").unwrap();

    let user = JwtUser { app_id: "app-1", email: EMAIL, ..JwtUser::default() };
    let expired = secret.sign_jwt_at(user, 600, 1_000_000_000).unwrap();
    for (token, app_id, error) in [
        (token, "app-2", Error::JwtAudience),
        (&expired, "app-1", Error::JwtExpired),
        (&token[1..], "app-1", Error::JwtMalformed),
        (&hash(), "app-1", Error::JwtMalformed),
        ("", "app-1", Error::JwtMalformed),
    ] {
        let message = error.message();
        let plain = format!(
            "not verified\n{message}\nTo find out why, run diagnose --page with the page.\n"
        );
        let json = json_object([("code", error.code()), ("message", message)]);
        let json = format!("{{\"verified\":false,{}\n", &json[1..]);
        expect(&run(["verify-jwt", app_id, "--", token]), 1, &plain, "");
        expect(&feed(program(["verify-jwt", app_id, "-"]), token), 1, &plain, "");
        expect(&run(["verify-jwt", app_id, "--json", "--", token]), 1, &json, "");
    }

    for (line, error) in [
        (["jwt", "", EMAIL, "--expires-in=9"], Error::AppIdEmpty),
        (["jwt", "app-1", "undefined", "--name=x"], Error::EmailEmpty),
        (["jwt", "app-1", EMAIL, "--expires-in=0"], Error::JwtLifetime),
        (["jwt", "app-1", EMAIL, "--expires-in=901"], Error::JwtLifetime),
    ] {
        expect_failure(&run(line), error.message());
    }
    for (value, error) in [
        (Some("\"5ec2e75ec2e75ec2e7\""), Error::JwtSecretWrapped),
        (Some("5ec2e7"), Error::JwtSecretWeak),
        (Some(" \n"), Error::JwtSecretEmpty),
        (None, Error::SecretMissing),
    ] {
        for args in [["jwt", "app-1", EMAIL], ["verify-jwt", "app-1", token]] {
            let mut command = program(args);
            match value {
                Some(value) => command.env(JwtSecret::ENV, value),
                None => command.env_remove(JwtSecret::ENV),
            };
            let done = done(command.output().unwrap());
            expect_failure(&done, error.message());
            assert_eq!(done.err.contains("PYLON_JWT_SECRET: "), value.is_none(), "{}", done.err);
        }
    }
}

#[test]
fn chooses_the_secret_by_the_page() {
    let settings = [
        format!("{{app_id: 'a', email: '{EMAIL}', email_hash: '{}'}}", hash()),
        format!("{{app_id: 'a', jwt: '{}'}}", run(["jwt", "a", EMAIL]).out.trim()),
        "{app_id: 'a', jwt: 'x.y.z'}".to_owned(),
    ];
    for (page, [neither, identity, jwt, both]) in
        [(&settings[0], [2, 0, 2, 0]), (&settings[1], [2, 1, 0, 0]), (&settings[2], [2, 1, 1, 1])]
    {
        for (variables, code) in [
            (&[][..], neither),
            (&[(IdentitySecret::ENV, SECRET)], identity),
            (&[(JwtSecret::ENV, JWT_SECRET)], jwt),
            (&[(IdentitySecret::ENV, SECRET), (JwtSecret::ENV, JWT_SECRET)], both),
            // The JWT secret in the variable of the identity secret.
            (&[(IdentitySecret::ENV, JWT_SECRET)], if *page == settings[1] { 0 } else { 1 }),
        ] {
            let mut command = program(["diagnose", "--json", "--page", "-"]);
            command.env_remove(IdentitySecret::ENV).env_remove(JwtSecret::ENV);
            command.envs(variables.iter().copied());
            let done = feed(command, &**page);
            assert_eq!(done.code, code, "{page} {}{}", done.out, done.err);
            let missing = if *page == settings[0] { IdentitySecret::ENV } else { JwtSecret::ENV };
            assert!(code != 2 || done.err.contains(&format!("{missing}: ")), "{}", done.err);
        }
        let path = file("of-the-page", if *page == settings[0] { SECRET } else { JWT_SECRET });
        let path = path.to_str().unwrap();
        let done = feed(program(["diagnose", "--page", "-", "--secret-file", path]), &**page);
        assert_eq!(done.code, both, "{page} {}{}", done.out, done.err);
    }
}

#[test]
fn generates_secrets() {
    let generate = |args: &[&str]| {
        let done = done(program(args).env_remove(IdentitySecret::ENV).output().unwrap());
        assert_eq!((done.code, &*done.err), (0, ""));
        done.out
    };
    let [one, other] = [(); 2].map(|()| generate(&["generate-secret"]));
    assert_ne!(one, other);
    let json = generate(&["generate-secret", "--json"]);
    let json = json.strip_prefix("{\"secret\":\"").unwrap().strip_suffix("\"}\n").unwrap();
    for digits in [one.strip_suffix('\n').unwrap(), json] {
        assert_eq!(digits.len(), 64);
        IdentitySecret::from_hex(digits).unwrap();
    }
}

#[test]
fn helps() {
    let help = run(["--help"]).out;
    for word in ["Usage:", "Exit codes:", "logged-in session", "--secret-file <(", "op read"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100));
    for args in ["-h", "help", "help help", "help --help", "--json -h"] {
        expect(&run(args.split(' ')), 0, &help, "");
    }
    for command in ["sign", "verify", "diagnose", "jwt", "verify-jwt", "generate-secret"] {
        let long = run([command, "--help"]).out;
        assert!(long.contains(&format!("pylon-identity {command} [OPTIONS]")), "{long}");
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        for args in [&[command, "-h"][..], &["help", command], &["-h", command, "extra", "extra"]] {
            expect(&run(args), 0, &long, "");
        }
    }
    for args in ["--version", "-V", "sign -V"] {
        expect(&run(args.split(' ')), 0, &format!("pylon-identity {VERSION}\n"), "");
    }
}

#[test]
fn reads_the_secret_from_the_environment_a_file_or_standard_input() {
    let other = "0f".repeat(32);
    for (value, error) in [
        (SECRET, None),
        (&*format!("\n {SECRET}\r\n"), None),
        ("", Some(Error::SecretEmpty)),
        (" \n", Some(Error::SecretEmpty)),
        (&format!("0x{SECRET}"), Some(Error::SecretNotHex)),
        (&format!("\"{SECRET}\""), Some(Error::SecretNotHex)),
        (&SECRET[1..], Some(Error::SecretOddLength)),
        (&SECRET[..30], Some(Error::SecretWeak)),
    ] {
        let path = file("secret", value);
        let path = path.to_str().unwrap();
        let sign = |args: &[&str], environment: &str| {
            let mut command = program([&["sign", EMAIL], args].concat());
            command.env(IdentitySecret::ENV, environment);
            feed(command, value)
        };
        // A file wins over the environment.
        for done in [
            sign(&[], value),
            sign(&["--secret-file", path], &other),
            sign(&[&format!("--secret-file={path}")], &other),
            sign(&["--secret-file", "-"], &other),
        ] {
            match error {
                None => expect(&done, 0, &format!("{}\n", hash()), ""),
                Some(error) => expect(&done, 2, "", &format!("pylon-identity: {error}\n")),
            }
        }
        if let Some(error) = error {
            let error = json_object([("code", error.code()), ("message", error.message())]);
            expect(&sign(&["--json"], value), 2, "", &format!("{{\"error\":{error}}}\n"));
        }
    }
    for args in
        [&["sign", EMAIL][..], &["sign", "-"], &["verify", EMAIL, "x"], &["diagnose", EMAIL, "x"]]
    {
        let missing = done(program(args).env_remove(IdentitySecret::ENV).output().unwrap());
        expect_failure(&missing, Error::SecretMissing.message());
        assert!(missing.err.contains("--secret-file PATH"), "{}", missing.err);
    }
    // White space around the secret is a mistake only where it was part of the key.
    let path = file("spaced", format!("{SECRET}\r\n"));
    for (email, code) in [(EMAIL, 0), ("eve@example.com", 1)] {
        let done =
            run(["diagnose", "--json", email, &hash(), "--secret-file", path.to_str().unwrap()]);
        assert!(done.code == code && !done.out.contains("secret_whitespace"), "{}", done.out);
    }
}

#[test]
fn explains_files_that_cannot_be_read() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let missing = Path::new(folder).join("missing");
    for path in [folder, missing.to_str().unwrap(), ""] {
        for command in [&["sign", EMAIL][..], &["sign", "-"], &["diagnose", EMAIL, "x", "--json"]] {
            let done = run([command, &["--secret-file", path]].concat());
            expect_failure(&done, &fs::read(path).unwrap_err().to_string());
            assert_eq!(done.err.lines().count(), 1, "{}", done.err);
        }
    }
    // The secret itself where its file belongs.
    expect_failure(&run(["sign", EMAIL, "--secret-file", SECRET]), "not the secret itself");
    for (times, code) in [(1024, 0), (1025, 2)] {
        let long = file("long", SECRET.repeat(times));
        let done = run(["sign", EMAIL, "--secret-file", long.to_str().unwrap()]);
        assert_eq!((done.code, done.err.contains("longer than 64 KiB")), (code, code == 2));
    }
    let done = feed(program(["verify", EMAIL, "-"]), [b'a'; 100_000]);
    expect_failure(&done, "The hash on standard input is longer than 64 KiB.");
}

#[cfg(unix)]
#[test]
fn warns_of_secrets_that_others_can_read_or_of_unusual_length() {
    for (mode, digits, warnings) in [
        (0o600, 64, &[][..]),
        (0o400, 64, &[]),
        (0o640, 64, &["secret_file_not_private"]),
        (0o602, 64, &["secret_file_not_private"]),
        (0o600, 32, &["secret_unusual_length"]),
        (0o644, 62, &["secret_file_not_private", "secret_unusual_length"]),
    ] {
        let path = file("shared", &SECRET[..digits]);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let options = ["--secret-file", path.to_str().unwrap()];
        for args in [&["sign", EMAIL][..], &["sign", "-"], &["verify", EMAIL, "x"]] {
            let plain = feed(program([args, &options].concat()), "a\nb\n");
            assert!(plain.err.lines().all(|line| line.starts_with("pylon-identity: Warning: ")));
            let json = feed(program([args, &options, &["--json"]].concat()), "a\nb\n");
            let code = |line: &str| line.split('"').nth(5).unwrap().to_owned();
            assert_eq!(json.err.lines().map(code).collect::<Vec<_>>(), warnings);
            assert_eq!(plain.err.lines().count(), warnings.len());
            assert!(plain.code < 2 && json.code < 2 && !json.out.contains("warning"));
        }
        let done = run([&["diagnose", EMAIL, "x"][..], &options].concat());
        let told = (done.out + &done.err).matches("Pylon's secrets have 64").count();
        assert_eq!(told, usize::from(digits != 64), "the explanation says so, and it alone");
    }
    // Only regular files are looked at.
    let done = run(["sign", EMAIL, "--secret-file", "/dev/null"]);
    expect(&done, 2, "", &format!("pylon-identity: {}\n", Error::SecretEmpty));
}

#[test]
fn standard_input_gives_one_thing() {
    let emails = file("emails", "a\n");
    let mut names = vec!["-"];
    if cfg!(unix) {
        names.extend(["/dev/stdin", "/dev/fd/0", emails.to_str().unwrap()]);
    }
    for path in names {
        for args in [
            &["sign", "-"][..],
            &["verify", EMAIL, "-"],
            &["diagnose", EMAIL, "-"],
            &["diagnose", "--page", "-"],
            &["verify-jwt", "a"],
        ] {
            let mut command = program([args, &["--secret-file", path]].concat());
            command.stdin(fs::File::open(&emails).unwrap());
            expect_failure(&done(command.output().unwrap()), "cannot give both the secret and the");
        }
    }
}

/// The arguments in a line, with the secret in place of `@`.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.replace('@', SECRET)).collect()
}

#[test]
fn refuses_a_secret_among_the_arguments() {
    let refused = "sign a --secret @ | sign a --secret=@ | sign a -s @ | sign a -s@ | sign a -s=@
        | --SECRET @ sign a | sign a --identity-secret=@ | sign a --key @ | sign a @ | sign @ a
        | sign - @ | sign PYLON_IDENTITY_SECRET=@ a | verify a hash @ | diagnose @ a hash
        | generate-secret @ | jwt a b @ | verify-jwt a b @ | jwt a b --secret @ | jwt a b --key=@";
    let not_shown = "@ | @ sign a | PYLON_IDENTITY_SECRET=@ sign a | @ --help | help @ | verify @
        | sign a --@ | sign a -@ | sign a --json=@ | sign a --help=@ | sign a -h=@ | sign a -V@
        | jwt a b --expires-in @ | verify-jwt a @ --name @ | jwt a b --account-external-id @ --x
        | sign a -x@ | sign a -a@ | sign a --unknown=@ | sign a --secret-file=@";
    for (lines, message) in [(refused, "never an argument"), (not_shown, "")] {
        for line in lines.split('|') {
            expect_failure(&run(words(line)), message);
            expect_failure(&run(words(&format!("--json {line}"))), message);
        }
    }
}

#[test]
fn explains_wrong_arguments() {
    for (line, message) in [
        ("", "A command is missing"),
        ("encrypt a", "not a command"),
        ("Sign a", "not a command"),
        ("help me", "There is no help on this"),
        ("sign", "sign needs EMAIL, or - for standard input."),
        ("verify", "verify needs EMAIL and HASH, or - for standard input."),
        ("diagnose a", "diagnose needs EMAIL and HASH, or - for standard input."),
        ("diagnose a x --page y", "diagnose --page takes no arguments."),
        ("sign a --page y", "Only diagnose takes --page."),
        ("diagnose --page", "--page needs the path of a file."),
        ("jwt a", "jwt needs APP_ID and EMAIL."),
        ("jwt a -", "jwt signs one EMAIL, which is an argument."),
        ("jwt a b --name", "--name needs a value."),
        ("jwt a b --expires-in 1.5", "--expires-in needs a number of seconds, from 1 to 900."),
        ("jwt a b --expires-in=-1", "--expires-in needs a number of seconds, from 1 to 900."),
        ("verify-jwt", "verify-jwt needs APP_ID and TOKEN, or - for standard input."),
        ("sign a --name b", "Only jwt takes these options: --name, --account-external-id,"),
        ("verify-jwt a --expires-in 1", "Only jwt takes these options: --name,"),
        ("sign a b", "sign takes EMAIL, or - for standard input, and nothing else."),
        ("generate-secret a", "generate-secret takes no arguments."),
        ("generate-secret --secret-file a", "generate-secret reads no secret."),
        ("sign a --verbose=3", "There is no option --verbose."),
        ("sign a -x", "There is no option -x."),
        ("sign a -1", "There is no such option."),
        ("sign a --deadbeef", "There is no such option."),
        ("sign a -deadbeef", "There is no such option."),
        ("sign a --json=yes", "--json takes no value."),
        ("sign a --secret-file", "--secret-file needs the path of a file."),
    ] {
        let done = run(words(line));
        expect_failure(&done, message);
        let is_json = done.err.starts_with("{\"error\":{\"code\":\"usage\",\"message\":\"");
        assert!(is_json || done.err.ends_with("run: pylon-identity --help\n"), "{}", done.err);
        assert_eq!(is_json, line.contains("--json "), "{line}");
    }
    assert!(run(["--json"]).err.starts_with("{\"error\":{\"code\":\"usage\",\"message\":\"A comm"));
}

#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf8() {
    let bad = OsStr::from_bytes(b"\xff");
    let [sign, verify, email, option] = ["sign", "verify", EMAIL, "--secret-file"].map(OsStr::new);
    expect_failure(&run([sign, bad]), "The EMAIL given is not valid UTF-8.");
    expect_failure(&run([verify, email, bad]), "The HASH given is not valid UTF-8.");
    expect_failure(&run([bad, email]), "not a command");
    expect_failure(&run([sign, email, OsStr::from_bytes(b"--\xff")]), "no such option");
    expect_failure(&run([sign, email, OsStr::from_bytes(b"-\xff")]), "no such option");
    let done = done(program([sign, email]).env(IdentitySecret::ENV, bad).output().unwrap());
    expect_failure(&done, Error::SecretNotHex.message());
    let path = file("name", SECRET).with_file_name(bad);
    fs::rename(file("name", SECRET), &path).unwrap();
    assert_eq!(run([sign, email, option, path.as_os_str()]).code, 0);
}

#[test]
fn signs_lines() {
    for (input, emails) in [
        ("", &[][..]),
        ("a\nb\n", &["a", "b"]),
        ("a\r\nb\r\n", &["a", "b"]),
        ("a\nb", &["a", "b"]),
        ("\n\na\n", &["", "", "a"]),
        (" a b \n\u{e9}\n", &[" a b ", "\u{e9}"]),
        ("\u{feff}a\n\u{feff}b\n", &["a", "\u{feff}b"]),
        ("a\nb\tc\nd\n", &["a", "b\tc", "d"]),
        ("a\nb\r", &["a", "b\r"]),
        ("a\rb\r\r\n", &["a\rb\r"]),
        ("\u{85}\n\x1b\n", &["\u{85}", "\x1b"]),
    ] {
        let plain = feed(program(["sign", "-"]), input);
        match emails.iter().position(|email| email.contains(char::is_control)) {
            None => expect(&plain, 0, &answers(emails), ""),
            Some(at) => {
                assert_eq!((plain.code, plain.out), (2, answers(&emails[..at])));
                let line = format!("Line {} of standard input has a tab", at + 1);
                assert!(plain.err.contains(&line), "{}", plain.err);
            }
        }
        let json = emails.iter().map(|email| {
            json_object([("email", *email), ("email_hash", secret().sign(email).as_str())]) + "\n"
        });
        expect(&feed(program(["--json", "sign", "-"]), input), 0, &json.collect::<String>(), "");
    }
}

#[test]
fn writes_answers_before_the_error_that_ends_them() {
    let long = [b"a\n", &b"b".repeat((1 << 20) + 1)[..], b"\nc\n"].concat();
    for (input, message) in [
        (&b"a\n\xff\nc\n"[..], "is not valid UTF-8, so it is not signed."),
        (&long, "is longer than 1 MiB, so it is no email."),
        (b"a\nb\tb\nc\n", "has a tab or another control character"),
    ] {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = program(["sign", "-"]);
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        assert_eq!(feed(command, input).code, 2);
        let mut both = String::new();
        reader.read_to_string(&mut both).unwrap();
        let line = format!("{}pylon-identity: Line 2 of standard input ", answers(&["a"]));
        assert!(both.starts_with(&(line + message)), "{both}");
    }
    let done = feed(program(["sign", "-", "--json"]), b"\xff");
    expect_failure(&done, "{\"error\":{\"code\":\"input_not_utf8\",\"message\":\"Line 1 of");
}

#[test]
fn answers_each_line_before_the_next() {
    let mut child = program(["sign", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
    let answer = || {
        let patience = std::time::Duration::from_secs(60);
        received.recv_timeout(patience).expect("an answer before more input") + "\n"
    };
    for begun in ["", "the beginning of the next line"] {
        input.write_all(format!("{EMAIL}\n{begun}").as_bytes()).unwrap();
        assert_eq!(answer(), answers(&[EMAIL]));
        input.write_all(b"\n").unwrap();
        assert_eq!(answer(), answers(&[begun]));
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn ends_quietly_when_the_reader_is_gone() {
    let mut child = program(["sign", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"a\n").unwrap();
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    assert_eq!(first, answers(&["a"]));
    drop(output);
    // The program ends although there is more to read, so writing to it fails.
    while input.write_all(b"b\n").is_ok() {}
    expect(&done(child.wait_with_output().unwrap()), 0, "", "");

    let unread = || std::io::pipe().unwrap().1;
    for (line, code) in [("-h", 0), ("sign a", 0), ("verify a x", 1), ("diagnose a x", 1)] {
        let output = program(words(line)).stdout(unread()).output().unwrap();
        expect(&done(output), code, "", "");
    }
    expect(&done(program(["sign"]).stderr(unread()).output().unwrap()), 2, "", "");
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_only_whole_lines() {
    for (option, end) in [("--json", "\"}\n"), ("--", "\n")] {
        let mut child = program(["sign", option, "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || {
            let emails: String = (0..1000).map(|i| format!("user{i}@example.com\n")).collect();
            while stdin.write_all(emails.as_bytes()).is_ok() {}
        });
        let mut out = child.stdout.take().unwrap();
        let mut read = vec![0; 300_000];
        out.read_exact(&mut read).unwrap();
        let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(status.unwrap().success());
        // The test reads only after the end, so that no room for the rest of a line appears.
        assert_eq!(child.wait().unwrap().code(), None, "ended by the signal");
        out.read_to_end(&mut read).unwrap();
        feeder.join().unwrap();
        assert!(read.ends_with(end.as_bytes()), "{option}");
    }
}

#[cfg(unix)]
#[test]
fn explains_streams_that_cannot_be_read_or_written() {
    let program = env!("CARGO_BIN_EXE_pylon-identity");
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("'{program}' {line}")]).env(IdentitySecret::ENV, SECRET);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        feed(command, "a\n")
    };
    for args in ["sign a", "sign -", "verify a b", "diagnose a -", "generate-secret", "--help"] {
        let unwritable = "Standard output cannot be written: ";
        expect_failure(&shell(&format!("{args} >&-")), &format!("{unwritable}it is closed."));
        if cfg!(target_os = "linux") {
            expect_failure(&shell(&format!("{args} >/dev/full")), unwritable);
        }
        assert_ne!(shell(&format!("{args} >/dev/null")).code, 2, "{args}");
    }
    for (line, message) in [
        ("sign - <&-", "Standard input cannot be read: it is closed."),
        ("verify a - <&-", "The hash on standard input cannot be read: it is closed."),
        ("sign a --secret-file - <&-", "The file of --secret-file cannot be read: it is closed."),
        ("sign - </", "Line 1 of standard input cannot be read: "),
        ("sign - </dev/zero", "Line 1 of standard input is longer than 1 MiB"),
        ("sign a --secret-file /dev/zero", "longer than 64 KiB"),
    ] {
        expect_failure(&shell(line), message);
    }
    assert_eq!(shell("sign a <&-").code, 0);
}

/// Node makes pipes non-blocking for every process that shares them.
#[cfg(unix)]
#[test]
fn waits_for_streams_that_do_not_block() {
    use std::os::{fd::OwnedFd, unix::net::UnixStream};
    let pair = || {
        let (ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        (ours, Stdio::from(OwnedFd::from(theirs)))
    };
    let ((mut input, theirs), (mut output, theirs_too)) = (pair(), pair());
    let mut command = program(["sign", "-"]);
    let child = command.stdin(theirs).stdout(theirs_too).spawn().unwrap();
    drop(command);
    // Wait until it has found nothing to read, and then no room to write.
    let pause = || std::thread::sleep(std::time::Duration::from_millis(200));
    pause();
    let emails = vec![EMAIL; 50_000];
    let lines = emails.join("\n");
    let feeder = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    pause();
    let mut read = Vec::new();
    output.read_to_end(&mut read).unwrap();
    feeder.join().unwrap();
    expect(&done(child.wait_with_output().unwrap()), 0, "", "");
    assert!(read == answers(&emails).as_bytes(), "50,000 lines");
}
