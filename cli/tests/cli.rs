//! Runs the program as people and scripts do.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use pylon_identity_core::binding::json_object as to_json;
use pylon_identity_core::{Error, IdentitySecret, VERSION, diagnose};

/// The secret of these tests, of digits that nothing else prints.
const SECRET: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";
/// What no error may show.
const SENTINEL: &str = "5ec2e7";
const EMAIL: &str = "ada@example.com";

fn secret() -> IdentitySecret {
    IdentitySecret::from_hex(SECRET).unwrap()
}

fn hash() -> String {
    secret().sign(EMAIL).to_string()
}

/// The program with nothing of this process's environment that it looks at.
fn program<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pylon-identity"));
    command.args(args).env_remove(IdentitySecret::ENV).env_remove("NO_COLOR");
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
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let done = Done { code, out: text(output.stdout), err: text(output.stderr) };
    assert!(!done.err.contains("panicked"), "{}", done.err);
    done
}

/// Runs with the secret in the environment.
fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Done {
    done(program(args).env(IdentitySecret::ENV, SECRET).output().unwrap())
}

/// Feeds standard input from another thread, so that neither side waits for the other.
fn feed(mut command: Command, input: Vec<u8>) -> Done {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        // The program may have seen enough.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    done(output)
}

fn run_with_input<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>, input: &[u8]) -> Done {
    let mut command = program(args);
    command.env(IdentitySecret::ENV, SECRET);
    feed(command, input.to_vec())
}

#[track_caller]
fn expect(done: &Done, code: i32, out: &str, err: &str) {
    assert_eq!((done.code, &*done.out, &*done.err), (code, out, err));
}

/// Whatever went wrong: the code 2, nothing on standard output, and no secret anywhere.
#[track_caller]
fn expect_failure(done: &Done, message: &str) {
    assert_eq!((done.code, &*done.out), (2, ""), "{}", done.err);
    assert!(done.err.starts_with("pylon-identity: "), "{}", done.err);
    assert!(done.err.contains(message), "{}", done.err);
    assert!(!done.err.to_ascii_lowercase().contains(SENTINEL), "{}", done.err);
}

fn file(name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, contents).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Runs `case` on each line of a vector file and fails if the file holds more cases than ran.
fn each<const COLUMNS: usize>(file: &str, mut case: impl FnMut([&str; COLUMNS])) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let expected: usize = lines.next().unwrap().strip_prefix("cases\t").unwrap().parse().unwrap();
    let mut ran = 0;
    for line in lines.skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        case(columns.try_into().expect("a column missing or extra"));
        ran += 1;
    }
    assert_eq!(ran, expected, "{file}: cases that ran");
}

fn unhex(digits: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(digits).unwrap()
}

#[test]
fn signs() {
    expect(&run(["sign", EMAIL]), 0, &format!("{}\n", hash()), "");
    let json = to_json([("email", EMAIL), ("email_hash", &hash())]);
    assert_eq!(json, format!("{{\"email\":\"{EMAIL}\",\"email_hash\":\"{}\"}}", hash()));
    for args in [["sign", EMAIL, "--json"], ["sign", "--json", EMAIL], ["--json", "sign", EMAIL]] {
        expect(&run(args), 0, &format!("{json}\n"), "");
    }
}

#[test]
fn signs_exactly_the_email() {
    for email in
        ["", " ", "Ada@Example.COM", " ada@example.com ", "o'\"<b>@\u{e9}\u{1f9a0}", "a\nb"]
    {
        expect(&run(["sign", email]), 0, &format!("{}\n", secret().sign(email)), "");
    }
    for email in ["--json", "--secret", "-s", "-h"] {
        expect(&run(["sign", "--", email]), 0, &format!("{}\n", secret().sign(email)), "");
    }
}

