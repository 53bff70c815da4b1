//! The common parts of both classes of secrets.

use std::fs::File;
use std::path::Path;

use pylon_identity_core::Error;
use pylon_identity_core::binding::{self, Secret};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::arguments::{Argument, OrDefault, unchanged};
use crate::errors::{file_error, identity_error, variable_error};

/// The place of a secret.
pub enum Source<'a, 'py> {
    Text(Argument<'a>, &'a Bound<'py, PyAny>),
    /// The environment variable with the given name, or with the default name.
    Env(OrDefault<'py>, &'a str),
    File(&'a Path),
}

/// Parses a secret into a box. Python moves its objects into place, which would leave copies.
pub fn parse<S: Secret>(py: Python<'_>, source: Source<'_, '_>) -> PyResult<Box<S>> {
    let mut parsed = None;
    read(py, source, &mut |text| {
        parsed = Some(binding::parse_into(text, Box::new)?);
        Ok(())
    })?;
    Ok(parsed.expect("it was parsed"))
}

/// Calls `parse` with the text of the secret.
fn read(
    py: Python<'_>,
    source: Source<'_, '_>,
    parse: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> PyResult<()> {
    match source {
        Source::Text(argument, text) => {
            let text = argument.secret(text)?;
            parse(unchanged(&text).as_bytes()).map_err(|error| identity_error(py, error))
        }
        Source::Env(name, default) => {
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
                .and_then(parse)
                .map_err(|error| variable_error(py, name, error))
        }
        Source::File(path) => {
            let text = py
                .detach(|| binding::read_secret(File::open(path)?))
                .map_err(|error| file_error(py, &error))?;
            parse(binding::trim(&text)).map_err(|error| identity_error(py, error))
        }
    }
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
