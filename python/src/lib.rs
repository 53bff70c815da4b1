//! The Python module: types and errors translated, and nothing else. The rules live in the core.

use std::ffi::OsString;

use pylon_identity_core as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyMapping, PyString, PyType};

/// How many emails are signed between two visits to Python, which bounds the memory they take.
const BATCH: usize = 4096;

pyo3::create_exception!(
    pylon_identity,
    IdentityError,
    PyValueError,
    "An identity secret that cannot be used.\n\n\
     `code` names the reason, for example \"secret_empty\"; the message says what to do. Neither ever\n\
     contains the secret. The code of an error that you make yourself is \"\" unless you set it."
);

fn identity_error(py: Python<'_>, error: core::Error) -> PyErr {
    let raised = IdentityError::new_err(error.message());
    match raised.value(py).setattr("code", error.code()) {
        Ok(()) => raised,
        Err(failure) => failure,
    }
}

/// Python checks for itself that it is text.
fn digits<'py>(py: Python<'py>, hash: &core::EmailHash) -> PyResult<Bound<'py, PyString>> {
    PyString::from_bytes(py, hash.as_bytes())
}

/// Says what was expected and, of a wrong value, only the type: the value may be a secret.
fn secret_text<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    value.cast().cloned().map_err(|_| {
        let got = value.get_type().name().map_or_else(|_| "another type".into(), |name| name.to_string());
        PyTypeError::new_err(format!(
            "Expected the identity secret as a str (is the environment variable set?), but got {got}."
        ))
    })
}

/// The text of a secret as it is, without a copy that would have to be wiped.
///
/// A lone surrogate is a wrong digit like any other character. The error that Python has for it would
/// carry the whole secret.
fn text<'a>(hex: &'a Bound<'_, PyString>) -> &'a str {
    hex.to_str().unwrap_or("\u{FFFD}")
}

/// The identity secret from Pylon's dashboard, parsed once.
///
/// `hex` is an even, non-zero number of the digits 0-9a-fA-F and nothing else. Raises IdentityError
/// with the code "secret_empty", "secret_odd_length" or "secret_not_hex" for anything else.
///
/// The string is not kept, and the object never shows the key; the key is wiped with the object. It can
/// be neither pickled nor copied: use the same one within a process, and make it again in another.
#[pyclass(frozen, module = "pylon_identity")]
struct IdentitySecret(Box<core::IdentitySecret>); // boxed, since Python's objects are moved into place

#[pymethods]
impl IdentitySecret {
    #[new]
    fn new(#[pyo3(from_py_with = secret_text)] hex: Bound<'_, PyString>) -> PyResult<Self> {
        core::binding::parse_into(text(&hex).as_bytes(), Box::new)
            .map(Self)
            .map_err(|error| identity_error(hex.py(), error))
    }

    /// Parse the secret in the environment variable `name`, trimmed of white space.
    ///
    /// Raises IdentityError with the code "secret_missing" if it is not set, "secret_exposed" for a name
    /// that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), and what IdentitySecret()
    /// raises.
    #[staticmethod]
    #[pyo3(
        signature = (name = core::IdentitySecret::ENV),
        text_signature = "(name='PYLON_IDENTITY_SECRET')"
    )]
    fn from_env(py: Python<'_>, name: &str) -> PyResult<Self> {
        let environment = py.import("os")?.getattr("environ")?;
        let value: Option<Bound<'_, PyString>> =
            environment.call_method1("get", (name,))?.extract()?;
        let value = value.as_ref().map(|value| text(value).as_bytes());
        core::binding::trim_env_value(name, value)
            .and_then(|digits| core::binding::parse_into(digits, Box::new))
            .map(Self)
            .map_err(|error| identity_error(py, error))
    }

    /// Return the email hash of exactly this email, as 64 lowercase hexadecimal digits.
    ///
    /// HMAC-SHA256 (RFC 2104) over the UTF-8 bytes of the email, which is never trimmed or lowercased.
    /// Raises UnicodeEncodeError for a lone surrogate. Sign only the email of the logged-in session.
    fn sign<'py>(&self, py: Python<'py>, email: &str) -> PyResult<Bound<'py, PyString>> {
        digits(py, &self.0.sign(email))
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
            Ok((!batch.is_empty()).then_some(Batch(batch)))
        };
        let take = |py: Python<'_>, batch: Batch, signed: Vec<core::EmailHash>| {
            drop(batch); // so that its references are returned at once
            let hashes = hashes.bind(py);
            signed.iter().try_for_each(|hash| hashes.append(digits(py, hash)?))
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

    /// Return the settings of the chat widget for a logged-in user, with the email signed.
    ///
    /// A dict of str in the widget's own names: app_id, email, name, email_hash, and avatar_url,
    /// account_id and account_external_id if given. The email is the very string that was signed.
    /// Raises IdentityError with the code "app_id_empty" or "email_empty".
    ///
    /// Send them only to their own user, with Cache-Control: no-store, private.
    #[pyo3(signature = (
        *, app_id, email, name, avatar_url = None, account_id = None, account_external_id = None
    ))]
    #[allow(clippy::too_many_arguments)]
    fn chat_settings<'py>(
        &self,
        py: Python<'py>,
        app_id: &str,
        email: &str,
        name: &str,
        avatar_url: Option<&str>,
        account_id: Option<&str>,
        account_external_id: Option<&str>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let user = core::User {
            app_id,
            email,
            name: Some(name),
            avatar_url,
            account_id,
            account_external_id,
        };
        let settings = self.0.chat_settings(user).map_err(|error| identity_error(py, error))?;
        let dict = PyDict::new(py);
        settings.fields().try_for_each(|(name, value)| dict.set_item(name, value))?;
        Ok(dict)
    }

    fn __repr__(&self) -> &'static str {
        "IdentitySecret(hidden)"
    }

    /// Refuses pickling and copying, which would hand the key out.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle or copy an IdentitySecret: use the same object within a process, and make it \
             again in another, for example by IdentitySecret.from_env()",
        ))
    }
}

