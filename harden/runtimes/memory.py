"""How much memory calls of the Python package take.

`memory CALLS` prints for each kind how many there were, and how many kB the process held before and
after; `batch COUNT` what signing many emails took at most, beyond the emails and the hashes. With a
third argument memory is leaked or wasted on purpose.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

from pylon_identity import (
    IdentityError,
    IdentitySecret,
    chat_settings_script,
    diagnose,
    sign_message_with_hmac,
)

HEX = os.environ["HARDEN_SECRET"]
EMAIL = "ada@example.com"
kept: list[bytes] = []


def status(name: str, file: str) -> int:
    lines = Path("/proc/self", file).read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def resident() -> int:
    gc.collect()
    return status("Rss:", "smaps_rollup")


def measure(kind: str, calls: int, call: Callable[[], object], leak: bool) -> None:
    def run(times: int) -> None:
        if leak:
            for i in range(times):
                call()
                kept.append(i.to_bytes(8, "little"))
        else:
            for _ in repeat(None, times):
                call()

    run(calls // 5)
    before = resident()
    run(calls)
    print(kind, calls, before, resident())


def memory(calls: int, leak: bool) -> None:
    secret = IdentitySecret(HEX)
    email_hash = secret.sign(EMAIL)

    def others() -> None:
        settings = secret.chat_settings(app_id="app-1", email=EMAIL, name="Ada")
        chat_settings_script(settings, nonce="r4nd0m")
        sign_message_with_hmac(EMAIL, HEX)
        for wrong in ("0x", 5):
            with contextlib.suppress(IdentityError, TypeError):
                IdentitySecret(wrong)  # type: ignore[arg-type]
        with contextlib.suppress(UnicodeEncodeError):
            secret.sign_many([EMAIL, "\ud800"])
        diagnose(HEX, EMAIL, email_hash[1:])
        secret.sign_many([EMAIL, EMAIL])

    measure("sign", calls, lambda: secret.sign(EMAIL), leak)
    measure("verify", calls, lambda: secret.verify(EMAIL, email_hash), leak)
    measure("secrets", calls, lambda: IdentitySecret(HEX).sign(EMAIL), leak)
    measure("others", calls // 500, others, leak)


def batch(count: int, waste: bool) -> None:
    secret = IdentitySecret(HEX)
    emails = [f"user{i}@example.com" for i in range(count)]
    secret.sign_many(emails[:20_000])
    resident()
    Path("/proc/self/clear_refs").write_text("5")
    hashes = secret.sign_many(emails)
    if waste:
        bytes(100 * count).replace(b"\0", b"1")
    peak = status("VmHWM:", "status")
    print(count, peak - resident())
    assert len(emails) == len(hashes)


if __name__ == "__main__":
    {"memory": memory, "batch": batch}[sys.argv[1]](int(sys.argv[2]), len(sys.argv) > 3)
