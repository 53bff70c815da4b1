//! Memory for the callers of the WebAssembly module, who have none of their own in it.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::{ptr, slice};

use zeroize::Zeroize;

fn layout(size: usize) -> Option<Layout> {
    // Aligned for every type of the header. Memory of no size has no address.
    Layout::from_size_align(size.max(1), 8).ok()
}

/// Returns memory of this size, to be given back by pylon_identity_free(); NULL if there is none.
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
