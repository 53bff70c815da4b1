use pylon_identity_core as core;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::arguments::Argument;
use crate::hash_text;

/// The number of emails that are read before they are signed. It bounds the memory that a batch takes.
const CHUNK: usize = 16_384;

/// The number of emails for which releasing the GIL pays.
const WORTH_DETACHING: usize = 512;

/// Python code runs only while attached to Python: while the emails are read. A generator may switch to
/// another greenlet, fork or call this function again.
pub fn sign_many<'py>(
    secret: &core::IdentitySecret,
    emails: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    let py = emails.py();
    let argument = Argument("sign_many", "emails");
    if emails.is_instance_of::<PyString>() {
        return Err(argument.wrong_type(emails, "an iterable of str", ""));
    }
    let mut iterator =
        emails.try_iter().map_err(|error| match error.is_instance_of::<PyTypeError>(py) {
            true => argument.wrong_type(emails, "an iterable of str", ""),
            false => error,
        })?;
    let signed = PyList::empty(py);
    loop {
        let mut chunk = Vec::new();
        for email in iterator.by_ref().take(CHUNK) {
            chunk.push(match email?.cast_into::<PyString>() {
                Ok(text) => text,
                Err(error) => {
                    let index = signed.len() + chunk.len();
                    Argument("sign_many", &format!("emails[{index}]")).text(&error.into_inner())?
                }
            });
        }
        if chunk.is_empty() {
            return Ok(signed);
        }
        let texts = chunk.iter().map(|email| email.to_str()).collect::<PyResult<Vec<_>>>()?;
        let mut hashes = vec![[0; core::EmailHash::LEN]; texts.len()];
        if texts.len() < WORTH_DETACHING {
            secret.sign_many(&texts, &mut hashes);
        } else {
            py.detach(|| secret.sign_many(&texts, &mut hashes));
        }
        for hash in &hashes {
            signed.append(hash_text(py, hash)?)?;
        }
        py.check_signals()?;
    }
}
