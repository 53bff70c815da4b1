//! The functions that only the bindings to other languages use.
//!
//! They have no stability promise: any release may change them.

#[cfg(target_arch = "wasm32")]
pub use crate::clock::set as set_clock;
pub use crate::diagnose::{MAX_PAGE, diagnose_configured, diagnose_page_configured, page_has_jwt};
pub use crate::env::{read_secret, trim, trim_env_value};
pub use crate::json::{object as json_object, push_object as push_json_object};
pub use crate::secret::{Secret, parse_into};
pub use crate::settings::sign_for_chat_settings;

use crate::codes::{codes, without_nul};

codes! {
    /// The results of a C call that are not an [`Error`](crate::Error).
    enum CallStatus {
        Ok = 0, "ok",
            "The call succeeded. From pylon_identity_verify(): the email hash is right.",
            "Success.";
        HashMismatch = 5, "hash_mismatch",
            "The email hash is not the one that this secret gives for this email.",
            "The email hash does not match: it was made for another email or with another secret, or it \
             was changed on the way. Do not trust the email.";
        InvalidArgument = 6, "invalid_argument",
            "A pointer is NULL or misaligned, or a length is larger than any object can be.",
            "An argument cannot be used: a pointer is NULL or misaligned, or a length is larger than any \
             object can be. Pass valid pointers with their lengths in bytes.";
        Panic = 7, "panic",
            "The library has a bug: it panicked.",
            "pylon-identity panicked, which is a bug. Please report it with the text on standard error.";
        BufferTooSmall = 13, "buffer_too_small",
            "The buffer for the output is too small.",
            "The buffer for the output is too small. Pass a larger one; the documentation of the function \
             says which size is always enough.";
    }
    /// The sentence for people: the problem and the next step.
    fn message;
}
