//! The Python module: it translates types and errors. The rules live in the core.

mod arguments;
mod batch;
mod errors;
mod jwt;
mod secrets;
mod settings;

use std::ffi::OsString;
use std::path::PathBuf;

use pylon_identity_core as core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString, PyType};

use arguments::{Argument, OrDefault, lossy, unchanged};
use errors::{IdentityError, identity_error};
use secrets::Source;

fn hash_text<'py>(py: Python<'py>, hash: &[u8]) -> PyResult<Bound<'py, PyString>> {
    PyString::from_bytes(py, hash)
}

/// The identity secret from Pylon's dashboard, parsed once.
///
/// `hex` is an even number of the digits 0-9a-fA-F and nothing else, for at least 16 bytes that are not
/// all zero. Pylon's secrets have 64 digits. Raises IdentityError with the code "secret_empty",
/// "secret_odd_length", "secret_not_hex" or "secret_weak" for anything else.
///
/// The string is not kept, and the object never shows the key. The key is wiped with the object. It
/// cannot be pickled, and a copy is the same object: make it again in another process.
#[pyclass(frozen, module = "pylon_identity")]
struct IdentitySecret(Box<core::IdentitySecret>); // in a box, since Python moves its objects into place

#[pymethods]
impl IdentitySecret {
    #[new]
    fn new(hex: &Bound<'_, PyAny>) -> PyResult<Self> {
        let source = Source::Text(Argument("IdentitySecret", "hex"), hex);
        secrets::parse(hex.py(), source).map(Self)
    }

    /// Parse the secret in the environment variable `name`, trimmed of white space.
    ///
    /// Raises IdentityError with the code "secret_missing" if it is not set, "secret_exposed" for a name
    /// that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), and the errors of
    /// IdentitySecret(). The message begins with the name of the variable, if it looks like one.
    #[staticmethod]
    #[pyo3(
        signature = (name = OrDefault::Default),
        text_signature = "(name='PYLON_IDENTITY_SECRET')"
    )]
    fn from_env(py: Python<'_>, name: OrDefault<'_>) -> PyResult<Self> {
        secrets::parse(py, Source::Env(name, core::IdentitySecret::ENV)).map(Self)
    }

    /// Parse the secret in a file, trimmed of white space.
    ///
    /// This is the usual way with the secrets of Docker and Kubernetes. `path` is a str or os.PathLike.
    /// Raises OSError, such as FileNotFoundError, for a file that cannot be read, without the path, which
    /// may be the secret by mistake; and the errors of IdentitySecret().
    #[staticmethod]
    fn from_file(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        secrets::parse(py, Source::File(&path)).map(Self)
    }

    /// Return the email hash of exactly this email, as 64 lowercase hexadecimal digits.
    ///
    /// HMAC-SHA256 (RFC 2104) over the UTF-8 bytes of the email, which is never trimmed or lowercased.
    /// Raises UnicodeEncodeError for a lone surrogate. Sign only the email of the logged-in session, and
    /// only an address that the user has proved to own.
    fn sign<'py>(&self, email: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        let text = Argument("sign", "email").text(email)?;
        hash_text(email.py(), self.0.sign(text.to_str()?).as_bytes())
    }

    /// Return the email hash of each email, in the same order. `emails` is any iterable of str.
    ///
    /// Large batches use all processors, without the GIL.
    fn sign_many<'py>(&self, emails: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        batch::sign_many(&self.0, emails)
    }

    /// Return whether `email_hash` is exactly the hash that sign() returns for this email.
    ///
    /// Compares in constant time. Anything but 64 lowercase hexadecimal digits is False.
    fn verify(&self, email: &Bound<'_, PyAny>, email_hash: &Bound<'_, PyAny>) -> PyResult<bool> {
        let email = Argument("verify", "email").text(email)?;
        let email_hash = Argument("verify", "email_hash").text(email_hash)?;
        // Text without a UTF-8 form has no email hash, so nothing matches it.
        Ok(match (email.to_str(), email_hash.to_str()) {
            (Ok(email), Ok(email_hash)) => self.0.verify(email, email_hash),
            _ => false,
        })
    }

    /// Return the settings of the chat widget for a logged-in user, with the email signed.
    ///
    /// A dict in the widget's own names: app_id, email, name, email_hash, avatar_url, account_id and
    /// account_external_id, without those that are None. An account's ID may be an int. The email is the
    /// very string that was signed: pass only an address that the user has proved to own. Add more settings
    /// of the widget as you like, such as hide_default_launcher.
    ///
    /// Raises IdentityError with the code "app_id_empty" or "email_empty" for empty text, white space and
    /// fillers such as "undefined", and UnicodeEncodeError for a lone surrogate in the email.
    ///
    /// Send the settings only to their own user, with Cache-Control: no-store, private.
    #[pyo3(signature = (
        *, app_id, email, name = None, avatar_url = None, account_id = None,
        account_external_id = None
    ))]
    #[allow(clippy::too_many_arguments)]
    fn chat_settings<'py>(
        &self,
        app_id: &Bound<'py, PyAny>,
        email: &Bound<'py, PyAny>,
        name: Option<&Bound<'py, PyAny>>,
        avatar_url: Option<&Bound<'py, PyAny>>,
        account_id: Option<&Bound<'py, PyAny>>,
        account_external_id: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let user =
            settings::User { app_id, email, name, avatar_url, account_id, account_external_id };
        settings::chat_settings(&self.0, user)
    }

    fn __repr__(&self) -> &'static str {
        "IdentitySecret(hidden)"
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    /// Refuses pickling, which would hand the key out.
    fn __reduce__(&self) -> PyResult<()> {
        Err(secrets::refuse_pickling("IdentitySecret"))
    }

    /// Lets a pydantic model have a field of this type.
    #[classmethod]
    fn __get_pydantic_core_schema__<'py>(
        cls: &Bound<'py, PyType>,
        _source: &Bound<'py, PyAny>,
        _handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        secrets::for_pydantic(cls, "core_schema_of")
    }

    /// Says in a model's JSON schema that this is a text to hide.
    #[classmethod]
    fn __get_pydantic_json_schema__<'py>(
        cls: &Bound<'py, PyType>,
        _schema: &Bound<'py, PyAny>,
        _handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        secrets::for_pydantic(cls, "json_schema")
    }
}

