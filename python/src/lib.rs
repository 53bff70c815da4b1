//! The Python module: types and errors translated, and nothing else. The rules live in the core.

use pylon_identity_core as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyList, PyString};

/// How many emails are signed between two visits to Python, which bounds the memory they take.
const BATCH: usize = 4096;

pyo3::create_exception!(
    pylon_identity,
    IdentityError,
    PyValueError,
    "An identity secret that cannot be used.\n\n\
     `code` names the reason, for example \"secret_empty\"; the message says what to do. Neither ever\n\
     contains the secret."
);

fn identity_error(py: Python<'_>, error: core::Error) -> PyErr {
    let raised = IdentityError::new_err(error.message());
    match raised.value(py).setattr("code", error.code()) {
        Ok(()) => raised,
        Err(failure) => failure,
    }
}

/// The identity secret from Pylon's dashboard, parsed once.
///
/// `hex` is an even, non-zero number of the digits 0-9a-fA-F and nothing else. Raises IdentityError
/// with the code "secret_empty", "secret_odd_length" or "secret_not_hex" for anything else.
///
/// The string is not kept, and the object never shows the key; the key is wiped with the object.
#[pyclass(frozen, module = "pylon_identity")]
struct IdentitySecret(core::IdentitySecret);

#[pymethods]
impl IdentitySecret {
    #[new]
    fn new(hex: &Bound<'_, PyString>) -> PyResult<Self> {
        // Lossy, so that a lone surrogate is a wrong digit like any other character. The error that
        // Python has for it would carry the whole secret.
        core::IdentitySecret::from_hex(hex.to_string_lossy().as_bytes())
            .map(Self)
            .map_err(|error| identity_error(hex.py(), error))
    }

    /// Return the email hash of exactly this email, as 64 lowercase hexadecimal digits.
    ///
    /// HMAC-SHA256 (RFC 2104) over the UTF-8 bytes of the email, which is never trimmed or lowercased.
    /// Raises UnicodeEncodeError for a lone surrogate. Sign only the email of the logged-in session.
    fn sign<'py>(&self, py: Python<'py>, email: &str) -> Bound<'py, PyString> {
        PyString::new(py, self.0.sign(email).as_str())
    }

    /// Return the email hash of each email, in the same order. `emails` is any iterable of str.
    ///
    /// Large batches use all processors, without the GIL.
    fn sign_many<'py>(&self, emails: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = emails.py();
        if emails.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("emails must be an iterable of str, not a str"));
        }
        let hashes = PyList::empty(py).unbind();
        let emails = emails.try_iter()?.unbind();
        let next = |py: Python<'_>| {
            py.check_signals()?;
            let batch = emails.bind(py).clone().take(BATCH).map(|email| email?.extract());
            let batch = batch.collect::<PyResult<Vec<PyBackedStr>>>()?;
            Ok((!batch.is_empty()).then_some(batch))
        };
        let take = |py: Python<'_>, batch: Vec<PyBackedStr>, signed: Vec<core::EmailHash>| {
            drop(batch); // while attached, so that its references are returned at once
            let hashes = hashes.bind(py);
            signed.iter().try_for_each(|hash| hashes.append(PyString::new(py, hash.as_str())))
        };
        py.detach(|| {
            self.0.sign_batches(
                || Python::attach(next),
                |batch, signed| Python::attach(|py| take(py, batch, signed)),
            )
        })?;
        Ok(hashes.into_bound(py))
    }

    /// Return whether `email_hash` is exactly what sign() returns for this email.
    ///
    /// Compares in constant time. Anything but 64 lowercase hexadecimal digits is simply False.
    fn verify(&self, email: &Bound<'_, PyString>, email_hash: &Bound<'_, PyString>) -> bool {
        // Text without a UTF-8 form has no email hash, so nothing matches it.
        match (email.to_str(), email_hash.to_str()) {
            (Ok(email), Ok(email_hash)) => self.0.verify(email, email_hash),
            _ => false,
        }
    }

    fn __repr__(&self) -> &'static str {
        "IdentitySecret(hidden)"
    }
}

/// Sign `message` with `secret`: a drop-in for the snippet in Pylon's docs.
///
/// Raises what IdentitySecret() and sign() raise. To sign more than once, keep an IdentitySecret.
#[pyfunction]
fn sign_message_with_hmac<'py>(
    message: &str,
    secret: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyString>> {
    Ok(IdentitySecret::new(secret)?.sign(secret.py(), message))
}

/// Make a new secret for tests and development: 64 hexadecimal digits (32 random bytes).
///
/// In production the secret comes from Pylon's dashboard.
#[pyfunction]
fn generate_secret() -> String {
    core::generate_secret()
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{IdentityError, IdentitySecret, generate_secret, sign_message_with_hmac};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = super::core::VERSION;
}
