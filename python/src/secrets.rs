//! What the classes of both secrets have in common.

use std::fs::File;
use std::path::Path;

use pylon_identity_core::binding::{self, Secret};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::arguments::{Argument, OrDefault, unchanged};
use crate::errors::{file_error, identity_error, variable_error};

/// A secret stays where it was parsed: boxed, since Python's objects are moved into place.
pub fn parse<S: Secret>(argument: Argument<'_>, text: &Bound<'_, PyAny>) -> PyResult<Box<S>> {
    let text = argument.secret(text)?;
    binding::parse_into(unchanged(&text).as_bytes(), Box::new)
        .map_err(|error| identity_error(text.py(), error))
}

/// The secret in the variable `name`, by default `default`.
pub fn from_env<S: Secret>(py: Python<'_>, name: OrDefault<'_>, default: &str) -> PyResult<Box<S>> {
    let name = match name {
        OrDefault::Given(name) => Argument("from_env", "name").text(&name)?,
        OrDefault::Default => PyString::new(py, default),
    };
    let environment = py.import("os")?.getattr("environ")?;
    let value: Option<Bound<'_, PyString>> =
        environment.call_method1("get", (&name,))?.extract()?;
    let value = value.as_ref().map(|value| unchanged(value).as_bytes());
    let name = name.to_str()?;
    binding::trim_env_value(name, value)
        .and_then(|text| binding::parse_into(text, Box::new))
        .map_err(|error| variable_error(py, name, error))
}

pub fn from_file<S: Secret>(py: Python<'_>, path: &Path) -> PyResult<Box<S>> {
    let text = py
        .detach(|| binding::read_secret(File::open(path)?))
        .map_err(|error| file_error(py, &error))?;
    binding::parse_into(binding::trim(&text), Box::new).map_err(|error| identity_error(py, error))
}

/// Refuses pickling, which would hand the key out.
pub fn refuse_pickling(class: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "cannot pickle {class}: make it again in the other process, for example by \
         {class}.from_env()"
    ))
}

/// Calls a function of the module for pydantic, which only pydantic imports.
pub fn for_pydantic<'py>(
    class: &Bound<'py, PyType>,
    function: &str,
) -> PyResult<Bound<'py, PyAny>> {
    class.py().import("pylon_identity._pydantic")?.getattr(function)?.call1((class,))
}
