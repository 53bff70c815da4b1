//! Answers the tests across languages through the Rust API; see `tests/languages.py`.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use pylon_identity_core::{Error, IdentitySecret, diagnose, sign_message_with_hmac};

fn answer(secret: &[u8], email: &[u8], hash: &[u8]) -> Result<String, Error> {
    let parsed = IdentitySecret::from_hex(secret)?;
    let dropped_in = sign_message_with_hmac(email, secret)?;
    Ok(format!("ok\t{}\t{}\t{dropped_in}", parsed.verify(email, hash), parsed.sign(email)))
}

fn explain(secret: &[u8], email: &[u8], hash: &[u8]) -> String {
    let diagnosis = diagnose(secret, email, hash);
    let causes: Vec<_> = diagnosis.causes().iter().map(|cause| cause.code()).collect();
    format!("{}\t{}", causes.join(","), hex::encode(diagnosis.explanation()))
}

fn main() {
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let fields: Vec<_> =
            line.unwrap().split('\t').map(|field| hex::decode(field).unwrap()).collect();
        let line = match &fields[..] {
            [secret, email, hash] => answer(secret, email, hash)
                .unwrap_or_else(|error| format!("error\t{}\t{error}", error.code())),
            [secret, email, hash, _more] => explain(secret, email, hash),
            _ => panic!("three or four fields"),
        };
        writeln!(out, "{line}").unwrap();
    }
}
