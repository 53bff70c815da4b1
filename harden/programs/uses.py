"""Uses secrets while another process looks at its memory: harden/observed.py starts it.

Reads secrets, a line each, and an empty line; then commands, "STEP TIMES". Says "done" after each.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable
from itertools import repeat

from pylon_identity import (
    IdentityError,
    IdentitySecret,
    JwtSecret,
    chat_settings_script,
    diagnose,
    diagnose_jwt,
    diagnose_page,
    sign_message_with_hmac,
)

EMAIL = "ada@example.com"
WRONG = "0" * 64
WRONG_JWT = JwtSecret(WRONG).sign_jwt(app_id="a", email=EMAIL)
lines = list(iter(sys.stdin.readline, "\n"))
kept: list[tuple[IdentitySecret, JwtSecret]] = []
leaked: list[bytes] = []
emails: list[str] = []
batches: list[list[str]] = []


def use(line: str) -> None:
    secret = IdentitySecret(line.rstrip("\n"))
    assert secret.verify(EMAIL, secret.sign(EMAIL))
    assert not secret.verify(EMAIL, WRONG)
    settings = secret.chat_settings(app_id="a", email=EMAIL, name="Ada")
    chat_settings_script(settings, nonce="bm9uY2U=")


def use_jwt(line: str) -> None:
    """The digits are the key of a JWT as they are."""
    jwt_secret = JwtSecret(line.rstrip("\n"))
    token = jwt_secret.chat_settings(app_id="a", email=EMAIL, name="Ada")["jwt"]
    assert jwt_secret.verify_jwt(token, app_id="a")["email"] == EMAIL
    with contextlib.suppress(IdentityError):
        jwt_secret.verify_jwt(WRONG_JWT, app_id="a")
        raise AssertionError("it was accepted")
    for text in (line, line.rstrip("\n")):
        assert not diagnose_jwt(text, "a", WRONG_JWT).matches


def many(line: str) -> None:
    secret = IdentitySecret(line.rstrip("\n"))
    secret.sign_many([EMAIL] * 5000)
    with contextlib.suppress(UnicodeEncodeError):
        secret.sign_many([EMAIL, "\ud800"])


def explain(line: str) -> None:
    for wrong in (WRONG, WRONG * 2):
        assert not diagnose(line, EMAIL, wrong).matches
    page = {"app_id": "a", "email": EMAIL, "email_hash": WRONG}
    assert not diagnose_page(line, page).matches


def refused(line: str) -> None:
    for kind in (IdentitySecret, JwtSecret):
        with contextlib.suppress(IdentityError):
            kind(line)
            raise AssertionError("it was accepted")


STEPS: dict[str, Callable[[str], object]] = {
    "keep": lambda line: kept.append((IdentitySecret(line[:-1]), JwtSecret(line[:-1]))),
    "jwt": use_jwt,
    "parse": lambda line: IdentitySecret(line.rstrip("\n")),
    "use": use,
    "many": many,
    "drop-in": lambda line: sign_message_with_hmac(EMAIL, line.rstrip("\n")),
    "diagnose": explain,
    "env": lambda _: IdentitySecret.from_env().sign(EMAIL),
    "refused": refused,
    "sign": lambda _: kept[0][0].sign(EMAIL),
    "verify": lambda _: kept[0][0].verify(EMAIL, WRONG),
    "emails": lambda _: emails.append(f"user{len(emails)}@example.com"),
    "batch": lambda _: batches.append(kept[0][0].sign_many(emails)),
    "leak": lambda _: leaked.append(len(leaked).to_bytes(8, "little")),
    "waste": lambda _: bytes(10**8).replace(b"\0", b"1"),
    "collect": lambda _: gc.collect(),
    "forget": lambda _: None,
}

print("done", flush=True)
for command in iter(sys.stdin.readline, ""):
    step, times = command.split()
    for line in lines:
        for _ in repeat(None, int(times)):
            STEPS[step](line)
    print("done", flush=True)