/// Why a hash or JWT is not right: the result of diagnose(), diagnose_page() or diagnose_jwt().
///
/// matches: whether the hash or JWT is exactly right; of a page, whether the widget finds an app ID, and
/// an email with that hash or a JWT.
/// causes: the codes of the fewest mistakes that give the hash, for example "secret_used_as_text".
/// explanation: the mistakes and how to fix them, in plain text. It never shows the secret.
#[pyclass(frozen, get_all, module = "pylon_identity")]
struct Diagnosis {
    matches: bool,
    causes: Vec<&'static str>,
    explanation: String,
}

impl Diagnosis {
    fn of(diagnosis: &core::Diagnosis) -> Self {
        Self {
            matches: diagnosis.matches(),
            causes: diagnosis.causes().iter().map(|cause| cause.code()).collect(),
            explanation: diagnosis.explanation(),
        }
    }
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
/// Tries the usual mistakes in combinations of up to three, and reports the fewest that give the observed hash. Takes
/// any text, a malformed secret too. It is for developers: it takes milliseconds.
#[pyfunction]
fn diagnose(
    secret: &Bound<'_, PyAny>,
    email: &Bound<'_, PyAny>,
    email_hash: &Bound<'_, PyAny>,
) -> PyResult<Diagnosis> {
    let secret = Argument("diagnose", "secret").secret(secret)?;
    let email = Argument("diagnose", "email").text(email)?;
    let email_hash = Argument("diagnose", "email_hash").text(email_hash)?;
    let diagnosis = core::diagnose(
        secret.to_string_lossy().as_bytes(),
        email.to_str()?,
        email_hash.to_string_lossy().as_bytes(),
    );
    Ok(Diagnosis::of(&diagnosis))
}

/// Find out what is wrong with a page's chat settings, for `secret`, the hexadecimal string.
///
/// If they have a JWT, `secret` is the JWT secret.
///
/// `settings` is the value of `window.pylon` or of its `chat_settings`, as a mapping; or a str: its JSON, the literal
/// that the browser's console shows, or the HTML of the page, whose inline scripts are read and not run. Only the
/// first MiB is read.
///
/// A diagnosis that matches may have causes: mistakes that do not keep the widget from finding the hash. Takes a
/// malformed secret too. It is for developers: it takes milliseconds.
#[pyfunction]
fn diagnose_page(secret: &Bound<'_, PyAny>, settings: &Bound<'_, PyAny>) -> PyResult<Diagnosis> {
    let py = secret.py();
    let secret = Argument("diagnose_page", "secret").secret(secret)?;
    let page = match settings.cast::<PyMapping>() {
        // Values of other types become their text.
        Ok(settings) => {
            let options = PyDict::new(py);
            options.set_item("default", py.get_type::<PyString>())?;
            let dict = py.get_type::<PyDict>().call1((settings,))?;
            py.import("json")?.call_method("dumps", (dict,), Some(&options))?.cast_into()?
        }
        Err(_) => {
            let argument = Argument("diagnose_page", "settings");
            argument.text_or(settings, "a mapping or a str", "")?
        }
    };
    let (secret, page) = (secret.to_string_lossy(), lossy(&page)?);
    Ok(Diagnosis::of(&py.detach(|| core::diagnose_page(secret.as_bytes(), &page))))
}

/// Return the script tag that sets ``window.pylon``, to be put before the widget's own tag.
///
/// `settings` is the result of chat_settings() of a secret, or ``{"app_id": ...}`` alone for a visitor who is not
/// logged in. Values are str, bool, int and float. The tag is printable ASCII, safe inside HTML of any encoding for
/// any settings, and templates do not escape it again. `nonce` is the nonce of the page's Content-Security-Policy:
/// base64 text, new for each response.
///
/// Raises IdentityError with the code "nonce_invalid" for any other nonce, "app_id_empty" for an
/// app_id that is empty, a filler or None, and "settings_invalid" for settings that are empty, have
/// a name such as "appId" or a number that JavaScript cannot hold; and TypeError for values of other
/// types.
// In Python, the frame of a traceback would have the settings among its locals.
#[pyfunction]
#[pyo3(signature = (settings, nonce = None))]
fn chat_settings_script<'py>(
    settings: &Bound<'py, PyAny>,
    nonce: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    settings::script(settings, nonce)
}

