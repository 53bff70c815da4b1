"""The snippet of Pylon's docs for Python, in a loop."""

import hashlib
import hmac
import sys


def sign_message_with_hmac(message: str, secret: str) -> str:
    secret_bytes = bytes.fromhex(secret)
    signature = hmac.new(secret_bytes, message.encode(), hashlib.sha256).hexdigest()
    return signature  # noqa: RET504 (as published)


for line in sys.stdin:
    secret, email, _ = (bytes.fromhex(f).decode() for f in line.rstrip("\n").split("\t"))
    print(sign_message_with_hmac(email, secret))
