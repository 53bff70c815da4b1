#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::{properties::signs, texts};

fuzz_target!(|input: &[u8]| {
    let [hex, email, _] = texts(input);
    signs(hex, email);
});
