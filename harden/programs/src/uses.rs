//! Uses secrets while another process looks at its memory; the commands are those of uses.py.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};

use pylon_identity_core::{
    EmailHash, Error, IdentitySecret, User, diagnose, sign_message_with_hmac,
};

const EMAIL: &str = "ada@example.com";
const WRONG: [u8; 64] = [b'0'; 64];

// By reference, since a move leaves a copy behind, which Rust does not wipe.
fn used(parsed: &Result<IdentitySecret, Error>, several: usize) {
    let secret = parsed.as_ref().expect("a secret");
    assert!(!secret.verify(EMAIL, WRONG));
    assert!(secret.verify(EMAIL, secret.sign(EMAIL).as_str()));
    let user = User { app_id: "a", email: EMAIL, name: Some("Ada"), ..User::default() };
    secret.chat_settings(user).and_then(|it| it.to_script(Some("bm9uY2U="))).expect("a script");
    secret.sign_many(&vec![EMAIL; several], &mut vec![[0; EmailHash::LEN]; several]);
}

#[derive(Default)]
struct Kept {
    secrets: Vec<&'static IdentitySecret>,
    emails: Vec<String>,
    hashes: Vec<[u8; EmailHash::LEN]>,
}

impl Kept {
    fn take(&mut self, step: &str, line: &[u8]) {
        let hex = line.trim_ascii_end();
        match step {
            "keep" => self
                .secrets
                .push(Box::leak(Box::new(IdentitySecret::from_hex(hex).expect("a secret")))),
            "parse" => _ = black_box(&IdentitySecret::from_hex(hex)),
            "use" => used(&IdentitySecret::from_hex(hex), 0),
            "many" => used(&IdentitySecret::from_hex(hex), 5000),
            "env" => used(&IdentitySecret::from_env(IdentitySecret::ENV).map_err(Into::into), 1),
            "drop-in" => drop(sign_message_with_hmac(EMAIL, hex).expect("a secret")),
            // The line is a secret with white space, and as a key in several shapes.
            "diagnose" => {
                assert!(!diagnose(line, EMAIL, WRONG).matches());
                assert!(!diagnose(line, EMAIL, [WRONG, WRONG].as_flattened()).matches());
            }
            "refused" => drop(IdentitySecret::from_hex(line).expect_err("no secret")),
            "sign" => _ = black_box(self.secrets[0].sign(black_box(EMAIL))),
            "verify" => assert!(!self.secrets[0].verify(black_box(EMAIL), WRONG)),
            "emails" => self.emails.push(format!("user{}@example.com", self.emails.len())),
            "batch" => {
                self.hashes = vec![[0; EmailHash::LEN]; self.emails.len()];
                self.secrets[0].sign_many(&self.emails, &mut self.hashes);
            }
            "leak" => _ = Box::leak(black_box(Box::new(0_u64))),
            "waste" => _ = black_box(vec![1_u8; 100_000_000]),
            "collect" | "forget" => {}
            _ => panic!("no such step: {step}"),
        }
    }
}

fn main() {
    // Nothing is buffered but here, so that the text can be wiped by its owner, who is this program.
    let mut input = File::open("/dev/stdin").expect("stdin can be opened");
    let mut text = [0; 4096];
    let length = input.read(&mut text).expect("stdin can be read");
    let mut command = [0; 64];
    let mut kept = Kept::default();
    loop {
        println!("done");
        std::io::stdout().flush().expect("stdout can be written");
        let end = input.read(&mut command).expect("stdin can be read");
        let [step, times] = [0, 1].map(|part| {
            let words = str::from_utf8(&command[..end]).expect("text");
            words.split_ascii_whitespace().nth(part).unwrap_or_default()
        });
        match step {
            "" => break,
            "forget" => text.fill(0),
            _ => {
                for line in text[..length]
                    .split_inclusive(|byte| *byte == b'\n')
                    .filter(|line| line.len() > 1)
                {
                    (0..times.parse().expect("a number")).for_each(|_: u64| kept.take(step, line));
                }
            }
        }
        black_box(&text);
    }
}
