#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::{properties::verifies, texts};

fuzz_target!(|input: &[u8]| {
    let [hex, email, shown, change] = texts(input);
    let (place, byte) =
        change.split_first_chunk().map_or((0, 0), |([place, byte], _)| (*place, *byte));
    verifies(hex, email, shown, place, byte);
});
