"""The ways in which Python uses the package, one scenario a process: scenarios.py SCENARIO.

It ends with 0, but in the planted scenarios.
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
from collections.abc import Callable, Iterable, Iterator
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


def forks(lock: threading.Lock | None = None) -> None:
    """Batches in children, while threads of the parent are in batches that succeed and fail."""
    secret, patience = parse(), 3 if lock else 60
    assert secret.sign_many(EMAILS) == EXPECTED
    for emails in (EMAILS, *[[*EMAILS, "\ud800"]] * 3):
        threading.Thread(target=sign_for_ever, args=(secret, emails), daemon=True).start()
    aborted = 0
    for _ in range(FORKS):
        if lock:
            lock.acquire()
        child = os.fork()
        if child == 0:
            signal.alarm(patience)  # which ends a child that hangs
            if lock:
                lock.acquire()
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
    if sys.version_info >= (3, 13):
        kinds = [lambda: module.create("isolated"), lambda: module.create("legacy")]
    else:
        kinds = [module.create, lambda: module.create(isolated=False)]
    for _ in range(2):
        for create in kinds:
            reader, writer = os.pipe()
            another = create()
            module.run_string(another, IN_ANOTHER.format(path=f"/dev/fd/{writer}"))
            module.destroy(another)
            os.close(writer)
            with os.fdopen(reader) as said:
                refusal = said.read()
            assert "interpreter" in refusal, f"not refused: {refusal!r}"
        assert parse().sign_many(EMAILS) == EXPECTED


def very_many() -> Iterator[str]:
    for _ in range(200):
        yield from EMAILS


def interrupted(secret: Any, emails: Iterable[str]) -> None:
    try:
        secret.sign_many(emails)
    except KeyboardInterrupt:
        assert secret.sign_many(EMAILS) == EXPECTED
        return
    raise AssertionError("the batch went on after the signal")


def signals() -> None:
    """KeyboardInterrupt ends a batch within the emails that are read at once."""
    secret, read = parse(), 0

    def emails() -> Iterator[str]:
        nonlocal read
        for read, email in enumerate(very_many()):
            if read == 50_000:
                os.kill(os.getpid(), signal.SIGINT)
            yield email

    interrupted(secret, emails())
    assert read < 50_000 + 4096, f"{read - 50_000} emails after the signal"

    # With a list, no code in Python runs meanwhile that would see the signal.
    long = list(very_many())
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    interrupted(secret, long)


def leave(in_thread: Callable[[Any], object]) -> None:
    """The interpreter ends while daemon threads are in batches, and takes its time to end."""
    secret = parse()
    started = threading.Barrier(4)

    def run() -> None:
        started.wait()
        in_thread(secret)

    for _ in range(3):
        threading.Thread(target=run, daemon=True).start()
    started.wait()
    time.sleep(0.02)

    class Slow:
        def __del__(self, sleep: Callable[[float], None] = time.sleep) -> None:
            sleep(0.2)

    globals()["slow"] = Slow()


def exits() -> None:
    leave(lambda secret: sign_for_ever(secret, EMAILS * 200))


def exits_failing() -> None:
    leave(lambda secret: sign_for_ever(secret, [*EMAILS, "\ud800"]))


def planted_lock() -> None:
    """A lock that is held over a fork, and that the child waits for."""
    forks(threading.Lock())


def planted_deafness() -> None:
    """Signals that are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signals()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
