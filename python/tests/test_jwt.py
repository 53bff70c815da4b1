"""Pylon's JWT, in Python's own types."""

import enum
import json
import math
import time
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from pylon_identity import (
    IdentityError,
    JwtChatSettings,
    JwtClaims,
    JwtSecret,
    chat_settings_json,
    chat_settings_script,
    diagnose_jwt,
    diagnose_page,
)

SENTINEL = "53454e54494e454c" * 4  # "SENTINEL", recognisable in hexadecimal and decoded
EMAIL = "ada@example.com"
NOW = 1_800_000_000

secret = JwtSecret(SENTINEL)
token = secret.sign_jwt(app_id="app", email=EMAIL, now=NOW)


def code_of(use: Any) -> str:
    with pytest.raises(IdentityError) as raised:
        use()
    return raised.value.code


def test_from_env_and_from_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"\ufeff{SENTINEL}\r\n", encoding="utf-8")
    monkeypatch.setenv("PYLON_JWT_SECRET", f"{SENTINEL}\n")
    monkeypatch.setenv("OTHER", SENTINEL)
    made = [JwtSecret.from_env(), JwtSecret.from_env("OTHER"), JwtSecret.from_file(path)]
    assert {one.sign_jwt(app_id="app", email=EMAIL, now=NOW) for one in made} == {token}
    monkeypatch.delenv("PYLON_JWT_SECRET")
    with pytest.raises(IdentityError, match=r"^PYLON_JWT_SECRET: ") as raised:
        JwtSecret.from_env()
    assert raised.value.code == "secret_missing"
    assert code_of(lambda: JwtSecret.from_env("VITE_JWT_SECRET")) == "secret_exposed"
    path.write_text(f"'{SENTINEL}'")
    assert code_of(lambda: JwtSecret.from_file(path)) == "jwt_secret_wrapped"
    with pytest.raises(TypeError, match="name must be a str, not None"):
        JwtSecret.from_env(None)  # type: ignore[arg-type]


def test_by_the_system_s_clock_a_token_lives_for_ten_minutes() -> None:
    before = int(time.time())
    claims = secret.verify_jwt(secret.sign_jwt(app_id="app", email=EMAIL), app_id="app")
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] - claims["iat"] == 600
    settings = secret.chat_settings(app_id="app", email=EMAIL, expires_in=1)
    assert diagnose_jwt(SENTINEL, "app", settings["jwt"]).matches
    assert code_of(lambda: secret.verify_jwt(token, app_id="app")) == "jwt_not_yet_valid"
    assert diagnose_jwt(SENTINEL, "app", token).causes == ["jwt_not_yet_valid"]


def test_the_time_may_have_fractions() -> None:
    assert secret.sign_jwt(app_id="app", email=EMAIL, now=NOW + 0.9) == token
    assert secret.verify_jwt(token, app_id="app", now=NOW + 599.9)["email"] == EMAIL
    assert code_of(lambda: secret.verify_jwt(token, app_id="app", now=NOW + 600)) == "jwt_expired"
    assert diagnose_jwt(SENTINEL, "app", token, now=NOW + 600.0).causes == ["jwt_expired"]
    assert secret.sign_jwt(app_id="app", email=EMAIL, now=0, expires_in=900)


def test_times_that_cannot_be_used() -> None:
    uses = (
        lambda now: secret.sign_jwt(app_id="app", email=EMAIL, now=now),
        lambda now: secret.chat_settings(app_id="app", email=EMAIL, now=now),
        lambda now: secret.verify_jwt(token, app_id="app", now=now),
        lambda now: diagnose_jwt(SENTINEL, "app", token, now=now),
    )
    for use in uses:
        for wrong in (-1, -0.5, math.nan, -math.inf):
            with pytest.raises(ValueError, match=r"\(\): now must not be negative$"):
                use(wrong)
        for wrong_type, name in ((True, "bool"), (f"{NOW}", "str"), ([NOW], "list")):
            with pytest.raises(TypeError, match=f"now must be an int or a float, not {name}$"):
                use(wrong_type)
    for late in (2**53, 10**400, math.inf):
        assert code_of(lambda now=late: uses[0](now)) == "jwt_lifetime"
        assert code_of(lambda now=late: uses[2](now)) == "jwt_expired"