#[test]
fn verifies() {
    expect(&run(["verify", EMAIL, &hash()]), 0, "verified\n", "");
    expect(&run(["verify", "--json", EMAIL, &hash()]), 0, "{\"verified\":true}\n", "");
    for wrong in
        ["", "0", "not a hash", &hash().to_uppercase(), &hash()[1..], &format!("{}\n", hash())]
    {
        let no = run(["verify", EMAIL, wrong]);
        assert_eq!((no.code, &*no.err), (1, ""), "{wrong}");
        assert!(no.out.starts_with("not verified\n") && no.out.contains("diagnose"), "{}", no.out);
        expect(&run(["verify", EMAIL, wrong, "--json"]), 1, "{\"verified\":false}\n", "");
    }
    assert_eq!(run(["verify", "eve@example.com", &hash()]).code, 1);
    assert_eq!(run(["verify", "--", "-e", secret().sign("-e").as_str()]).code, 0);
    assert_eq!(run(["verify", "--", EMAIL, "-h"]).code, 1, "a hash that begins with a dash");
}

#[test]
fn diagnoses() {
    let right = run(["diagnose", EMAIL, &hash()]);
    expect(&right, 0, &format!("{}\n", diagnose(SECRET, EMAIL, hash()).explanation()), "");
    let upper = hash().to_uppercase();
    let wrong = run(["diagnose", EMAIL, &upper]);
    let explanation = diagnose(SECRET, EMAIL, &upper).explanation();
    expect(&wrong, 1, &format!("{explanation}\n"), "");
    let expected = to_json([("explanation", explanation)]);
    let expected =
        format!("{{\"matches\":false,\"causes\":[\"hash_uppercase\"],{}\n", &expected[1..]);
    expect(&run(["diagnose", "--json", EMAIL, &upper]), 1, &expected, "");
    let right = run(["diagnose", "--json", EMAIL, &hash()]);
    assert!(right.out.starts_with("{\"matches\":true,\"causes\":[],\"explanation\":\""));
    assert_eq!(right.code, 0);
}

/// The secrets of these vectors, from files; as for every command, white space around them is ignored.
#[test]
fn diagnoses_the_shared_vectors() {
    let mut impossible = 0;
    each("diagnose.tsv", |[name, secret, email, hash, causes]: [&str; 5]| {
        let (secret, email, hash) = (unhex(secret), unhex(email), unhex(hash));
        let [email, hash] = [email, hash].map(|text| String::from_utf8(text).unwrap());
        if email.contains('\0') || hash.contains('\0') {
            return impossible += 1; // No argument can hold it.
        }
        let path = file("diagnose", &secret);
        let path = path.to_str().unwrap();
        let done = run(["diagnose", "--json", "--secret-file", path, "--", &email, &hash]);
        let mut expected: Vec<_> = causes.split(',').filter(|cause| *cause != "none").collect();
        // White space matters only where the secret was used as it is, not decoded.
        let as_it_is = |cause: &&str| ["secret_used_as_text", "arguments_swapped"].contains(cause);
        let is_trimmed = str::from_utf8(&secret).is_ok_and(|text| text.trim().len() != text.len());
        if is_trimmed && !expected.iter().any(as_it_is) {
            expected.retain(|cause| *cause != "secret_whitespace");
        }
        let list =
            expected.iter().map(|cause| format!("\"{cause}\"")).collect::<Vec<_>>().join(",");
        let beginning =
            format!("{{\"matches\":{},\"causes\":[{list}],\"explanation\":\"", expected.is_empty());
        assert!(done.out.starts_with(&beginning), "{name}: {} {}", done.out, done.err);
        assert_eq!(done.code, i32::from(!expected.is_empty()), "{name}");
    });
    assert!(impossible < 5, "{impossible} cases did not run");
}

