#!/bin/sh
# Uses the wheel for free-threaded Python, from dist/, without the GIL.
set -eu
cd "$(dirname "$0")/.."

site=target/free-threaded
rm -rf "$site"
python3.14t -m pip install --quiet --no-index --target "$site" dist/python/*-cp314t-*.whl
PYTHONPATH=$site python3.14t -W error -c '
import sys
from concurrent.futures import ThreadPoolExecutor
from pylon_identity import IdentitySecret

secret = IdentitySecret("5a" * 32)
emails = [f"user{i}@example.com" for i in range(20_000)]
expected = [secret.sign(email) for email in emails]
with ThreadPoolExecutor(8) as pool:
    assert all(hashes == expected for hashes in pool.map(secret.sign_many, [emails] * 8))
assert not sys._is_gil_enabled()
'
