#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::{properties::explains, texts};

fuzz_target!(|input: &[u8]| {
    let [hex, email, shown] = texts(input);
    explains(hex, email, shown);
});