#[test]
fn verify_and_diagnose_agree_on_secrets_that_need_trimming() {
    let path = file("agree", format!("{SECRET}\r\n"));
    for (email, code) in [(EMAIL, 0), ("eve@example.com", 1)] {
        for command in ["verify", "diagnose"] {
            let done = run([command, email, &hash(), "--secret-file", path.to_str().unwrap()]);
            assert_eq!(done.code, code, "{command} {email}");
            assert!(!done.out.contains("cannot be used"), "{}", done.out);
        }
    }
    let path = file("agree", format!("{SECRET}\t\n"));
    let key = format!("{SECRET}\t\n").into_bytes();
    let wrong = IdentitySecret::from_hex(base16ct::lower::encode_string(&key)).unwrap().sign(EMAIL);
    let args =
        ["diagnose", "--json", EMAIL, wrong.as_str(), "--secret-file", path.to_str().unwrap()];
    let done = run(args);
    assert!(done.out.contains("[\"secret_used_as_text\",\"secret_whitespace\"]"), "{}", done.out);
}

#[test]
fn generates_secrets() {
    // No secret is configured.
    let generate = |args: &[&str]| done(program(args).output().unwrap());
    let [one, other] = [(); 2].map(|()| generate(&["generate-secret"]));
    assert_eq!((one.code, &*one.err), (0, ""));
    assert_ne!(one.out, other.out);
    let digits = one.out.strip_suffix('\n').unwrap();
    assert_eq!(digits.len(), 64);
    IdentitySecret::from_hex(digits).unwrap();
    let json = generate(&["generate-secret", "--json"]);
    let digits = json.out.strip_prefix("{\"secret\":\"").unwrap().strip_suffix("\"}\n").unwrap();
    IdentitySecret::from_hex(digits).unwrap();
    expect_failure(&run(["generate-secret", SECRET]), "generate-secret takes no arguments.");
    expect_failure(&run(["generate-secret", "--secret-file", "x"]), "reads no secret");
}

#[test]
fn helps() {
    let help = run(["--help"]);
    assert_eq!((help.code, &*help.err), (0, ""));
    for word in ["Usage:", "Exit codes:", "logged-in session", "--secret-file <(", "op read"] {
        assert!(help.out.contains(word), "{word}");
    }
    for args in [&["-h"][..], &["help"], &["help", "help"], &["help", "--help"], &["--json", "-h"]]
    {
        expect(&run(args), 0, &help.out, "");
    }
    for command in ["sign", "verify", "diagnose", "generate-secret"] {
        let long = run([command, "--help"]);
        assert_eq!((long.code, &*long.err), (0, ""));
        assert!(long.out.contains(&format!("pylon-identity {command} [OPTIONS]")), "{}", long.out);
        for args in
            [&[command, "-h"][..], &["help", command], &["-h", command, "extra", "extra", "extra"]]
        {
            expect(&run(args), 0, &long.out, "");
        }
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}");
    }
    for line in help.out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    expect_failure(&run(["help", SECRET]), "There is no help on this");
    expect_failure(&run([SECRET, "--help"]), "not a command");
}

#[test]
fn tells_its_version() {
    for args in [&["--version"][..], &["-V"], &["sign", "-V"]] {
        expect(&run(args), 0, &format!("pylon-identity {VERSION}\n"), "");
    }
}

#[test]
fn colours_nothing_in_a_pipe() {
    for args in [&["--help"][..], &["verify", EMAIL, "x"], &["diagnose", EMAIL, "x"]] {
        let mut command = program(args);
        let done =
            done(command.env(IdentitySecret::ENV, SECRET).env("TERM", "xterm").output().unwrap());
        assert!(!done.out.contains('\x1b') && !done.err.contains('\x1b'));
    }
}

#[test]
fn reads_the_secret_from_the_environment() {
    let sign = |value: &str| {
        done(program(["sign", EMAIL]).env(IdentitySecret::ENV, value).output().unwrap())
    };
    expect(&sign(&format!(" {SECRET}\r\n")), 0, &format!("{}\n", hash()), "");
    let missing = done(program(["sign", EMAIL]).output().unwrap());
    expect_failure(&missing, Error::SecretMissing.message());
    assert!(missing.err.contains("--secret-file PATH"));
    let missing = done(program(["verify", "--json", EMAIL, ""]).output().unwrap());
    let error = to_json([("code", "secret_missing"), ("message", Error::SecretMissing.message())]);
    expect(&missing, 2, "", &format!("{{\"error\":{error}}}\n"));
    assert_eq!(done(program(["diagnose", EMAIL, "x"]).output().unwrap()).code, 2);
    for (value, error) in [
        ("".to_owned(), Error::SecretEmpty),
        (" \n".to_owned(), Error::SecretEmpty),
        (format!("0x{SECRET}"), Error::SecretNotHex),
        (format!("\"{SECRET}\""), Error::SecretNotHex),
        (SECRET[1..].to_owned(), Error::SecretOddLength),
    ] {
        expect_failure(&sign(&value), error.message());
        expect(&sign(&value), 2, "", &format!("pylon-identity: {error}\n"));
    }
}

