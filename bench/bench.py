"""The contenders in Python; bench/measure.py says what they are asked."""

import hashlib
import hmac
import os
import sys
import timeit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from pylon_identity import IdentitySecret, sign_message_with_hmac  # noqa: F401 (timed below)

hex_secret, email = os.environ["BENCH_SECRET"], os.environ["BENCH_EMAIL"]
key = bytes.fromhex(hex_secret)
secret = IdentitySecret(hex_secret)
kept_hmac = hmac.new(key, digestmod=hashlib.sha256)
kept_cryptography = HMAC(key, hashes.SHA256())
many = [f"user{i}@example.com" for i in range(1_000_000)]


def kept() -> str:
    copy = kept_hmac.copy()
    copy.update(email.encode())
    return copy.hexdigest()


def cryptography() -> str:
    copy = kept_cryptography.copy()
    copy.update(email.encode())
    return copy.finalize().hex()


CONTENDERS = {
    "sign": "secret.sign(email)",
    "drop-in": "sign_message_with_hmac(email, hex_secret)",
    "snippet": "hmac.new(bytes.fromhex(hex_secret), email.encode(), hashlib.sha256).hexdigest()",
    "hmac.digest": "hmac.digest(key, email.encode(), 'sha256').hex()",
    "hmac kept": "kept()",
    "cryptography": "cryptography()",
    "loop": "[secret.sign(email) for email in many]",
    "many": "secret.sign_many(many)",
}
timers = {name: timeit.Timer(code, globals=globals()) for name, code in CONTENDERS.items()}

for name, code in CONTENDERS.items():
    if name not in ("loop", "many"):
        print(name, eval(code), sep="\t")  # noqa: S307 (the code above)
print(flush=True)
for line in sys.stdin:
    name, count = line.split("\t")
    print(int(timers[name].timeit(int(count)) * 1e9), flush=True)
