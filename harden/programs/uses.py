"""Uses secrets, for the scan of memory and for the measurement of its growth.

uses.py wiping STEP FATE    takes secrets from standard input, uses and forgets them, and waits
uses.py memory CALLS        prints how many kB the process held before and after so many calls
uses.py batch COUNT         prints how many kB a batch took beyond emails and hashes

The last two leak or waste memory on purpose if there is one argument more.
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

EMAIL = "ada@example.com"
WRONG = "0" * 64
several = 10_000
kept: list[object] = []


def use(line: str) -> IdentitySecret:
    secret = IdentitySecret(line.rstrip("\n"))
    assert secret.verify(EMAIL, secret.sign(EMAIL))
    assert not secret.verify(EMAIL, WRONG)
    chat_settings_script(
        secret.chat_settings(app_id="a", email=EMAIL, name="Ada"), nonce="bm9uY2U="
    )
    return secret


def many(line: str) -> IdentitySecret:
    secret = use(line)
    secret.sign_many([EMAIL] * several)
    with contextlib.suppress(UnicodeEncodeError):
        secret.sign_many([EMAIL, "\ud800"])
    return secret


def from_env(_: str) -> IdentitySecret:
    secret = IdentitySecret.from_env()
    secret.sign(EMAIL)
    return secret


def explain(line: str) -> None:
    for wrong in (WRONG, WRONG * 2):
        assert not diagnose(line, EMAIL, wrong).matches


def refused(line: str) -> None:
    for wrong in (line, line.encode()):
        with contextlib.suppress(IdentityError, TypeError):
            IdentitySecret(wrong)  # type: ignore[arg-type]


STEPS: dict[str, Callable[[str], object]] = {
    "use": use,
    "many": many,
    "drop-in": lambda line: sign_message_with_hmac(EMAIL, line.rstrip("\n")) and None,
    "diagnose": explain,
    "env": from_env,
    "refused": refused,
}


def wiping(step: str, fate: str) -> None:
    while (line := sys.stdin.readline()) != "\n":
        secret = STEPS[step](line)
        if fate == "kept":
            kept.append(secret)
        del secret
    del line
    print("ready", flush=True)
    sys.stdin.read()


def status(name: str, file: str) -> int:
    lines = Path("/proc/self", file).read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def resident() -> int:
    gc.collect()
    return status("Rss:", "smaps_rollup")


def memory(count: str, *leak: str) -> None:
    global several
    several = 2
    line = os.environ["PYLON_IDENTITY_SECRET"] + "\n"
    secret = IdentitySecret.from_env()
    right = secret.sign(EMAIL)

    def measure(kind: str, calls: int, call: Callable[[], object]) -> None:
        def work(times: int) -> None:
            for _ in repeat(None, times):
                call()
                if leak:
                    kept.append(len(kept).to_bytes(8, "little"))

        work(calls // 5)
        before = resident()
        work(calls)
        print(kind, calls, before, resident())

    calls = int(count)
    measure("sign", calls, lambda: secret.sign(EMAIL))
    measure("verify", calls, lambda: secret.verify(EMAIL, right))
    measure("secrets", calls, IdentitySecret.from_env)
    measure("steps", calls // 1000, lambda: [step(line) for step in STEPS.values()])


def batch(count: str, *waste: str) -> None:
    secret = IdentitySecret.from_env()
    emails = [f"user{i}@example.com" for i in range(int(count))]
    secret.sign_many(emails[:20_000])
    resident()
    Path("/proc/self/clear_refs").write_text("5")
    hashes = secret.sign_many(emails)
    if waste:
        bytes(100 * len(emails)).replace(b"\0", b"1")
    peak = status("VmHWM:", "status")
    print(peak - resident())
    assert len(emails) == len(hashes)


if __name__ == "__main__":
    {"wiping": wiping, "memory": memory, "batch": batch}[sys.argv[1]](*sys.argv[2:])
