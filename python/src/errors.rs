use std::io;

use pylon_identity_core as core;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    pylon_identity,
    IdentityError,
    PyValueError,
    "A secret, chat settings or a JWT that cannot be used.\n\n\
     `code` names the reason, for example \"secret_empty\"; the message says what to do. Neither ever\n\
     contains the secret. The code of an error that you make yourself is \"\" unless you set it."
);

#[cold]
pub fn identity_error(py: Python<'_>, error: core::Error) -> PyErr {
    with_message(py, error, error.message())
}

/// The error of a variable. Its message begins with the name, if it looks like one.
pub fn variable_error(py: Python<'_>, variable: &str, error: core::Error) -> PyErr {
    with_message(py, error, &core::EnvError::new(variable, error).to_string())
}

/// The `OSError` of Python for this error, such as `FileNotFoundError`, without the path: it may be the secret.
pub fn file_error(py: Python<'_>, error: &io::Error) -> PyErr {
    let Some(number) = error.raw_os_error() else { return PyOSError::new_err(error.to_string()) };
    let text = py.import("os").and_then(|os| os.call_method1("strerror", (number,)));
    text.map_or_else(|failure| failure, |text| PyOSError::new_err((number, text.unbind())))
}

#[cold]
fn with_message(py: Python<'_>, error: core::Error, message: &str) -> PyErr {
    let raised = IdentityError::new_err(message.to_owned());
    match raised.value(py).setattr("code", error.code()) {
        Ok(()) => raised,
        Err(failure) => failure,
    }
}
