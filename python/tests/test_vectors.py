"""The shared vectors through the Python package."""

import json
from typing import Any, get_args

import pytest
from shared import cases, text

from pylon_identity import (
    ChatSettings,
    IdentityError,
    IdentitySecret,
    JwtSecret,
    chat_settings_json,
    chat_settings_script,
    codes,
    diagnose,
    diagnose_jwt,
    diagnose_page,
    sign_message_with_hmac,
)


@pytest.mark.parametrize(("secret", "unit", "repeat", "email_hash"), cases("sign.tsv"))
def test_sign(secret: str, unit: str, repeat: str, email_hash: str) -> None:
    email = text(unit) * int(repeat)
    identity_secret = IdentitySecret(secret)
    assert identity_secret.sign(email) == email_hash
    assert identity_secret.sign_many([email, "", email])[::2] == [email_hash] * 2
    assert identity_secret.verify(email, email_hash) is True
    assert sign_message_with_hmac(email, secret) == email_hash


@pytest.mark.parametrize(("secret", "email", "email_hash", "expected"), cases("verify.tsv"))
def test_verify(secret: str, email: str, email_hash: str, expected: str) -> None:
    verified = IdentitySecret(secret).verify(text(email), text(email_hash))
    assert verified is (expected == "true")


@pytest.mark.parametrize(("secret", "code"), cases("malformed_secrets.tsv"))
def test_malformed_secret(secret: str, code: str) -> None:
    with pytest.raises(IdentityError) as first:
        IdentitySecret(text(secret))
    with pytest.raises(IdentityError) as second:
        sign_message_with_hmac("ada@example.com", text(secret))
    assert first.value.code == second.value.code == code


@pytest.mark.parametrize(("secret", "email", "email_hash", "causes"), cases("diagnose.tsv"))
def test_diagnose(secret: str, email: str, email_hash: str, causes: str) -> None:
    diagnosis = diagnose(text(secret), text(email), text(email_hash))
    expected = [] if causes == "none" else causes.split(",")
    assert diagnosis.causes == expected
    assert diagnosis.matches is (expected == [])


@pytest.mark.parametrize(("secret", "page", "matches", "causes"), cases("diagnose_page.tsv"))
def test_diagnose_page(secret: str, page: str, matches: str, causes: str) -> None:
    diagnosis = diagnose_page(text(secret), text(page))
    assert diagnosis.causes == ([] if causes == "none" else causes.split(","))
    assert diagnosis.matches is (matches == "true")


