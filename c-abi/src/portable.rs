//! For callers of the WebAssembly module: memory inside the module, and settings in the order of a JavaScript object.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::c_char;
use std::{ptr, slice};

use pylon_identity_core::{chat_settings_json, chat_settings_script};

use zeroize::Zeroize;

use super::*;

/// Sets the time, in Unix seconds, since the module has no clock.
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_set_time(now: u64) {
    binding::set_clock(now);
}

fn layout(size: usize) -> Option<Layout> {
    // Aligned for every type of the header. Memory of no size has no address.
    Layout::from_size_align(size.max(1), 8).ok()
}

/// Returns zeroed memory of this size, or NULL if there is none. pylon_identity_free() takes it back.
#[unsafe(no_mangle)]
pub extern "C" fn pylon_identity_alloc(size: usize) -> *mut u8 {
    // SAFETY: the size is not zero.
    layout(size).map_or(ptr::null_mut(), |layout| unsafe { alloc_zeroed(layout) })
}

/// Wipes memory and gives it back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_free(memory: *mut u8, size: usize) {
    if let Some(layout) = layout(size)
        && !memory.is_null()
    {
        // SAFETY: the caller promises that it comes from pylon_identity_alloc() with this size.
        unsafe {
            slice::from_raw_parts_mut(memory, size).zeroize();
            dealloc(memory, layout);
        }
    }
}

/// Writes the script tag or the object, for settings of any names in their order. A nonce of NULL means none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pylon_identity_settings(
    settings: *const pylon_identity_setting,
    count: usize,
    is_script: bool,
    nonce: *const c_char,
    nonce_len: usize,
    out: *mut c_char,
    out_size: usize,
    written: *mut usize,
) -> pylon_identity_status {
    status(|| {
        usable(out)?;
        // SAFETY: as the caller promises.
        let (fields, nonce_text) =
            unsafe { (other_fields(settings, count)?, bytes(nonce, nonce_len)?) };
        let nonce_text = String::from_utf8_lossy(nonce_text);
        let text = match is_script {
            true => chat_settings_script(fields, (!nonce.is_null()).then_some(&*nonce_text))?,
            false => chat_settings_json(fields)?,
        };
        // SAFETY: not NULL, so valid for writes of its size as the caller promises; `written` too.
        unsafe { write_text(&text, out, out_size, written) }
    })
}
