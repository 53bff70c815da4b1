use pylon_identity_core as core;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyMapping, PyType};

use crate::arguments::{Argument, lossy, number};
use crate::errors::identity_error;

pub struct User<'a, 'py> {
    pub app_id: &'a Bound<'py, PyAny>,
    pub email: &'a Bound<'py, PyAny>,
    pub name: Option<&'a Bound<'py, PyAny>>,
    pub avatar_url: Option<&'a Bound<'py, PyAny>>,
    pub account_id: Option<&'a Bound<'py, PyAny>>,
    pub account_external_id: Option<&'a Bound<'py, PyAny>>,
}

pub fn chat_settings<'py>(
    secret: &core::IdentitySecret,
    user: User<'_, 'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = user.app_id.py();
    let argument = |name| Argument("chat_settings", name);
    let app_id = argument("app_id").shown(user.app_id)?;
    let email = argument("email").text(user.email)?;
    let name = argument("name").optional(user.name)?;
    let avatar_url = argument("avatar_url").optional(user.avatar_url)?;
    let account_id = argument("account_id").id(user.account_id)?;
    let account_external_id = argument("account_external_id").id(user.account_external_id)?;
    let user = core::User {
        app_id: &app_id,
        email: email.to_str()?,
        name: name.as_deref(),
        avatar_url: avatar_url.as_deref(),
        account_id: account_id.as_deref(),
        account_external_id: account_external_id.as_deref(),
    };
    let settings = secret.chat_settings(user).map_err(|error| identity_error(py, error))?;
    let dict = PyDict::new(py);
    settings.fields().try_for_each(|(name, value)| dict.set_item(name, value))?;
    Ok(dict)
}

/// The script tag, as text that templates do not escape again.
pub fn script<'py>(
    settings: &Bound<'py, PyAny>,
    nonce: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    static HTML: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    const FUNCTION: &str = "chat_settings_script";
    let py = settings.py();
    let fields = fields(settings, FUNCTION)?;
    let nonce = Argument(FUNCTION, "nonce").optional(nonce)?;
    let script = core::chat_settings_script(fields, nonce.as_deref())
        .map_err(|error| identity_error(py, error))?;
    HTML.import(py, "pylon_identity", "_Html")?.call1((script,))
}

/// The settings as JSON.
pub fn json(settings: &Bound<'_, PyAny>) -> PyResult<String> {
    let fields = fields(settings, "chat_settings_json")?;
    core::chat_settings_json(fields).map_err(|error| identity_error(settings.py(), error))
}

type Field = (String, core::SettingValue<'static>);

fn fields(settings: &Bound<'_, PyAny>, function: &'static str) -> PyResult<Vec<Field>> {
    let mapping = settings
        .cast::<PyMapping>()
        .map_err(|_| Argument(function, "settings").wrong_type(settings, "a mapping", ""))?;
    let mut fields = Vec::new();
    for item in mapping.items()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let name = Argument(function, "a name in settings").shown(&name)?;
        let argument = Argument(function, &format!("settings['{name}']"));
        let value = if name == "app_id" && value.is_none() {
            "".into() // like an unset variable, for the error of the core
        } else if let Ok(value) = value.cast::<PyBool>() {
            value.is_true().into()
        } else if let Some(number) = number(&value)? {
            number.into()
        } else {
            let text = argument.text_or(&value, "a str, a bool, an int or a float", "")?;
            // The page would show another email than was signed.
            let text = if name == "email" { text.to_str()?.into() } else { lossy(&text)? };
            core::SettingValue::Text(text.into_owned().into())
        };
        fields.push((name, value));
    }
    Ok(fields)
}