#[test]
fn reads_the_secret_from_a_file() {
    let path = file("secret", format!("\n {SECRET}\r\n"));
    let path = path.to_str().unwrap();
    let other = "00".repeat(32);
    for args in [
        &["--secret-file", path, "sign", EMAIL][..],
        &["sign", EMAIL, "--secret-file", path],
        &["sign", &format!("--secret-file={path}"), EMAIL],
    ] {
        // The file wins over the environment.
        let done = done(program(args).env(IdentitySecret::ENV, &other).output().unwrap());
        expect(&done, 0, &format!("{}\n", hash()), "");
    }
    let done = feed(program(["sign", EMAIL, "--secret-file", "-"]), format!("{SECRET}\n").into());
    expect(&done, 0, &format!("{}\n", hash()), "");
    let both = run_with_input(["sign", "-", "--secret-file", "-"], SECRET.as_bytes());
    expect_failure(&both, "cannot give both");
    for command in ["verify", "diagnose"] {
        let both = run_with_input([command, EMAIL, "-", "--secret-file", "-"], SECRET.as_bytes());
        expect_failure(&both, "cannot give both");
    }
}

#[cfg(unix)]
#[test]
fn standard_input_by_another_name_is_standard_input() {
    let emails = file("emails", "a\n");
    for path in ["/dev/stdin", "/dev/fd/0", emails.to_str().unwrap()] {
        let mut command = program(["sign", "-", "--secret-file", path]);
        let done = done(command.stdin(fs::File::open(&emails).unwrap()).output().unwrap());
        expect_failure(&done, "cannot give both");
    }
    let done = feed(program(["sign", EMAIL, "--secret-file", "/dev/stdin"]), SECRET.into());
    expect(&done, 0, &format!("{}\n", hash()), "");
}

#[cfg(unix)]
#[test]
fn warns_of_a_secret_file_that_others_can_read() {
    let path = file("shared", SECRET);
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let done = run(["sign", EMAIL, "--secret-file", path.to_str().unwrap()]);
        assert_eq!((done.code, done.out), (0, format!("{}\n", hash())));
        assert_eq!(done.err.contains("Warning: Other users can read the secret file."), warned);
        let json = run(["--json", "sign", EMAIL, "--secret-file", path.to_str().unwrap()]);
        let warning = "{\"warning\":{\"code\":\"secret_file_not_private\",";
        assert_eq!(json.err.starts_with(warning), warned, "{}", json.err);
    }
}

#[test]
fn warns_of_a_secret_of_unusual_length() {
    let email = EMAIL;
    for (digits, warned) in [(32, true), (64, false)] {
        for args in [&["sign", email][..], &["verify", email, "x"], &["sign", "-"]] {
            let mut command = program(args);
            let done = done(command.env(IdentitySecret::ENV, &SECRET[..digits]).output().unwrap());
            assert_eq!(done.err.contains("Pylon's secrets have 64"), warned, "{}", done.err);
        }
    }
}

