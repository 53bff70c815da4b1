//! Every pair of bytes as a secret, through the C interface.

use pylon_identity::pylon_identity_sign_message_with_hmac;
use pylon_identity::pylon_identity_status::*;
use pylon_identity_core::sign_message_with_hmac;

#[test]
fn every_pair_of_bytes_as_secret() {
    let digits = b"0123456789abcdefABCDEF";
    for pair in (0..=u16::MAX).map(u16::to_be_bytes) {
        let mut out = [0; 65];
        let (hex, message) = (pair.as_ptr().cast(), c"ada@example.com".as_ptr());
        // SAFETY: valid pointers and lengths.
        let status =
            unsafe { pylon_identity_sign_message_with_hmac(message, 15, hex, 2, out.as_mut_ptr()) };
        let hash = out.map(|byte| byte as u8);
        if pair.iter().all(|byte| digits.contains(byte)) {
            assert_eq!(status, PYLON_IDENTITY_OK);
            let right = sign_message_with_hmac("ada@example.com", pair).unwrap();
            assert_eq!(&hash[..64], right.as_bytes());
        } else {
            assert_eq!(status, PYLON_IDENTITY_SECRET_NOT_HEX);
            assert_eq!(hash, [0; 65]);
        }
    }
}