def test_a_lifetime_is_a_whole_number_in_pylon_s_limits() -> None:
    for sign in (secret.sign_jwt, secret.chat_settings):
        for wrong in (0, -1, 901, 2**64, -(10**400)):
            with pytest.raises(IdentityError, match="900 seconds") as raised:
                sign(app_id="app", email=EMAIL, expires_in=wrong)
            assert raised.value.code == "jwt_lifetime"
        for wrong_type, name in ((600.0, "float"), (None, "None"), ("600", "str"), (True, "bool")):
            with pytest.raises(TypeError, match=f"expires_in must be an int, not {name}$"):
                sign(app_id="app", email=EMAIL, expires_in=wrong_type)  # type: ignore[arg-type]


def test_ids_may_be_integers() -> None:
    class Account(enum.IntEnum):
        ACME = 7

    made = secret.sign_jwt(
        app_id="app", email=EMAIL, account_external_id=Account.ACME, contact_external_id=2**70
    )
    claims = secret.verify_jwt(made, app_id="app")
    assert claims["account_external_id"] == "7"
    assert claims["contact_external_id"] == str(2**70)
    with pytest.raises(TypeError, match="contact_external_id must be a str or an int, not bool"):
        secret.sign_jwt(app_id="app", email=EMAIL, contact_external_id=True)


def test_a_lone_surrogate_is_shown_as_a_replacement_character_but_no_email_has_it() -> None:
    made = secret.sign_jwt(app_id="app", email=EMAIL, name="Ada \ud83d")
    assert secret.verify_jwt(made, app_id="app")["name"] == "Ada \ufffd"
    with pytest.raises(UnicodeEncodeError):
        secret.sign_jwt(app_id="app", email="\ud800")
    assert code_of(lambda: JwtSecret(f"{SENTINEL}\ud800")) == "jwt_secret_weak"
    assert code_of(lambda: secret.verify_jwt(f"{token}\ud800", app_id="app")) == "jwt_malformed"
    assert diagnose_jwt("\udcff", "\udcff", "\udcff", "\udcff").causes == ["jwt_malformed"]


def test_chat_settings_for_the_page() -> None:
    settings = secret.chat_settings(app_id="app", email=EMAIL, name="Ada", now=NOW)
    assert type(settings) is dict
    assert list(settings) == ["app_id", "jwt"]
    assert set(settings) == JwtChatSettings.__required_keys__
    assert settings["jwt"] == secret.sign_jwt(app_id="app", email=EMAIL, name="Ada", now=NOW)
    assert json.loads(chat_settings_json(settings)) == settings
    assert f'"jwt":"{settings["jwt"]}"' in chat_settings_script(settings, nonce="r4nd0m")
    for beside in ("email_hash", "contact_external_id"):
        wrong: dict[str, Any] = {**settings, beside: "7"}
        assert code_of(lambda wrong=wrong: chat_settings_json(wrong)) == "settings_invalid"
    every = secret.sign_jwt(
        app_id="app", email=EMAIL, name="Ada", account_external_id="7", contact_external_id="8"
    )
    assert set(secret.verify_jwt(every, app_id="app")) == set(get_type_hints(JwtClaims))


def test_diagnosis() -> None:
    right = diagnose_jwt(SENTINEL, "app", token, EMAIL, NOW)
    assert repr(right) == "Diagnosis(matches=True, causes=[])"
    decoded = JwtSecret(bytes.fromhex(SENTINEL).decode())
    wrong = decoded.sign_jwt(app_id="other", email=EMAIL, now=NOW)
    diagnosis = diagnose_jwt(SENTINEL, "app", wrong, "eve@example.com", now=NOW)
    assert diagnosis.causes == ["jwt_secret_hex_decoded", "jwt_audience", "jwt_differs"]
    assert "53454e54" not in diagnosis.explanation + repr(diagnosis)
    settings = secret.chat_settings(app_id="app", email=EMAIL)
    for page in (settings, chat_settings_script(settings)):
        assert diagnose_page(SENTINEL, page).matches
    assert diagnose_page(SENTINEL, {**settings, "jwt": wrong}).matches is False
