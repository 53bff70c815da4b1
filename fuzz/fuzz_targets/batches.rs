#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::properties::{near_a_limit, signs_many};
use pylon_identity_fuzz::texts;

fuzz_target!(|input: &[u8]| {
    let [hex, text, sizes] = texts(input);
    signs_many(hex, text, near_a_limit(sizes.first().copied().unwrap_or_default()));
});
