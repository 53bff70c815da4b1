//! A method with the signature of `IdentitySecret.sign` that signs nothing. It measures the share of PyO3 in a call.

use pyo3::prelude::*;
use pyo3::types::PyString;

#[pyclass(frozen)]
struct Empty;

#[pymethods]
impl Empty {
    #[new]
    fn new() -> Self {
        Self
    }

    fn sign<'py>(&self, py: Python<'py>, email: &str) -> Bound<'py, PyString> {
        PyString::new(py, if email.is_empty() { "" } else { HASH })
    }
}

const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[pymodule]
mod empty_python {
    #[pymodule_export]
    use super::Empty;
}
