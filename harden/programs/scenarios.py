"""The ways in which Python uses the package, one scenario a process: scenarios.py SCENARIO.

It ends with 0.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

HEX = os.environ["HARDEN_SECRET"]
EMAILS = [f"user{i}@example.com" for i in range(12_000)]  # more than one share of a thread
EXPECTED = [
    hmac.new(bytes.fromhex(HEX), email.encode(), hashlib.sha256).hexdigest() for email in EMAILS
]
FORKS = 40


def parse() -> Any:
    from pylon_identity import IdentitySecret

    return IdentitySecret(HEX)


def threads() -> None:
    """Threads share a secret while others make and drop their own."""
    from pylon_identity import IdentityError, IdentitySecret

    shared = parse()

    def use(number: int) -> None:
        for i in range(number, len(EMAILS), 16):
            assert shared.sign(EMAILS[i]) == EXPECTED[i]
            assert shared.verify(EMAILS[i], EXPECTED[i])
            assert parse().sign(EMAILS[i]) == EXPECTED[i]
            with contextlib.suppress(IdentityError):
                raise AssertionError(IdentitySecret("0x"))
        assert shared.sign_many(EMAILS) == EXPECTED

    before = sys.getrefcount(EMAILS[0])
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(use, range(16)))
    assert sys.getrefcount(EMAILS[0]) == before


def sign_for_ever(secret: Any, emails: Iterable[str]) -> None:
    while True:
        with contextlib.suppress(UnicodeEncodeError):
            secret.sign_many(emails)


def forks() -> None:
    """Batches in children, while threads of the parent are in batches that succeed and fail."""
    secret = parse()
    assert secret.sign_many(EMAILS) == EXPECTED
    for emails in (EMAILS, *[[*EMAILS, "\ud800"]] * 3):
        threading.Thread(target=sign_for_ever, args=(secret, emails), daemon=True).start()
    aborted = 0
    for _ in range(FORKS):
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # which ends a child that hangs
            os._exit(
                secret.sign_many(EMAILS) != EXPECTED or not secret.verify(EMAILS[0], EXPECTED[0])
            )
        _, status = os.waitpid(child, 0)
        # If another thread is just starting a thread, glibc forks with storage of a thread half
        # freed, and aborts a child that frees it again: seen once in 20,000 forks in plain C.
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT:
            aborted += 1
        else:
            assert status == 0, f"the child of a fork hung or failed: {status}"
    assert aborted < 2, f"{aborted} children were aborted"


def in_child(emails: list[str]) -> list[str]:
    hashes: list[str] = parse().sign_many(emails)
    return hashes


def processes() -> None:
    """multiprocessing in all its ways, after a batch in the parent."""
    assert parse().sign_many(EMAILS) == EXPECTED
    methods = multiprocessing.get_all_start_methods()
    for method in methods:
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(in_child, [EMAILS] * 2) == [EXPECTED] * 2


IN_ANOTHER = """
try:
    import pylon_identity
except ImportError as error:
    with open({path!r}, "w") as file: file.write(str(error))
"""


def interpreters() -> None:
    """Another interpreter is refused, before the main one has loaded the package and after."""
    try:
        module = import_module("_interpreters")
    except ImportError:
        module = import_module("_xxsubinterpreters")
    for _ in range(2):
        reader, writer = os.pipe()
        another = module.create()
        module.run_string(another, IN_ANOTHER.format(path=f"/dev/fd/{writer}"))
        module.destroy(another)
        os.close(writer)
        with os.fdopen(reader) as said:
            refusal = said.read()
        assert "interpreter" in refusal, f"not refused: {refusal!r}"
        assert parse().sign_many(EMAILS) == EXPECTED


def signals() -> None:
    """KeyboardInterrupt ends a batch of a list, where no code in Python runs that would see it."""
    secret, long = parse(), EMAILS * 200
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        secret.sign_many(long)
    except KeyboardInterrupt:
        assert secret.sign_many(EMAILS) == EXPECTED
    else:
        raise AssertionError("the batch went on after the signal")


def leave(emails: list[str]) -> None:
    """The interpreter ends while daemon threads are in batches, and takes its time to end."""
    secret = parse()
    started = threading.Barrier(4)

    def run() -> None:
        started.wait()
        sign_for_ever(secret, emails)

    for _ in range(3):
        threading.Thread(target=run, daemon=True).start()
    started.wait()
    time.sleep(0.02)

    class Slow:
        def __del__(self, sleep: Callable[[float], None] = time.sleep) -> None:
            sleep(0.2)

    globals()["slow"] = Slow()


def exits() -> None:
    leave(EMAILS * 200)


def exits_failing() -> None:
    leave([*EMAILS, "\ud800"])


if __name__ == "__main__":
    globals()[sys.argv[1]]()