@pytest.mark.parametrize(("variable", "value", "outcome", "name"), cases("env.tsv"))
def test_from_env(
    variable: str, value: str, outcome: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYLON_IDENTITY_SECRET", raising=False)
    if value != "-":
        monkeypatch.setenv(variable, text(value))
    if outcome == "ok":
        plain = IdentitySecret(text(value).strip().strip("\ufeff"))
        assert IdentitySecret.from_env(variable).sign("") == plain.sign("")
    else:
        with pytest.raises(IdentityError) as raised:
            IdentitySecret.from_env(variable)
        assert raised.value.code == outcome
        assert str(raised.value).startswith(f"{variable}: ") == (name == "shown")


@pytest.mark.parametrize(("setting", "kind", "value", "expected"), cases("other_settings.tsv"))
def test_other_settings(setting: str, kind: str, value: str, expected: str) -> None:
    given: str | bool | float = text(value)
    if kind == "number":
        given = float(given)
    elif kind == "boolean":
        given = given == "true"
    settings = {"app_id": "app-1", setting: given}
    if expected in get_args(codes.ErrorCode):
        with pytest.raises(IdentityError) as raised:
            chat_settings_json(settings)
        assert raised.value.code == expected
    else:
        assert chat_settings_json(settings) == f'{{"app_id":"app-1","{setting}":{expected}}}'


def test_the_types_name_every_code() -> None:
    for file in ("malformed_secrets.tsv", "malformed_jwt_secrets.tsv"):
        assert {case.values[-1] for case in cases(file)} < set(get_args(codes.ErrorCode))
    files = ("diagnose.tsv", "diagnose_page.tsv", "diagnose_jwt.tsv")
    diagnoses = [case for file in files for case in cases(file)]
    causes = {cause for case in diagnoses for cause in str(case.values[-1]).split(",")}
    assert causes - {"none"} == set(get_args(codes.Cause))


CLAIMS = ["app_id", "email", "name", "account_external_id", "contact_external_id"]


@pytest.mark.parametrize("columns", [pytest.param(c.values, id=c.id) for c in cases("jwt.tsv")])
def test_sign_jwt(columns: tuple[str, ...]) -> None:
    secret, *values, expires_in, now, outcome = columns
    arguments: dict[str, Any] = {
        name: text(v) for name, v in zip(CLAIMS, values, strict=True) if v != "-"
    }
    arguments |= {"expires_in": int(expires_in), "now": int(now)}
    own = JwtSecret(text(secret))
    if "." in outcome:
        assert own.sign_jwt(**arguments) == outcome
        assert own.chat_settings(**arguments) == {"app_id": arguments["app_id"], "jwt": outcome}
        return
    for sign in (own.sign_jwt, own.chat_settings):
        with pytest.raises(IdentityError) as raised:
            sign(**arguments)
        assert raised.value.code == outcome


@pytest.mark.parametrize(("secret", "token", "app_id", "now", "outcome"), cases("verify_jwt.tsv"))
def test_verify_jwt(secret: str, token: str, app_id: str, now: str, outcome: str) -> None:
    def verify() -> dict[str, Any]:
        return dict(
            JwtSecret(text(secret)).verify_jwt(text(token), app_id=text(app_id), now=int(now))
        )

    if not outcome.startswith("jwt_"):
        claims = verify()
        assert list(claims.items()) == list(json.loads(text(outcome)).items())
        assert {type(claims[time]) for time in ("iat", "exp")} == {int}
        return
    with pytest.raises(IdentityError) as raised:
        verify()
    assert raised.value.code == outcome


@pytest.mark.parametrize(("secret", "code"), cases("malformed_jwt_secrets.tsv"))
def test_malformed_jwt_secret(secret: str, code: str) -> None:
    with pytest.raises(IdentityError) as raised:
        JwtSecret(text(secret))
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("secret", "app_id", "token", "email", "now", "causes"), cases("diagnose_jwt.tsv")
)
def test_diagnose_jwt(
    secret: str, app_id: str, token: str, email: str, now: str, causes: str
) -> None:
    on_page = None if email == "-" else text(email)
    diagnosis = diagnose_jwt(text(secret), text(app_id), text(token), on_page, int(now))
    expected = [] if causes == "none" else causes.split(",")
    assert diagnosis.causes == expected
    assert diagnosis.matches is (expected == [])


FIELDS = ["app_id", "email", "name", "avatar_url", "account_id", "account_external_id"]


@pytest.mark.parametrize(
    "columns", [pytest.param(c.values, id=c.id) for c in cases("settings.tsv")]
)
def test_chat_settings(columns: tuple[str, ...]) -> None:
    secret, *values, nonce, script = columns
    user = {field: text(v) for field, v in zip(FIELDS, values, strict=True) if v != "-"}

    def make() -> tuple[ChatSettings, str]:
        settings = IdentitySecret(secret).chat_settings(**user)
        return settings, chat_settings_script(settings, None if nonce == "-" else text(nonce))

    if not script.endswith(("_empty", "_invalid")):
        settings, made = make()
        assert made == text(script)
        assert settings == {**user, "email_hash": IdentitySecret(secret).sign(user["email"])}
    else:
        with pytest.raises(IdentityError) as raised:
            make()
        assert raised.value.code == script
