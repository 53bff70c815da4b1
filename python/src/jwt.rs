//! Pylon's other option, "JWT (signed token)".

use std::path::PathBuf;

use pylon_identity_core as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::Diagnosis;
use crate::arguments::{Argument, OrDefault, number, unchanged};
use crate::errors::identity_error;
use crate::secrets::{self, Source};

/// The secret of the option "JWT (signed token)" in Pylon's dashboard, parsed once.
///
/// `text` has at least 16 bytes, and no white space or quotes around it. It is the key as it is, even if it
/// is hexadecimal. Raises IdentityError with the code "jwt_secret_empty", "jwt_secret_wrapped" or
/// "jwt_secret_weak" for anything else.
///
/// The string is not kept, and the object never shows the key. The key is wiped with the object. It
/// cannot be pickled, and a copy is the same object: make it again in another process.
///
/// The rules for Pylon's JWT come from public integrations of August 2026. They were not tried with Pylon's service.
#[pyclass(frozen, module = "pylon_identity")]
pub struct JwtSecret(Box<core::JwtSecret>);

#[pymethods]
impl JwtSecret {
    #[new]
    fn new(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        let source = Source::Text(Argument("JwtSecret", "text"), text);
        secrets::parse(text.py(), source).map(Self)
    }

    /// Parse the secret in the environment variable `name`, trimmed of white space.
    ///
    /// Raises IdentityError with the code "secret_missing" if it is not set, "secret_exposed" for a name
    /// that bundlers ship to browsers (NEXT_PUBLIC_, VITE_ and the like), and the errors of JwtSecret().
    /// The message begins with the name of the variable, if it looks like one.
    #[staticmethod]
    #[pyo3(
        signature = (name = OrDefault::Default),
        text_signature = "(name='PYLON_JWT_SECRET')"
    )]
    fn from_env(py: Python<'_>, name: OrDefault<'_>) -> PyResult<Self> {
        secrets::parse(py, Source::Env(name, core::JwtSecret::ENV)).map(Self)
    }

    /// Parse the secret in a file, trimmed of white space.
    ///
    /// This is the usual way with the secrets of Docker and Kubernetes. `path` is a str or os.PathLike.
    /// Raises OSError, such as FileNotFoundError, for a file that cannot be read, without the path, which
    /// may be the secret by mistake; and the errors of JwtSecret().
    #[staticmethod]
    fn from_file(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        secrets::parse(py, Source::File(&path)).map(Self)
    }

    /// Return a JWT (RFC 7519) that names the logged-in user, signed with HS256.
    ///
    /// `app_id` is the claim aud. An ID may be an int. The token expires `expires_in` seconds after `now`,
    /// from 1 to 900. `now` is in Unix seconds, an int or float, and by default the system's clock: tests
    /// pass it. Sign only the email of the logged-in session, and only an address that the user has proved
    /// to own. Until it expires the token is as good as a login: do not log it.
    ///
    /// Raises IdentityError with the code "app_id_empty" or "email_empty" for empty text, white space and
    /// fillers such as "undefined", and "jwt_lifetime" for another `expires_in`; UnicodeEncodeError for a
    /// lone surrogate in the email; and ValueError for a `now` that is negative.
    #[pyo3(
        signature = (
            *, app_id, email, name = None, account_external_id = None, contact_external_id = None,
            expires_in = OrDefault::Default, now = None
        ),
        text_signature = "($self, *, app_id, email, name=None, account_external_id=None, \
                          contact_external_id=None, expires_in=600, now=None)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn sign_jwt(
        &self,
        app_id: &Bound<'_, PyAny>,
        email: &Bound<'_, PyAny>,
        name: Option<&Bound<'_, PyAny>>,
        account_external_id: Option<&Bound<'_, PyAny>>,
        contact_external_id: Option<&Bound<'_, PyAny>>,
        expires_in: OrDefault<'_>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let user = User { app_id, email, name, account_external_id, contact_external_id };
        self.sign("sign_jwt", user, expires_in, now).map(|(_, token)| token)
    }

    /// Return the claims of a JWT that is right for this secret and `app_id`.
    ///
    /// A dict in the token's own names: email, aud, iat, exp, name, account_external_id and contact_external_id,
    /// without those that are missing. iat and exp are int, the others str. Other claims are left out. `now` is as for
    /// sign_jwt(). It is for tests, proxies and stand-ins of Pylon's service. The clocks may not differ at all.
    /// Compares in constant time.
    ///
    /// Raises IdentityError with the first code that applies: "jwt_malformed", "jwt_algorithm" for another
    /// than HS256, "jwt_signature" for another secret, "jwt_expired", "jwt_not_yet_valid", "jwt_audience"
    /// for another app ID, or "jwt_lifetime" for more than 900 seconds; and ValueError for a `now` that is
    /// negative.
    #[pyo3(signature = (token, *, app_id, now = None))]
    fn verify_jwt<'py>(
        &self,
        token: &Bound<'py, PyAny>,
        app_id: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        const FUNCTION: &str = "verify_jwt";
        let py = token.py();
        let token = Argument(FUNCTION, "token").text(token)?;
        let token = unchanged(&token);
        let app_id = Argument(FUNCTION, "app_id").shown(app_id)?;
        let claims = match time(FUNCTION, now)? {
            Some(now) => self.0.verify_jwt_at(token, &app_id, now),
            None => self.0.verify_jwt(token, &app_id),
        };
        let claims = claims.map_err(|error| identity_error(py, error))?;
        py.import("json")?.call_method1("loads", (claims.to_json(),))
    }

    /// Return the settings of the chat widget for a logged-in user: app_id and jwt.
    ///
    /// A dict in the widget's own names. It has no other values of an identity, which would have to equal
    /// the claims. Add more settings of the widget as you like, such as hide_default_launcher. Takes the
    /// arguments of sign_jwt(), and raises its errors.
    ///
    /// Send the settings only to their own user, with Cache-Control: no-store, private.
    #[pyo3(
        signature = (
            *, app_id, email, name = None, account_external_id = None, contact_external_id = None,
            expires_in = OrDefault::Default, now = None
        ),
        text_signature = "($self, *, app_id, email, name=None, account_external_id=None, \
                          contact_external_id=None, expires_in=600, now=None)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn chat_settings<'py>(
        &self,
        app_id: &Bound<'py, PyAny>,
        email: &Bound<'py, PyAny>,
        name: Option<&Bound<'py, PyAny>>,
        account_external_id: Option<&Bound<'py, PyAny>>,
        contact_external_id: Option<&Bound<'py, PyAny>>,
        expires_in: OrDefault<'py>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let settings = PyDict::new(app_id.py());
        let user = User { app_id, email, name, account_external_id, contact_external_id };
        let (app_id, token) = self.sign("chat_settings", user, expires_in, now)?;
        settings.set_item("app_id", app_id)?;
        settings.set_item("jwt", token)?;
        Ok(settings)
    }

    fn __repr__(&self) -> &'static str {
        "JwtSecret(hidden)"
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    /// Refuses pickling, which would hand the key out.
    fn __reduce__(&self) -> PyResult<()> {
        Err(secrets::refuse_pickling("JwtSecret"))
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

/// The arguments that name the user.
struct User<'a, 'py> {
    app_id: &'a Bound<'py, PyAny>,
    email: &'a Bound<'py, PyAny>,
    name: Option<&'a Bound<'py, PyAny>>,
    account_external_id: Option<&'a Bound<'py, PyAny>>,
    contact_external_id: Option<&'a Bound<'py, PyAny>>,
}

impl JwtSecret {
    /// The app ID and the token.
    fn sign(
        &self,
        function: &'static str,
        user: User<'_, '_>,
        expires_in: OrDefault<'_>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(String, String)> {
        let argument = |name| Argument(function, name);
        let app_id = argument("app_id").shown(user.app_id)?;
        let email = argument("email").text(user.email)?;
        let name = argument("name").optional(user.name)?;
        let account = argument("account_external_id").id(user.account_external_id)?;
        let contact = argument("contact_external_id").id(user.contact_external_id)?;
        let expires_in = match expires_in {
            OrDefault::Default => core::JwtSecret::LIFETIME,
            // A number out of range becomes the nearest one in range, which the core refuses as well.
            OrDefault::Given(given) => argument("expires_in").int(&given)? as u64,
        };
        let now = time(function, now)?;
        let user = core::JwtUser {
            app_id: &app_id,
            email: email.to_str()?,
            name: name.as_deref(),
            account_external_id: account.as_deref(),
            contact_external_id: contact.as_deref(),
        };
        let token = match now {
            Some(now) => self.0.sign_jwt_at(user, expires_in, now),
            None => self.0.sign_jwt(user, expires_in),
        };
        let token = token.map_err(|error| identity_error(email.py(), error))?;
        Ok((app_id, token))
    }
}

/// The argument `now`, without fractions of a second.
fn time(function: &'static str, now: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u64>> {
    let Some(now) = now else { return Ok(None) };
    let argument = Argument(function, "now");
    let seconds = number(now)?.ok_or_else(|| argument.wrong_type(now, "an int or a float", ""))?;
    // This refuses NaN as well.
    if seconds >= 0.0 {
        return Ok(Some(seconds as u64));
    }
    Err(PyValueError::new_err(format!("{function}(): now must not be negative")))
}

/// Find out why Pylon does not take `token`, a JWT, for `secret`, the text from its dashboard.
///
/// `app_id` is the one on the page, and `email` the one beside the token, if the page has one. `now` is as for
/// JwtSecret.sign_jwt(). Takes any text, a malformed secret too. It is for developers.
#[pyfunction]
#[pyo3(signature = (secret, app_id, token, email = None, now = None))]
pub fn diagnose_jwt(
    secret: &Bound<'_, PyAny>,
    app_id: &Bound<'_, PyAny>,
    token: &Bound<'_, PyAny>,
    email: Option<&Bound<'_, PyAny>>,
    now: Option<&Bound<'_, PyAny>>,
) -> PyResult<Diagnosis> {
    const FUNCTION: &str = "diagnose_jwt";
    let secret = Argument(FUNCTION, "secret").secret(secret)?;
    let app_id = Argument(FUNCTION, "app_id").shown(app_id)?;
    let token = Argument(FUNCTION, "token").shown(token)?;
    let email = Argument(FUNCTION, "email").optional(email)?;
    let diagnosis = core::diagnose_jwt(
        secret.to_string_lossy().as_bytes(),
        &app_id,
        &token,
        email.as_deref(),
        time(FUNCTION, now)?,
    );
    Ok(Diagnosis::of(&diagnosis))
}
