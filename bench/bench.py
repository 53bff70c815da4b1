"""The contenders in Python; bench/measure.py has the tasks."""

import gc
import hashlib
import hmac
import os
import sys
import timeit
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from pylon_identity import (
    IdentitySecret,
    JwtSecret,
    sign_message_with_hmac,  # noqa: F401 (timed below)
)

library = "libempty_python." + ("dylib" if sys.platform == "darwin" else "so")
path = Path(__file__).parents[1] / "target" / "release" / "examples" / library
loader = ExtensionFileLoader("empty_python", str(path))
module = module_from_spec(ModuleSpec("empty_python", loader, origin=str(path)))
loader.exec_module(module)
empty = module.Empty()

hex_secret, email = os.environ["BENCH_SECRET"], os.environ["BENCH_EMAIL"]
key = bytes.fromhex(hex_secret)
secret = IdentitySecret(hex_secret)
kept_hmac = hmac.new(key, digestmod=hashlib.sha256)
kept_cryptography = HMAC(key, hashes.SHA256())
# The text of the secret is the key of a JWT.
jwt_secret, now = JwtSecret(hex_secret), int(os.environ["BENCH_NOW"])
many = [f"user{i}@example.com" for i in range(1_000_000)]


def kept() -> str:
    copy = kept_hmac.copy()
    copy.update(email.encode())
    return copy.hexdigest()


def cryptography() -> str:
    copy = kept_cryptography.copy()
    copy.update(email.encode())
    return copy.finalize().hex()


def pyjwt() -> str:
    claims = {"email": email, "aud": "app", "iat": now, "exp": now + 600, "name": "Ada"}
    return jwt.encode(claims, hex_secret, "HS256")


CONTENDERS = {
    "sign": "secret.sign(email)",
    "empty call": "empty.sign(email)",
    "drop-in": "sign_message_with_hmac(email, hex_secret)",
    "snippet": "hmac.new(bytes.fromhex(hex_secret), email.encode(), hashlib.sha256).hexdigest()",
    "hmac.digest": "hmac.digest(key, email.encode(), 'sha256').hex()",
    "hmac kept": "kept()",
    "cryptography": "cryptography()",
    "sign_jwt": "jwt_secret.sign_jwt(app_id='app', email=email, name='Ada', now=now)",
    "PyJWT": "pyjwt()",
    "loop": "[secret.sign(email) for email in many]",
    "many": "secret.sign_many(many)",
}
timers = {name: timeit.Timer(code, globals=globals()) for name, code in CONTENDERS.items()}

for name, code in CONTENDERS.items():
    if name not in ("loop", "many", "empty call"):
        print(name, eval(code), sep="\t")  # noqa: S307 (the code above)
print(flush=True)
for line in sys.stdin:
    name, count = line.split("\t")
    if name in ("loop", "many"):
        gc.collect()
    print(int(timers[name].timeit(int(count)) * 1e9), flush=True)
