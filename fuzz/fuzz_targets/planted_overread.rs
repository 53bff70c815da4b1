//! A caller that gives C one byte more than it has, which AddressSanitizer has to see.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pylon_identity_fuzz::c_abi::pylon_identity_sign_message_with_hmac;
use pylon_identity_fuzz::texts;

fuzz_target!(|input: &[u8]| {
    let [hex, email, _] = texts(input).map(Box::<[u8]>::from);
    if email.is_empty() {
        return; // not even allocated
    }
    let mut out = [0; 65];
    // SAFETY: none, on purpose.
    let _ = unsafe {
        pylon_identity_sign_message_with_hmac(
            email.as_ptr().cast(),
            email.len() + 1,
            hex.as_ptr().cast(),
            hex.len(),
            out.as_mut_ptr(),
        )
    };
});
