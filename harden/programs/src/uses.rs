//! Uses secrets, for the scan of memory and for the measurement of its growth; the commands are those of
//! `uses.py`.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read, Write};

use pylon_identity_core::{
    EmailHash, Error, IdentitySecret, User, diagnose, sign_message_with_hmac,
};

const EMAIL: &str = "ada@example.com";
const WRONG: [u8; 64] = [b'0'; 64];
const STEPS: [&str; 6] = ["use", "many", "drop-in", "diagnose", "env", "refused"];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let planted = args.len() > 3;
    let count = || args[2].parse().expect("a number");
    match args[1].as_str() {
        "wiping" => wiping(&args[2], args[3] == "kept"),
        "memory" => memory(count(), planted),
        "batch" => batch(count(), planted),
        other => panic!("no such command: {other}"),
    }
}

// By reference, since a move leaves a copy behind, which Rust does not wipe.
fn used(parsed: &Result<IdentitySecret, Error>, several: usize) {
    let secret = parsed.as_ref().expect("a secret");
    assert!(!secret.verify(EMAIL, WRONG));
    assert!(secret.verify(EMAIL, secret.sign(EMAIL).as_str()));
    let user = User { app_id: "a", email: EMAIL, name: Some("Ada"), ..User::default() };
    secret.chat_settings(user).and_then(|it| it.to_script(Some("bm9uY2U="))).expect("a script");
    secret.sign_many(&vec![EMAIL; several], &mut vec![[0; EmailHash::LEN]; several]);
}

fn take_step(step: &str, line: &[u8], several: usize) {
    let hex = line.trim_ascii_end();
    match step {
        "use" => used(&IdentitySecret::from_hex(hex), 0),
        "many" => used(&IdentitySecret::from_hex(hex), several),
        "env" => used(&IdentitySecret::from_env(IdentitySecret::ENV), 1),
        "drop-in" => drop(sign_message_with_hmac(EMAIL, hex).expect("a secret")),
        // The line is a secret with white space, and as a key in several shapes.
        "diagnose" => {
            assert!(!diagnose(line, EMAIL, WRONG).matches());
            assert!(!diagnose(line, EMAIL, [WRONG, WRONG].as_flattened()).matches());
        }
        "refused" => drop(IdentitySecret::from_hex(line).expect_err("no secret")),
        _ => panic!("no such step: {step}"),
    }
}

fn wiping(step: &str, keep: bool) {
    let mut input = File::open("/dev/stdin").expect("stdin can be opened");
    let mut text = [0; 4096];
    let length = input.read(&mut text).expect("stdin can be read");
    for line in text[..length].split_inclusive(|byte| *byte == b'\n') {
        match line {
            b"\n" => break,
            _ if keep => {
                _ = black_box(Box::leak(Box::new(IdentitySecret::from_hex(line.trim_ascii_end()))))
            }
            _ => take_step(step, line, 5000),
        }
    }
    text.fill(0); // the string of the caller, who is this program
    black_box(&text);

    println!("ready");
    std::io::stdout().flush().expect("stdout can be written");
    input.read_exact(&mut text[..1]).expect_err("stdin ends");
}

fn memory(calls: usize, leak: bool) {
    let hex = std::env::var(IdentitySecret::ENV).expect("set");
    let line = format!("{hex}\n");
    let secret = IdentitySecret::from_hex(&hex).expect("a secret");
    let right = secret.sign(EMAIL);
    let measure = |kind: &str, calls: usize, call: &dyn Fn()| {
        let repeat = |times: usize| {
            for _ in 0..times {
                call();
                if leak {
                    Box::leak(black_box(Box::new(0_u64)));
                }
            }
        };
        repeat(calls / 5);
        let before = resident();
        repeat(calls);
        println!("{kind} {calls} {before} {}", resident());
    };
    measure("sign", calls, &|| _ = black_box(secret.sign(black_box(EMAIL))));
    measure("verify", calls, &|| assert!(secret.verify(black_box(EMAIL), right.as_str())));
    measure("secrets", calls, &|| _ = black_box(IdentitySecret::from_hex(black_box(&hex))));
    let steps = || STEPS.iter().for_each(|step| take_step(step, line.as_bytes(), 2));
    measure("steps", calls / 1000, &steps);
}

fn batch(count: usize, waste: bool) {
    let secret = IdentitySecret::from_env(IdentitySecret::ENV).expect("a secret");
    let emails: Vec<String> = (0..count).map(|i| format!("user{i}@example.com")).collect();
    secret.sign_many(&emails[..10_000], &mut vec![[0; EmailHash::LEN]; 10_000]);
    fs::write("/proc/self/clear_refs", "5").expect("Linux");
    let mut hashes = vec![[0; EmailHash::LEN]; count];
    secret.sign_many(&emails, &mut hashes);
    if waste {
        black_box(vec![1_u8; 100 * count]);
    }
    let peak = status("/proc/self/status", "VmHWM:");
    println!("{}", peak - resident());
    black_box((emails, hashes));
}

fn resident() -> i64 {
    status("/proc/self/smaps_rollup", "Rss:")
}

fn status(file: &str, name: &str) -> i64 {
    let text = fs::read_to_string(file).expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("its line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
