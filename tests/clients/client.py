"""Answers the tests across languages through the Python API; see tests/languages.py."""

import sys

from pylon_identity import IdentityError, IdentitySecret, sign_message_with_hmac

sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]

for line in sys.stdin:
    secret, email, email_hash = (bytes.fromhex(f).decode() for f in line.rstrip("\n").split("\t"))
    try:
        parsed = IdentitySecret(secret)
        verified = str(parsed.verify(email, email_hash)).lower()
        hashes = (
            parsed.sign(email),
            *parsed.sign_many([email]),
            sign_message_with_hmac(email, secret),
        )
        print("ok", verified, *hashes, sep="\t")
    except IdentityError as error:
        print("error", error.code, error, sep="\t")