/// Emails that another thread signs meanwhile.
struct Batch(Vec<PyBackedStr>);

impl core::Batch for Batch {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn each(&self, sign: impl FnMut(&[u8])) {
        self.0.each(sign);
    }
}

/// References that are dropped while detached from Python go through a lock of PyO3's. If another thread
/// forked at that moment, the child would wait for the lock for ever.
impl Drop for Batch {
    fn drop(&mut self) {
        Python::attach(|_| self.0.clear());
    }
}

/// Why an email hash does not match: what diagnose() returns.
///
/// matches: whether the hash is exactly the right one.
/// causes: the codes of the fewest mistakes that give the hash, for example "secret_used_as_text".
/// explanation: what happened and how to mend it, in plain text. It never shows the secret.
#[pyclass(frozen, get_all, module = "pylon_identity")]
struct Diagnosis {
    matches: bool,
    causes: Vec<&'static str>,
    explanation: String,
}

#[pymethods]
impl Diagnosis {
    fn __repr__(&self) -> String {
        let causes = self.causes.join("', '");
        let causes = if causes.is_empty() { causes } else { format!("'{causes}'") };
        let matches = if self.matches { "True" } else { "False" };
        format!("Diagnosis(matches={matches}, causes=[{causes}])")
    }
}

/// Find out why `email_hash` is not the hash of `email` under `secret`, the hexadecimal string.
///
/// Tries the usual mistakes in all combinations, and reports the fewest that give the observed hash.
/// Takes any text, a malformed secret too. For developers: it takes milliseconds.
#[pyfunction]
fn diagnose(
    #[pyo3(from_py_with = secret_text)] secret: Bound<'_, PyString>,
    email: &str,
    email_hash: &Bound<'_, PyString>,
) -> Diagnosis {
    let (secret, email_hash) = (secret.to_string_lossy(), email_hash.to_string_lossy());
    let diagnosis = core::diagnose(secret.as_bytes(), email, email_hash.as_bytes());
    Diagnosis {
        matches: diagnosis.matches(),
        causes: diagnosis.causes().iter().map(|cause| cause.code()).collect(),
        explanation: diagnosis.explanation(),
    }
}

/// Return the script tag that sets ``window.pylon``, to be put before the widget's own.
///
/// `settings` is what IdentitySecret.chat_settings() returns, or ``{"app_id": ...}`` alone for a
/// visitor who is not logged in. Whatever they hold is safe inside HTML, and templates do not
/// escape the tag again. `nonce` is that of the page's Content-Security-Policy: base64 text, new
/// for each response.
///
/// Raises IdentityError with the code "nonce_invalid" for any other nonce, and TypeError for
/// settings that are not text.
// Not in Python, where the frame of a traceback would have the settings among its locals.
#[pyfunction]
#[pyo3(signature = (settings, nonce = None))]
fn chat_settings_script<'py>(
    settings: &Bound<'py, PyMapping>,
    nonce: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    static HTML: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = settings.py();
    let mut fields: Vec<(PyBackedStr, PyBackedStr)> = Vec::new();
    for item in settings.items()? {
        let (name, value): (PyBackedStr, Bound<'_, PyAny>) = item.extract()?;
        let Ok(value) = value.cast::<PyString>() else {
            let type_name = value.get_type().name()?;
            let message = format!("chat settings hold text, but {name} is of type {type_name}");
            return Err(PyTypeError::new_err(message));
        };
        fields.push((name, value.extract()?));
    }
    let script =
        core::chat_settings_script(fields, nonce).map_err(|error| identity_error(py, error))?;
    HTML.import(py, "pylon_identity", "_Html")?.call1((script,))
}

/// Sign `message` with `secret`: a drop-in for the snippet in Pylon's docs.
///
/// Raises what IdentitySecret() and sign() raise. To sign more than once, keep an IdentitySecret.
#[pyfunction]
fn sign_message_with_hmac<'py>(
    message: &str,
    #[pyo3(from_py_with = secret_text)] secret: Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyString>> {
    let signed = core::sign_message_with_hmac(message, text(&secret));
    digits(secret.py(), &signed.map_err(|error| identity_error(secret.py(), error))?)
}

/// Make a new secret for tests and development: 64 hexadecimal digits (32 random bytes).
///
/// In production the secret comes from Pylon's dashboard.
#[pyfunction]
fn generate_secret() -> String {
    core::generate_secret()
}

/// Run the command line and return its exit status.
#[pyfunction]
fn run_command_line(py: Python<'_>, args: Vec<OsString>) -> i32 {
    py.detach(|| pylon_identity_cli::run(args))
}

#[pymodule]
mod _native {
    use pyo3::exceptions::PyImportError;
    use pyo3::ffi;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::{
        Diagnosis, IdentityError, IdentitySecret, chat_settings_script, diagnose, generate_secret,
        run_command_line, sign_message_with_hmac,
    };

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = super::core::VERSION;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // PyO3 shares classes between interpreters, and a thread that comes back to Python may come back to
        // the wrong one.
        // SAFETY: this thread is attached to Python, so it has an interpreter.
        if unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) } != 0 {
            return Err(PyImportError::new_err(
                "pylon_identity works in the main interpreter of Python only, and this is another. \
                 Under mod_wsgi, set WSGIApplicationGroup %{GLOBAL}; elsewhere use processes or threads.",
            ));
        }
        // One that is made by hand has a code as well.
        module.py().get_type::<IdentityError>().setattr("code", "")
    }
}
