//! Converts Python objects to text. A wrong type is a TypeError that names the function, the argument and the type. It
//! does not show the value, which may be a secret.

use std::borrow::Cow;

use pyo3::exceptions::{PyAttributeError, PyOverflowError, PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

/// The function and the name of an argument, for the error: `sign(): email`.
#[derive(Clone, Copy)]
pub struct Argument<'a>(pub &'static str, pub &'a str);

impl Argument<'_> {
    /// The text of a `str`, or of an object that acts as one.
    pub fn text<'py>(self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        self.text_or(value, "a str", "")
    }

    /// A text to show.
    #[inline(never)]
    pub fn shown(self, value: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(lossy(&self.text(value)?)?.into_owned())
    }

    /// The same, but `None` means no text.
    #[inline(never)]
    pub fn optional(self, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
        value.map(|value| self.shown(value)).transpose()
    }

    /// A secret, whose error asks for the usual reason.
    pub fn secret<'py>(self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        self.text_or(value, "a str", " (is the environment variable set?)")
    }

    /// The text of an ID: a `str`, or an `int` in decimal, as primary keys often are.
    #[inline(never)]
    pub fn id(self, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
        let Some(value) = value else { return Ok(None) };
        let text = if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
            // The repr of a subclass, such as an IntEnum, may be another text.
            value.py().get_type::<PyInt>().call_method1("__repr__", (value,))?.cast_into()?
        } else {
            self.text_or(value, "a str or an int", "")?
        };
        Ok(Some(lossy(&text)?.into_owned()))
    }

    /// An `int`, as a number.
    pub fn int(self, value: &Bound<'_, PyAny>) -> PyResult<f64> {
        let number = number(value)?.filter(|_| !value.is_instance_of::<PyFloat>());
        number.ok_or_else(|| self.wrong_type(value, "an int", ""))
    }

    pub fn text_or<'py>(
        self,
        value: &Bound<'py, PyAny>,
        expected: &str,
        hint: &str,
    ) -> PyResult<Bound<'py, PyString>> {
        match value.cast::<PyString>() {
            Ok(text) => Ok(text.clone()),
            Err(_) => lazy_text(value)?.ok_or_else(|| self.wrong_type(value, expected, hint)),
        }
    }

    #[cold]
    pub fn wrong_type(self, value: &Bound<'_, PyAny>, expected: &str, hint: &str) -> PyErr {
        let Self(function, name) = self;
        let got = match value.get_type().name() {
            _ if value.is_none() => "None".to_owned(),
            Ok(name) => name.to_string(),
            Err(_) => "another type".to_owned(),
        };
        PyTypeError::new_err(format!("{function}(): {name} must be {expected}, not {got}{hint}"))
    }
}

/// An argument that has a default but may not be None.
pub enum OrDefault<'py> {
    Default,
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for OrDefault<'py> {
    type Error = std::convert::Infallible;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> Result<Self, Self::Error> {
        Ok(Self::Given(given.to_owned()))
    }
}

/// The number in an `int` or `float`, or infinity if it is too large for JavaScript.
pub fn number(value: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    let is_int = value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
    if !is_int && !value.is_instance_of::<PyFloat>() {
        return Ok(None);
    }
    match value.extract::<f64>() {
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            Ok(Some(f64::INFINITY))
        }
        number => number.map(Some),
    }
}

/// The text of a lazy object: a Django `SimpleLazyObject` (the nonces of Django 6 and of django-csp), a proxy like it,
/// which has the class of its value, or a lazy translation of Django.
fn lazy_text<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = value.py();
    if !value.is_instance(&py.get_type::<PyString>())? && !is_lazy_translation(value)? {
        return Ok(None);
    }
    // A text returns itself and another value fails. str() would make a text of None.
    match value.call_method1("removeprefix", ("",)) {
        Ok(text) => Ok(text.cast_into().ok()),
        Err(error)
            if error.is_instance_of::<PyAttributeError>(py)
                || error.is_instance_of::<PyTypeError>(py) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_lazy_translation(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let modules = value.py().import("sys")?.getattr("modules")?;
    let django = modules.call_method1("get", ("django.utils.functional",))?;
    Ok(!django.is_none() && value.is_instance(&django.getattr("Promise")?)?)
}

/// Text to show, with U+FFFD for each lone surrogate, as other languages write it.
pub fn lossy<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, str>> {
    match text.to_str() {
        Ok(text) => Ok(text.into()),
        Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(text.py()) => {
            let units = text.call_method1("encode", ("utf-16-le", "surrogatepass"))?;
            let units = units.cast::<PyBytes>()?.as_bytes().as_chunks().0.iter().copied();
            let units: Vec<_> = units.map(u16::from_le_bytes).collect();
            Ok(String::from_utf16_lossy(&units).into())
        }
        Err(error) => Err(error),
    }
}

/// The text of a secret or token as it is, without a copy that would have to be wiped.
///
/// A text with a lone surrogate is malformed like any other. Python's own error for it would show the whole secret.
pub fn unchanged<'a>(text: &'a Bound<'_, PyString>) -> &'a str {
    text.to_str().unwrap_or("\u{FFFD}")
}
