#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::{properties::explains_page, texts};

fuzz_target!(|input: &[u8]| {
    let [hex, page] = texts(input);
    explains_page(hex, &String::from_utf8_lossy(page));
});
