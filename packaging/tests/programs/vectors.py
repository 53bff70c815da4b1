"""The shared vectors through the installed package, with nothing but the standard library.

    python vectors.py DIRECTORY_OF_THE_VECTORS

Prints each file and how many of its cases passed; the first that fails ends it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from pylon_identity import (
    IdentityError,
    IdentitySecret,
    chat_settings_script,
    diagnose,
    sign_message_with_hmac,
)

FIELDS = ["app_id", "email", "name", "avatar_url", "account_id", "account_external_id"]


def check(ok: bool) -> None:
    if not ok:
        raise SystemExit("another outcome than the vectors say")


def text(digits: str) -> str:
    return bytes.fromhex(digits).decode()


def code(call: Callable[[], object]) -> str:
    try:
        call()
    except IdentityError as error:
        return error.code
    return "ok"


def sign(secret: str, unit: str, repeat: str, email_hash: str) -> None:
    email = text(unit) * int(repeat)
    check(IdentitySecret(secret).sign(email) == email_hash)
    check(IdentitySecret(secret).sign_many([email, "", email])[::2] == [email_hash] * 2)
    check(IdentitySecret(secret).verify(email, email_hash))
    check(sign_message_with_hmac(email, secret) == email_hash)


def verify(secret: str, email: str, email_hash: str, expected: str) -> None:
    verified = IdentitySecret(secret).verify(text(email), text(email_hash))
    check(verified is (expected == "true"))


def malformed_secrets(secret: str, expected: str) -> None:
    check(code(lambda: IdentitySecret(text(secret))) == expected)
    check(code(lambda: sign_message_with_hmac("", text(secret))) == expected)


def diagnoses(secret: str, email: str, email_hash: str, causes: str) -> None:
    diagnosis = diagnose(text(secret), text(email), text(email_hash))
    check((",".join(diagnosis.causes) or "none") == causes)
    check(diagnosis.matches is (causes == "none"))


def env(variable: str, value: str, outcome: str) -> None:
    os.environ.pop("PYLON_IDENTITY_SECRET", None)
    if value != "-":
        os.environ[variable] = text(value)
    try:
        check(code(lambda: IdentitySecret.from_env(variable)) == outcome)
    finally:
        os.environ.pop(variable, None)


def settings(secret: str, *columns: str) -> None:
    *values, nonce, script = columns
    user = {field: text(v) for field, v in zip(FIELDS, values, strict=True) if v != "-"}

    def make() -> str:
        made = IdentitySecret(secret).chat_settings(**user)
        return chat_settings_script(made, None if nonce == "-" else text(nonce))

    if script.endswith(("_empty", "_invalid")):
        check(code(make) == script)
    else:
        check(make() == text(script))


FILES: dict[str, Callable[..., None]] = {
    "sign.tsv": sign,
    "verify.tsv": verify,
    "malformed_secrets.tsv": malformed_secrets,
    "diagnose.tsv": diagnoses,
    "env.tsv": env,
    "settings.tsv": settings,
}


def main() -> None:
    for name, run in FILES.items():
        cases = (Path(sys.argv[1]) / name).read_text("ascii").splitlines()[2:]
        for case in cases:
            title, *columns = case.split("\t")
            try:
                run(*columns)
            except BaseException:
                print(f"FAILED: {name}: {title}", file=sys.stderr)
                raise
        print(name, len(cases))


if __name__ == "__main__":
    main()
