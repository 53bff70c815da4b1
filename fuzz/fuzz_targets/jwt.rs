#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_core::JwtUser;
use pylon_identity_fuzz::{
    properties::{claims, tokens},
    texts,
};

fuzz_target!(|input: &[u8]| {
    let texts: [_; 5] = texts(input).map(String::from_utf8_lossy);
    let [secret, app_id, email, name, more] = texts.each_ref().map(|text| &**text);
    let user = JwtUser { app_id, email, name: Some(name), ..JwtUser::default() };
    let [place, byte, seconds, ..] = *input else { return };
    tokens(secret, user, seconds.into(), 1_800_000_000, place.into(), byte);
    claims(more);
});
