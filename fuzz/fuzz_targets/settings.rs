#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_core::User;
use pylon_identity_fuzz::{properties::scripts, texts};

fuzz_target!(|input: &[u8]| {
    let [_, texts @ ..]: [_; 8] = texts(input).map(String::from_utf8_lossy);
    let [app_id, email, more @ ..] = texts.each_ref().map(|text| &**text);
    let [name, avatar_url, account_id, account_external_id, nonce] =
        more.map(|text| (!text.is_empty()).then_some(text));
    let user = User { app_id, email, name, avatar_url, account_id, account_external_id };
    scripts(&[b'5'; 64], user, nonce);
});
