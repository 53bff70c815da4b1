#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_core::IdentitySecret;
use pylon_identity_fuzz::{properties::parses, texts};

fuzz_target!(|input: &[u8]| {
    let [hex, _] = texts(input);
    parses(|hex| IdentitySecret::from_hex(hex), hex);
});
