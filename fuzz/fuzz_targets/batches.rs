#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::properties::{near_a_limit, signs_many};
use pylon_identity_fuzz::texts;

fuzz_target!(|input: &[u8]| {
    let [hex, text, sizes] = texts(input);
    let (count, size) =
        sizes.split_first_chunk().map_or((0, 0), |([count, size], _)| (*count, *size));
    signs_many(hex, text, near_a_limit(count), usize::from(size) * 16 + 1);
});
