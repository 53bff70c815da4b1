//! Uses secrets while another process looks at its memory; commands are as for uses.py, once each.

use std::fmt::Debug;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};

use pylon_identity_core::{
    EmailHash, Error, IdentitySecret, JwtSecret, JwtUser, User, diagnose, diagnose_jwt,
    diagnose_page, sign_message_with_hmac,
};

const EMAIL: &str = "ada@example.com";
const WRONG: [u8; 64] = [b'0'; 64];

// By reference, since a move leaves a copy behind, which Rust does not wipe.
fn used<E: Debug>(parsed: &Result<IdentitySecret, E>, several: usize) {
    let secret = parsed.as_ref().expect("a secret");
    assert!(!secret.verify(EMAIL, WRONG));
    assert!(secret.verify(EMAIL, secret.sign(EMAIL).as_str()));
    let user = User { app_id: "a", email: EMAIL, name: Some("Ada"), ..User::default() };
    secret.chat_settings(user).and_then(|it| it.to_script(Some("bm9uY2U="))).expect("a script");
    secret.sign_many(&vec![EMAIL; several], &mut vec![[0; EmailHash::LEN]; several]);
}

/// The digits are the key of a JWT as they are.
#[inline(never)]
fn used_for_jwts(parsed: &Result<JwtSecret, Error>, line: &[u8]) {
    let secret = parsed.as_ref().expect("a secret");
    let user = JwtUser { app_id: "a", email: EMAIL, name: Some("Ada"), ..JwtUser::default() };
    let token = secret.sign_jwt(user, JwtSecret::LIFETIME).expect("a token");
    assert_eq!(secret.verify_jwt(&token, "a").expect("the claims").email, EMAIL);
    assert!(!diagnose_jwt(line, "a", &token, None, None).matches());
    assert!(!diagnose_jwt(line.trim_ascii_end(), "a", &token[1..], None, None).matches());
    JwtSecret::new(line).expect_err("no secret");
}

/// The line is a secret with white space, and as a key in several shapes.
#[inline(never)]
fn explained(line: &[u8]) {
    assert!(!diagnose(line, EMAIL, WRONG).matches());
    assert!(!diagnose(line, EMAIL, [WRONG, WRONG].as_flattened()).matches());
    let page = "{app_id: 'a', email: 'a', email_hash: '0123456789abcdef'}";
    assert!(!diagnose_page(line, page).matches());
}

fn take(step: &str, line: &[u8]) {
    let hex = line.trim_ascii_end();
    match step {
        "keep" => {
            black_box(Box::leak(Box::new(IdentitySecret::from_hex(hex))));
            black_box(Box::leak(Box::new(JwtSecret::new(hex))));
        }
        "jwt" => used_for_jwts(&JwtSecret::new(hex), line),
        "use" => used(&IdentitySecret::from_hex(hex), 0),
        "many" => used(&IdentitySecret::from_hex(hex), 5000),
        "env" => used(&IdentitySecret::from_env(IdentitySecret::ENV), 1),
        "drop-in" => drop(sign_message_with_hmac(EMAIL, hex).expect("a secret")),
        // The line is a secret with white space, and as a key in several shapes.
        "diagnose" => explained(line),
        "refused" => drop(IdentitySecret::from_hex(line).expect_err("no secret")),
        _ => panic!("no such step: {step}"),
    }
}

fn main() {
    // `text` is the only buffer, and this program wipes it.
    let mut input = File::open("/dev/stdin").expect("stdin can be opened");
    let mut text = [0; 4096];
    let length = input.read(&mut text).expect("stdin can be read");
    let mut command = [0; 64];
    loop {
        println!("done");
        std::io::stdout().flush().expect("stdout can be written");
        let end = input.read(&mut command).expect("stdin can be read");
        let words = str::from_utf8(&command[..end]).expect("text");
        match words.split_ascii_whitespace().next() {
            None => break,
            Some("forget") => text.fill(0),
            Some(step) => {
                let lines = text[..length].split_inclusive(|byte| *byte == b'\n');
                lines.filter(|line| line.len() > 1).for_each(|line| take(step, line));
            }
        }
        black_box(&text);
    }
}
