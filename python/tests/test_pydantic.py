"""The secrets in the configuration libraries that show the values that they refuse."""

import json
import traceback
from typing import Any

import pydantic
import pydantic_settings
import pytest
from starlette.config import Config
from starlette.datastructures import Secret

from pylon_identity import (
    ChatSettings,
    IdentityError,
    IdentitySecret,
    JwtChatSettings,
    JwtSecret,
    VisitorSettings,
)

SENTINEL = "53454e54494e454c" * 4


class Model(pydantic.BaseModel):
    secret: IdentitySecret
    other: int = 1


class JwtModel(pydantic.BaseModel):
    secret: JwtSecret


class Settings(pydantic_settings.BaseSettings):
    pylon_identity_secret: IdentitySecret


@pytest.mark.parametrize(
    "value", [SENTINEL, pydantic.SecretStr(SENTINEL), IdentitySecret(SENTINEL)], ids=type
)
def test_a_model_has_a_secret(value: Any) -> None:
    model = Model(secret=value)
    assert model.secret.sign("a") == IdentitySecret(SENTINEL).sign("a")
    assert model.model_copy(deep=True).secret is model.secret
    assert model.model_dump()["secret"] is model.secret
    assert json.loads(model.model_dump_json())["secret"] == "IdentitySecret(hidden)"
    assert SENTINEL not in repr(model)
    schema = Model.model_json_schema()["properties"]["secret"]
    assert schema["format"] == "password"
    assert schema["writeOnly"] is True


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (f"{SENTINEL}0", "secret_odd_length"),
        (pydantic.SecretStr(f"'{SENTINEL}'"), "secret_not_hex"),
        (SENTINEL.encode(), "identity_secret_type"),
        ([SENTINEL], "identity_secret_type"),
        ("IdentitySecret(hidden)", "secret_not_hex"),
    ],
    ids=type,
)
def test_a_refused_value_does_not_show(value: Any, code: str) -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        Model(secret=value)
    [error] = raised.value.errors()
    assert error["type"] == code
    shown = "".join(traceback.format_exception_only(raised.value))
    for text in (shown, repr(raised.value), str(error), raised.value.json()):
        assert "53454e54" not in text.lower()
    with pytest.raises(pydantic.ValidationError) as raised:
        Model.model_validate_json(json.dumps({"secret": f"{SENTINEL}0"}))
    assert "53454e54" not in str(raised.value)


def test_a_model_has_a_jwt_secret() -> None:
    for value in (SENTINEL, pydantic.SecretStr(SENTINEL), JwtSecret(SENTINEL)):
        model = JwtModel(secret=value)  # type: ignore[arg-type]
        assert model.secret.sign_jwt(app_id="app", email="a")
        assert json.loads(model.model_dump_json()) == {"secret": "JwtSecret(hidden)"}
    wrong: tuple[tuple[Any, str], ...] = (
        (f"'{SENTINEL}'", "jwt_secret_wrapped"),
        (IdentitySecret(SENTINEL), "jwt_secret_type"),
    )
    for refused, code in wrong:
        with pytest.raises(pydantic.ValidationError) as raised:
            JwtModel(secret=refused)
        [error] = raised.value.errors()
        assert (error["type"], error["input"]) == (code, "JwtSecret(hidden)")
        assert "53454e54" not in str(raised.value) + raised.value.json()


def test_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYLON_IDENTITY_SECRET", SENTINEL)
    assert Settings().pylon_identity_secret.sign("a")  # type: ignore[call-arg]
    monkeypatch.setenv("PYLON_IDENTITY_SECRET", f"{SENTINEL} ")
    with pytest.raises(pydantic.ValidationError) as raised:
        Settings()  # type: ignore[call-arg]
    assert "53454e54" not in str(raised.value) + str(raised.value.errors())


@pytest.mark.parametrize(
    "settings",
    [
        {"app_id": "app"},
        IdentitySecret(SENTINEL).chat_settings(app_id="app", email="a", name="Ada"),
        {**IdentitySecret(SENTINEL).chat_settings(app_id="app", email="a"), "greeting": "Hello"},
        {**JwtSecret(SENTINEL).chat_settings(app_id="app", email="a"), "greeting": "Hello"},
    ],
    ids=["visitor", "user", "more", "JWT"],
)
def test_chat_settings_in_a_response(settings: Any) -> None:
    adapter = pydantic.TypeAdapter[Any](ChatSettings | JwtChatSettings | VisitorSettings)
    assert adapter.validate_python(settings) == settings
    assert json.loads(adapter.dump_json(settings)) == settings


def test_starlette() -> None:
    def secret_from(value: str) -> IdentitySecret:
        config = Config(environ={"PYLON_IDENTITY_SECRET": value})
        return IdentitySecret(str(config("PYLON_IDENTITY_SECRET", cast=Secret)))

    assert secret_from(SENTINEL).sign("a")
    with pytest.raises(IdentityError) as raised:
        secret_from(f"{SENTINEL}0")
    assert "53454e54" not in "".join(traceback.format_exception_only(raised.value))