/// Return the settings as a JSON object, for templates that write the script tag themselves.
///
/// The JSON is printable ASCII, safe inside HTML of any encoding. Raises the errors of
/// chat_settings_script().
#[pyfunction]
fn chat_settings_json(settings: &Bound<'_, PyAny>) -> PyResult<String> {
    settings::json(settings)
}

/// Sign `message` with `secret`: a drop-in for the snippet in Pylon's docs.
///
/// Raises the errors of IdentitySecret() and sign(). To sign more than once, keep an IdentitySecret.
#[pyfunction]
fn sign_message_with_hmac<'py>(
    message: &Bound<'py, PyAny>,
    secret: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyString>> {
    let py = message.py();
    let secret = Argument("sign_message_with_hmac", "secret").secret(secret)?;
    let message = Argument("sign_message_with_hmac", "message").text(message)?;
    let signed = core::sign_message_with_hmac(message.to_str()?, unchanged(&secret));
    hash_text(py, signed.map_err(|error| identity_error(py, error))?.as_bytes())
}

/// Make a new secret for tests and development: 64 hexadecimal digits (32 random bytes).
///
/// In production the secret comes from Pylon's dashboard.
#[pyfunction]
fn generate_secret() -> String {
    core::generate_secret()
}

/// Run the command line and return its exit status.
///
/// `stdin_closed` and `stdout_closed` say that the stream was closed when Python started. Another file may
/// have its descriptor by now.
#[pyfunction]
fn run_command_line(
    py: Python<'_>,
    args: Vec<OsString>,
    stdin_closed: bool,
    stdout_closed: bool,
) -> i32 {
    let closed = pylon_identity_cli::Closed { stdin: stdin_closed, stdout: stdout_closed };
    py.detach(|| pylon_identity_cli::run_with_closed(args, closed))
}

// This is safe without the GIL: classes are frozen, the core has no state of its own, and the only static is a
// PyOnceLock. A batch keeps its own references to the emails that it signs.
#[pymodule(gil_used = false)]
mod _native {
    use pyo3::exceptions::PyImportError;
    use pyo3::ffi;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::jwt::{JwtSecret, diagnose_jwt};

    #[pymodule_export]
    use super::{
        Diagnosis, IdentityError, IdentitySecret, chat_settings_json, chat_settings_script,
        diagnose, diagnose_page, generate_secret, run_command_line, sign_message_with_hmac,
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
                 Under mod_wsgi, set WSGIApplicationGroup %{GLOBAL}; under uWSGI, single-interpreter = true; \
                 elsewhere use processes or threads.",
            ));
        }
        // An error that a program makes has a code as well.
        module.py().get_type::<IdentityError>().setattr("code", "")
    }
}