#[test]
fn reads_the_hash_from_standard_input() {
    for (input, code) in [("{}", 0), ("{}\n", 0), ("{}\r\n", 0), ("{}\n\n", 1), (" {}", 1), ("", 1)]
    {
        let input = input.replace("{}", &hash());
        for command in ["verify", "diagnose"] {
            let done = run_with_input([command, EMAIL, "-"], input.as_bytes());
            assert_eq!((done.code, &*done.err), (code, ""), "{command} {input:?}");
        }
    }
    let done = run_with_input(["verify", EMAIL, "-"], &[b'a'; 100_000]);
    expect_failure(&done, "The hash on standard input is longer than 64 KiB.");
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_only_whole_lines() {
    for arg in ["--json", "--"] {
        let mut command = program(["sign", arg, "-"]);
        command.env(IdentitySecret::ENV, SECRET).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
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
        out.read_to_end(&mut read).unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        assert!(read.ends_with(if arg == "--json" { b"\"}\n" } else { b"\n" }), "{arg}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_stream_is_an_error() {
    let shell = |redirection: &str, args: &str| {
        let program = env!("CARGO_BIN_EXE_pylon-identity");
        let mut command = Command::new("sh");
        command.args(["-c", &format!("'{program}' {args} {redirection}")]);
        done(command.env(IdentitySecret::ENV, SECRET).output().unwrap())
    };
    for args in ["sign a", "verify a b", "generate-secret", "sign - </dev/null"] {
        expect_failure(&shell(">&-", args), "Standard output cannot be written: it is closed.");
        assert_ne!(shell(">/dev/null", args).code, 2, "{args}");
    }
    expect_failure(&shell("<&-", "sign -"), "Standard input cannot be read: it is closed.");
    expect_failure(&shell("<&-", "verify a -"), "cannot be read: it is closed.");
    assert_eq!(shell("<&-", "sign a").code, 0);
}

#[test]
fn refuses_malformed_secret_files() {
    each("malformed_secrets.tsv", |[name, secret, _]: [&str; 3]| {
        let secret = unhex(secret);
        let trimmed = str::from_utf8(&secret).map_or(&secret[..], |text| text.trim().as_bytes());
        let path = file("malformed", &secret);
        let done = run(["sign", EMAIL, "--json", "--secret-file", path.to_str().unwrap()]);
        match IdentitySecret::from_hex(trimmed) {
            Ok(secret) => assert!(done.out.contains(secret.sign(EMAIL).as_str()), "{name}"),
            Err(error) => {
                let error = to_json([("code", error.code()), ("message", error.message())]);
                expect(&done, 2, "", &format!("{{\"error\":{error}}}\n"));
            }
        }
    });
    for malformed in [format!("0x{SECRET}"), format!("{SECRET}g"), format!("{SECRET}5")] {
        let path = file("malformed", malformed);
        expect_failure(&run(["sign", EMAIL, "--secret-file", path.to_str().unwrap()]), "secret");
    }
}

#[test]
fn explains_files_that_cannot_be_read() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let missing = Path::new(folder).join("missing");
    for path in [folder, missing.to_str().unwrap(), ""] {
        for command in [&["sign", EMAIL][..], &["sign", "-"], &["diagnose", EMAIL, "x"]] {
            let done = run([command, &["--secret-file", path]].concat());
            let reason = fs::read(path).unwrap_err().to_string();
            expect_failure(&done, &reason);
            assert_eq!(done.err.lines().count(), 1, "{}", done.err);
        }
    }
    // The secret itself where its file belongs.
    expect_failure(&run(["sign", EMAIL, "--secret-file", SECRET]), "not the secret itself");
    let long = file("long", SECRET.repeat(1025));
    let done = run(["sign", EMAIL, "--secret-file", long.to_str().unwrap()]);
    expect_failure(&done, "longer than 64 KiB");
    let longest = file("longest", SECRET.repeat(1024));
    assert_eq!(run(["sign", EMAIL, "--secret-file", longest.to_str().unwrap()]).code, 0);
    let json = run(["sign", EMAIL, "--json", "--secret-file", missing.to_str().unwrap()]);
    assert!(json.err.starts_with("{\"error\":{\"code\":\"secret_file_unreadable\",\"message\":\""));
}

#[cfg(unix)]
#[test]
fn does_not_hang_on_a_file_without_an_end() {
    expect_failure(&run(["sign", EMAIL, "--secret-file", "/dev/zero"]), "longer than 64 KiB");
    let mut endless = program(["sign", "-"]);
    endless.env(IdentitySecret::ENV, SECRET).stdin(fs::File::open("/dev/zero").unwrap());
    expect_failure(
        &done(endless.output().unwrap()),
        "Line 1 of standard input is longer than 1 MiB",
    );
}

#[test]
fn refuses_a_secret_among_the_arguments() {
    let assignment = format!("PYLON_IDENTITY_SECRET={SECRET}");
    let refusal = "never an argument";
    for args in [
        &["sign", EMAIL, "--secret", SECRET][..],
        &["sign", EMAIL, &format!("--secret={SECRET}")],
        &["sign", EMAIL, "-s", SECRET],
        &["sign", EMAIL, &format!("-s{SECRET}")],
        &["sign", EMAIL, &format!("-s={SECRET}")],
        &["--SECRET", SECRET, "sign", EMAIL],
        &["sign", EMAIL, &format!("--identity-secret={SECRET}")],
        &["sign", EMAIL, "--key", SECRET],
        &["sign", EMAIL, SECRET],
        &["sign", SECRET, EMAIL],
        &["sign", "-", SECRET],
        &["sign", &assignment, EMAIL],
        &["verify", EMAIL, "hash", SECRET],
        &["diagnose", SECRET, EMAIL, "hash"],
        &["generate-secret", SECRET],
    ] {
        expect_failure(&run(args), refusal);
        let json = run([&["--json"], args].concat());
        assert_eq!((json.code, &*json.out), (2, ""));
        assert!(json.err.starts_with("{\"error\":{\"code\":\"") && json.err.contains(refusal));
        assert!(!json.err.contains(SENTINEL), "{}", json.err);
        assert!(json.err.ends_with("\"}}\n") && json.err.lines().count() == 1, "{}", json.err);
    }
    // Wherever else it stands, it is not shown either.
    for args in [
        &[SECRET][..],
        &[SECRET, "sign", EMAIL],
        &[&assignment, "sign", EMAIL],
        &["verify", SECRET],
        &["sign", EMAIL, &format!("--{SECRET}")],
        &["sign", EMAIL, &format!("-{SECRET}")],
        &["sign", EMAIL, &format!("--json={SECRET}")],
        &["sign", EMAIL, &format!("--help={SECRET}")],
        &["sign", EMAIL, &format!("-h={SECRET}")],
        &["sign", EMAIL, &format!("-V{SECRET}")],
        &["sign", EMAIL, &format!("-x{SECRET}")],
        &["sign", EMAIL, &format!("-a{SECRET}")],
        &["sign", EMAIL, &format!("--unknown={SECRET}")],
        &["sign", EMAIL, &format!("--secret-file={SECRET}")],
    ] {
        expect_failure(&run(args), "");
        let json = run([&["--json"], args].concat());
        assert!(json.code == 2 && !(json.out + &json.err).contains(SENTINEL));
    }
    assert!(!run(["sign", "--deadbeef"]).err.contains("dead"));
    assert!(!run(["sign", "-deadbeef"]).err.contains("-d"));
}

#[test]
fn explains_wrong_arguments() {
    for (args, message) in [
        (&[][..], "A command is missing"),
        (&["--json"], "A command is missing"),
        (&["encrypt", EMAIL], "not a command"),
        (&["Sign", EMAIL], "not a command"),
        (&["sign"], "sign needs EMAIL, or - for standard input."),
        (&["verify"], "verify needs EMAIL and HASH, or - for standard input."),
        (&["verify", EMAIL], "verify needs EMAIL and HASH, or - for standard input."),
        (&["diagnose", EMAIL], "diagnose needs EMAIL and HASH, or - for standard input."),
        (&["sign", EMAIL, EMAIL], "sign takes EMAIL, or - for standard input, and nothing else."),
        (&["sign", EMAIL, "--verbose"], "There is no option --verbose."),
        (&["sign", EMAIL, "--verbose=3"], "There is no option --verbose."),
        (&["sign", EMAIL, "-x"], "There is no option -x."),
        (&["sign", EMAIL, "-1"], "There is no such option."),
        (&["sign", EMAIL, "--json=yes"], "--json takes no value."),
        (&["sign", EMAIL, "--secret-file"], "--secret-file needs the path of a file."),
    ] {
        let done = run(args);
        if args.contains(&"--json") {
            assert!(done.err.starts_with("{\"error\":{\"code\":\"usage\",\"message\":\"A command"));
            assert_eq!(done.code, 2);
        } else {
            expect_failure(&done, message);
            assert!(done.err.ends_with("run: pylon-identity --help\n"), "{}", done.err);
        }
    }
}

#[cfg(unix)]
#[test]
fn refuses_arguments_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let bad = OsStr::from_bytes(b"\xff");
    let [sign, verify, email] = ["sign", "verify", EMAIL].map(OsStr::new);
    expect_failure(&run([sign, bad]), "The EMAIL given is not valid UTF-8.");
    expect_failure(&run([verify, bad, email]), "The EMAIL given is not valid UTF-8.");
    expect_failure(&run([verify, email, bad]), "The HASH given is not valid UTF-8.");
    expect_failure(&run([bad, email]), "not a command");
    expect_failure(&run([sign, email, OsStr::from_bytes(b"--\xff")]), "no such option");
    expect_failure(&run([sign, email, OsStr::from_bytes(b"-\xff")]), "no such option");
    let mut secret = program([sign, email]);
    secret.env(IdentitySecret::ENV, bad);
    expect_failure(&done(secret.output().unwrap()), Error::SecretNotHex.message());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(bad);
    fs::write(&path, SECRET).unwrap();
    assert_eq!(run([sign, email, OsStr::new("--secret-file"), path.as_os_str()]).code, 0);
}

fn answers(emails: &[&str]) -> String {
    emails.iter().map(|email| format!("{email}\t{}\n", secret().sign(email))).collect()
}

#[test]
fn signs_lines() {
    for (input, emails) in [
        ("", &[][..]),
        ("a\nb\n", &["a", "b"]),
        ("a\r\nb\r\n", &["a", "b"]),
        ("a\nb", &["a", "b"]),
        ("a\nb\r", &["a", "b\r"]),
        ("\n\na\n", &["", "", "a"]),
        (" a b \n\u{e9}\n", &[" a b ", "\u{e9}"]),
        (" a\tb \n\u{85}\n", &[" a\tb ", "\u{85}"]),
        ("a\rb\r\r\n", &["a\rb\r"]),
        ("\u{feff}a\n\u{feff}b\n", &["a", "\u{feff}b"]),
    ] {
        let plain = run_with_input(["sign", "-"], input.as_bytes());
        match emails.iter().position(|email| email.contains(char::is_control)) {
            None => expect(&plain, 0, &answers(emails), ""),
            Some(at) => {
                assert_eq!((plain.code, plain.out), (2, answers(&emails[..at])));
                let line = format!("Line {} of standard input has a tab", at + 1);
                assert!(plain.err.contains(&line), "{}", plain.err);
            }
        }
        let json = emails.iter().map(|email| {
            to_json([("email", *email), ("email_hash", secret().sign(email).as_str())]) + "\n"
        });
        let json: String = json.collect();
        expect(&run_with_input(["--json", "sign", "-"], input.as_bytes()), 0, &json, "");
    }
}

#[test]
fn signs_many_lines() {
    let emails: Vec<_> = (0..100_000).map(|i| format!("user{i}@example.com")).collect();
    let emails: Vec<_> = emails.iter().map(String::as_str).collect();
    let done = run_with_input(["sign", "-"], emails.join("\n").as_bytes());
    assert_eq!((done.code, &*done.err), (0, ""));
    assert!(done.out == answers(&emails), "100,000 lines");
}

#[test]
fn stops_at_a_line_that_is_not_utf8() {
    let done = run_with_input(["sign", "-"], b"a\nb\n\xff\nc\n");
    let message =
        "pylon-identity: Line 3 of standard input is not valid UTF-8, so it is not signed.\n";
    expect(&done, 2, &answers(&["a", "b"]), message);
    let long = [&b"a\n"[..], &b"b".repeat((1 << 20) + 1), b"\nc\n"].concat();
    let done = run_with_input(["sign", "-"], &long);
    assert_eq!((done.code, done.out), (2, answers(&["a"])));
    assert!(done.err.contains("Line 2 of standard input is longer"), "{}", done.err);
    let json = run_with_input(["sign", "-", "--json"], b"\xff");
    assert!(
        json.err.starts_with("{\"error\":{\"code\":\"input_not_utf8\",\"message\":\"Line 1 of")
    );
}

#[test]
fn writes_answers_before_the_error_that_ends_them() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = program(["sign", "-"]);
    command.env(IdentitySecret::ENV, SECRET).stdin(Stdio::piped());
    let mut child = command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
    drop(command);
    child.stdin.take().unwrap().write_all(b"a\n\xff\n").unwrap();
    let mut both = String::new();
    reader.read_to_string(&mut both).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(both.starts_with(&format!("{}pylon-identity: Line 2", answers(&["a"]))), "{both}");
}

