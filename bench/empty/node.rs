//! A function with the signature of `sign` that signs nothing. It measures the share of Node-API in a call.

#![allow(missing_docs)]

use std::ptr;

use napi::bindgen_prelude::{External, JsObjectValue, Object, Result, sys};
use napi_derive::napi;

#[napi(module_exports)]
pub fn add_empty(mut exports: Object) -> Result<()> {
    exports.create_named_method("empty", empty)
}

#[napi]
pub fn handle() -> External<()> {
    External::new(())
}

unsafe extern "C" fn empty(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (mut count, mut arguments) = (2, [ptr::null_mut(); 2]);
    let (mut handle, mut buffer, mut length) = (ptr::null_mut(), [0; 256], 0);
    let (hash, mut value) = ([b'0'; 64], ptr::null_mut());
    let nothing = ptr::null_mut();
    // SAFETY: Node passes the environment and the arguments of the running call, and the sizes are those
    // of the locals.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            arguments.as_mut_ptr(),
            nothing,
            ptr::null_mut(),
        );
        sys::napi_get_value_external(env, arguments[0], &mut handle);
        sys::napi_get_value_string_utf8(env, arguments[1], buffer.as_mut_ptr(), 256, &mut length);
        sys::napi_create_string_latin1(env, hash.as_ptr().cast(), 64, &mut value);
    }
    value
}
