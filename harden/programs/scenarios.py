"""The ways in which Python uses the package, one scenario a process: scenarios.py SCENARIO."""

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

from pylon_identity import IdentityError, IdentitySecret

HEX = os.environ["HARDEN_SECRET"]
EMAILS = [f"user{i}@example.com" for i in range(12_000)]  # more than one share of a thread
EXPECTED = [
    hmac.new(bytes.fromhex(HEX), email.encode(), hashlib.sha256).hexdigest() for email in EMAILS
]


def threads() -> None:
    """Threads share a secret while others make and drop their own."""
    shared = IdentitySecret(HEX)

    def use(number: int) -> None:
        for i in range(number, len(EMAILS), 16):
            assert shared.sign(EMAILS[i]) == EXPECTED[i]
            assert shared.verify(EMAILS[i], EXPECTED[i])
            assert IdentitySecret(HEX).sign(EMAILS[i]) == EXPECTED[i]
            with contextlib.suppress(IdentityError):
                raise AssertionError(IdentitySecret("0x"))
        assert shared.sign_many(EMAILS) == EXPECTED

    before = sys.getrefcount(EMAILS[0])
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(use, range(16)))
    assert sys.getrefcount(EMAILS[0]) == before


def sign_for_ever(secret: IdentitySecret, emails: Iterable[str]) -> None:
    while True:
        with contextlib.suppress(UnicodeEncodeError):
            secret.sign_many(emails)


def in_child(emails: list[str]) -> list[str]:
    return IdentitySecret(HEX).sign_many(emails)


def processes() -> None:
    """Every start method of multiprocessing, after a batch in the parent."""
    assert IdentitySecret(HEX).sign_many(EMAILS) == EXPECTED
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(in_child, [EMAILS] * 2) == [EXPECTED] * 2


def signals() -> None:
    """KeyboardInterrupt ends a batch of a list, where no code in Python runs that would see it."""
    secret, long = IdentitySecret(HEX), EMAILS * 200
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        secret.sign_many(long)
    except KeyboardInterrupt:
        assert secret.sign_many(EMAILS) == EXPECTED
    else:
        raise AssertionError("the batch went on after the signal")


def exits() -> None:
    """The interpreter ends, slowly, while daemon threads are in batches that succeed and fail."""
    secret = IdentitySecret(HEX)
    started = threading.Barrier(4)

    def run(emails: list[str]) -> None:
        started.wait()
        sign_for_ever(secret, emails)

    for emails in (EMAILS * 200, EMAILS, [*EMAILS, "\ud800"]):
        threading.Thread(target=run, args=(emails,), daemon=True).start()
    started.wait()
    time.sleep(0.02)

    class Slow:
        def __del__(self, sleep: Callable[[float], None] = time.sleep) -> None:
            sleep(0.2)

    globals()["slow"] = Slow()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