#[cfg(unix)]
#[test]
fn explains_standard_input_that_cannot_be_read() {
    let mut command = program(["sign", "-"]);
    command.env(IdentitySecret::ENV, SECRET);
    command.stdin(fs::File::open(env!("CARGO_TARGET_TMPDIR")).unwrap());
    expect_failure(&done(command.output().unwrap()), "Line 1 of standard input cannot be read: ");
}

#[test]
fn answers_each_line_before_the_next() {
    let mut command = program(["sign", "-"]);
    let mut child = command.env(IdentitySecret::ENV, SECRET).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
    let answer = || {
        let patience = std::time::Duration::from_secs(60);
        received.recv_timeout(patience).expect("an answer before more input") + "\n"
    };
    for begun in ["", "the beginning of the next line"] {
        for email in ["ada@example.com", "eve@example.com"] {
            input.write_all(format!("{email}\n{begun}").as_bytes()).unwrap();
            assert_eq!(answer(), answers(&[email]));
            input.write_all(b"\n").unwrap();
            assert_eq!(answer(), answers(&[begun]));
        }
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn ends_quietly_when_nobody_reads() {
    let mut child = program(["sign", "-"])
        .env(IdentitySecret::ENV, SECRET)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"a\n").unwrap();
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    assert_eq!(first, answers(&["a"]));
    drop(output);
    // It ends although there is more to read: writing to it fails at last.
    while input.write_all(b"b\n").is_ok() {}
    expect(&done(child.wait_with_output().unwrap()), 0, "", "");

    let wrong = ["verify", EMAIL, "x"];
    for (args, code) in [(&["--help"][..], 0), (&["sign", EMAIL], 0), (&["-V"], 0), (&wrong, 1)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = program(args);
        let output = command.env(IdentitySecret::ENV, SECRET).stdout(writer).output().unwrap();
        expect(&done(output), code, "", "");
    }
    // Nobody reads the error either.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    expect(&done(program(["sign"]).stderr(writer).output().unwrap()), 2, "", "");
}

#[cfg(target_os = "linux")]
#[test]
fn says_when_the_disk_is_full() {
    for args in [&["sign", EMAIL][..], &["verify", EMAIL, "x"], &["--help"], &["sign", "-"]] {
        let mut command = program(args);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        command.env(IdentitySecret::ENV, SECRET).stdout(full);
        expect_failure(&feed(command, b"a\n".to_vec()), "Standard output cannot be written: ");
    }
}

/// As in Node, which makes pipes non-blocking for whoever shares them.
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
    command.env(IdentitySecret::ENV, SECRET).stdin(theirs).stdout(theirs_too);
    let child = command.spawn().unwrap();
    drop(command);
    // Give it the time to find nothing to read, and then no room to write more.
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
