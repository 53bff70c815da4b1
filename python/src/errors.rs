use pylon_identity_core as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pyo3::create_exception!(
    pylon_identity,
    IdentityError,
    PyValueError,
    "An identity secret or chat settings that cannot be used.\n\n\
     `code` names the reason, for example \"secret_empty\"; the message says what to do. Neither ever\n\
     contains the secret. The code of an error that you make yourself is \"\" unless you set it."
);

pub fn identity_error(py: Python<'_>, error: core::Error) -> PyErr {
    let raised = IdentityError::new_err(error.message());
    match raised.value(py).setattr("code", error.code()) {
        Ok(()) => raised,
        Err(failure) => failure,
    }
}
