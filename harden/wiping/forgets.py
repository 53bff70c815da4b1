"""Uses secrets in one way, forgets them, and waits to be looked at; see `wiping.py`."""

import sys

from pylon_identity import IdentitySecret, diagnose, sign_message_with_hmac

EMAIL = "ada@example.com"
WRONG = "0" * 64

step, fate = sys.argv[1:]
kept: list[IdentitySecret] = []


def use(line: str) -> None:
    digits = line.rstrip("\n")
    if step == "drop-in":
        sign_message_with_hmac(EMAIL, digits)
        return
    if step == "diagnose":
        assert not diagnose(line, EMAIL, WRONG).matches
        assert not diagnose(line, EMAIL, WRONG + WRONG).matches
        return
    secret = IdentitySecret.from_env() if step == "env" else IdentitySecret(digits)
    assert secret.verify(EMAIL, secret.sign(EMAIL))
    assert not secret.verify(EMAIL, WRONG)
    if step == "many":
        secret.sign_many([EMAIL] * 10_000)
    else:
        assert step in ("sign and verify", "env")
    if fate == "kept":
        kept.append(secret)


while (text := sys.stdin.readline()) != "\n":
    use(text)
print("ready", flush=True)
sys.stdin.read()
