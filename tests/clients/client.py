"""Answers the tests across languages through the Python API; see tests/languages.py."""

import sys

from pylon_identity import IdentityError, IdentitySecret, diagnose, sign_message_with_hmac

sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]

for line in sys.stdin:
    fields = [bytes.fromhex(field).decode() for field in line.rstrip("\n").split("\t")]
    secret, email, email_hash, *more = fields
    if more:
        diagnosis = diagnose(secret, email, email_hash)
        print(*diagnosis.causes, sep=",", end="\t")
        print(diagnosis.explanation.encode().hex())
        continue
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
