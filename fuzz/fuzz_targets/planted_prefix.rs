//! A parser that also takes a line of a .env file. No chance makes that many bytes, so coverage has to
//! lead to them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_core::IdentitySecret;
use pylon_identity_fuzz::{properties::parses, texts};

fuzz_target!(|input: &[u8]| {
    let [hex, _] = texts(input);
    let parse = |hex: &[u8]| {
        IdentitySecret::from_hex(hex.strip_prefix(b"PYLON_IDENTITY_SECRET=").unwrap_or(hex))
    };
    parses(parse, hex);
});
