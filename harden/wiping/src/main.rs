//! Uses secrets in one way, forgets them, and waits to be looked at; see `wiping.py`.

use std::fs::File;
use std::io::{Read, Write};

use pylon_identity_core::{Error, IdentitySecret, diagnose, sign_message_with_hmac};

const EMAIL: &str = "ada@example.com";
const WRONG: [u8; 64] = [b'0'; 64];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().unwrap_or_default();
    let (step, fate) = (next(), next());
    let mut input = File::open("/dev/stdin").expect("stdin can be opened");
    let mut text = [0; 4096];
    let length = input.read(&mut text).expect("stdin can be read");
    for line in text[..length].split_inclusive(|byte| *byte == b'\n') {
        if line == b"\n" {
            break;
        }
        forget(&step, line, fate == "kept");
    }
    text.fill(0); // the string of the caller, who is this program
    std::hint::black_box(&text);

    println!("ready");
    std::io::stdout().flush().expect("stdout can be written");
    input.read_exact(&mut text[..1]).expect_err("stdin ends");
}

fn forget(step: &str, line: &[u8], keep: bool) {
    let hex = line.trim_ascii_end();
    match step {
        "drop-in" => drop(sign_message_with_hmac(EMAIL, hex).expect("a secret")),
        // The line is a secret with white space, and as a key in several shapes.
        "diagnose" => {
            assert!(!diagnose(line, EMAIL, WRONG).matches());
            assert!(!diagnose(line, EMAIL, [WRONG, WRONG].as_flattened()).matches());
        }
        "env" => use_secret(step, &IdentitySecret::from_env(IdentitySecret::ENV)),
        "sign and verify" if keep => {
            std::hint::black_box(Box::leak(Box::new(IdentitySecret::from_hex(hex))));
        }
        "sign and verify" | "many" => use_secret(step, &IdentitySecret::from_hex(hex)),
        _ => panic!("no such step: {step}"),
    }
}

// By reference, since a move leaves a copy behind, which Rust does not wipe.
fn use_secret(step: &str, parsed: &Result<IdentitySecret, Error>) {
    let secret = parsed.as_ref().expect("a secret");
    assert!(!secret.verify(EMAIL, WRONG));
    assert!(secret.verify(EMAIL, secret.sign(EMAIL).as_str()));
    if step == "many" {
        let emails = vec![EMAIL; 5000];
        secret.sign_many(&emails, &mut vec![[0; 64]; emails.len()]);
    }
}
