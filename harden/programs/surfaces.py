"""Shows an identity secret and a JWT secret, and errors about them, in the ways of Python.

Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
"shown" or "refused", and in hexadecimal the text. The names of careless stand-ins, which are shown
in the same ways, begin with "control: ".
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import gc
import inspect
import io
import json
import logging
import os
import pickle
import pprint
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.reduction import ForkingPickler
from types import SimpleNamespace
from typing import Any

import pylon_identity
from pylon_identity import (
    IdentityError,
    IdentitySecret,
    JwtSecret,
    diagnose,
    diagnose_jwt,
    diagnose_page,
)

api: Any = pylon_identity  # without types, for calls with wrong ones
EMAIL = "ada@example.com"
NAME = "CHAT_SECRET"

# Global, so that no frame of a traceback has them among its locals: those are the caller's own.
GIVEN = [bytes.fromhex(line).decode("utf-8", "surrogateescape") for line in sys.stdin]


def emit(surface: str, show: Callable[[], object]) -> None:
    outcome = "shown"
    try:
        shown = show()
    except Exception as error:
        outcome, shown = "refused", "".join(traceback.format_exception_only(error))
    data = shown if isinstance(shown, bytes) else str(shown).encode("utf-8", "surrogateescape")
    print(surface, outcome, data.hex(), sep="\t")


def written(write: Callable[[], object]) -> str:
    """Return the output of this to the standard streams."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        write()
    return out.getvalue()


def logged(*args: Any, **options: Any) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    form = logging.Formatter("%(message)s %(args)s %(secret)s", defaults={"secret": ""})
    handler.setFormatter(form)
    logger = logging.Logger("app")
    logger.addHandler(handler)
    logger.info(*args, **options)
    return out.getvalue()


def raised(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def fail(*values: object) -> None:
    raise RuntimeError(*values)


def fail_with_a_local(secret: Any) -> None:
    held = [secret]
    fail(f"something else, with {len(held)}")


def fail_from(value: object) -> None:
    try:
        fail(value)
    except RuntimeError as error:
        raise ValueError("other") from error


def with_locals(error: Exception) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def formatted(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def excepthook(error: Exception) -> str:
    return written(lambda: sys.excepthook(type(error), error, error.__traceback__))


@dataclasses.dataclass
class Config:
    secret: Any


# Ways to show any value.
SHOW: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda it: f"{it!r:>80} {it!s} {it=} {it}",
    "str.format": "{0} {0!a}".format,
    "%": lambda it: "%s %r %a" % (it, it, it),  # noqa: UP031
    "print": lambda it: written(lambda: print(it)),
    "displayhook": lambda it: written(lambda: sys.displayhook(it)),
    "pprint": pprint.pformat,
    "repr in containers": lambda it: repr([it, (it,), {"it": it}, SimpleNamespace(it=it)]),
    "json": lambda it: json.dumps([it], default=repr),
    "logging %s": lambda it: logged("made %s", it),
    "logging extra": lambda it: logged("made", extra={"secret": it}),
    "attributes": lambda it: [getattr(it, name, None) for name in dir(it)],
    "error with it": lambda it: formatted(raised(lambda: fail(it))),
    "cause": lambda it: formatted(raised(lambda: fail_from(it))),
    "excepthook": lambda it: excepthook(raised(lambda: fail(it))),
}
SHOW_SECRET: dict[str, Callable[[Any], object]] = {
    **SHOW,
    "vars": lambda it: json.dumps(it, default=lambda it: str(vars(it))),
    "inspect": inspect.getmembers,
    "gc": gc.get_referents,
    "locals": lambda it: with_locals(raised(lambda: fail_with_a_local(it))),
    "dataclass": lambda it: dataclasses.asdict(Config(it)),
    "clone: pickle": pickle.dumps,
    "clone: oldest pickle": lambda it: pickle.dumps([it], 0),
    "clone: multiprocessing": lambda it: bytes(ForkingPickler.dumps(it)),
    "clone: pickle of an error": lambda it: pickle.dumps(RuntimeError(it)),
}
SHOW_ERROR: dict[str, Callable[[Any], object]] = {
    **SHOW,
    "args": lambda it: it.args,
    "traceback": formatted,
    "locals": with_locals,
    "logging exc_info": lambda it: logged("failed", exc_info=it),
    "itself by excepthook": excepthook,
    "pickle": lambda it: pickle.dumps(it, 0),
    "copy": lambda it: repr(copy.copy(it)),
}


# Lambdas of a number, since a local with the malformed secret in it would show that.
def malformed(i: int) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "IdentitySecret", lambda: IdentitySecret(GIVEN[i])
    yield "drop-in", lambda: api.sign_message_with_hmac(EMAIL, GIVEN[i])
    # No variable can hold a NUL, and white space is trimmed.
    if "\0" not in GIVEN[i] and GIVEN[i].strip() != GIVEN[0]:
        os.environ[NAME] = GIVEN[i]
        yield "from_env", lambda: IdentitySecret.from_env(NAME)


# Calls that fail, with the secret where it belongs and where it does not.
WRONG: dict[str, Callable[[Any], object]] = {
    "from_env, as the name": lambda _: IdentitySecret.from_env(GIVEN[0]),
    "from_env, in the name": lambda _: IdentitySecret.from_env(f"VITE_{GIVEN[0]}"),
    "bytes": lambda _: api.IdentitySecret(GIVEN[0].encode() + b" "),
    "a dict": lambda _: api.IdentitySecret({"hex": GIVEN[0]}),
    "itself": lambda it: api.IdentitySecret([it]),
    "drop-in, itself": lambda it: api.sign_message_with_hmac(EMAIL, [it]),
    "drop-in, swapped": lambda _: api.sign_message_with_hmac(GIVEN[0], EMAIL),
    "sign itself": lambda it: it.sign(it),
    "sign bytes": lambda it: it.sign(GIVEN[0].encode()),
    "sign_many of text": lambda it: it.sign_many(GIVEN[0]),
    "sign_many with itself": lambda it: it.sign_many([GIVEN[0], it]),
    "verify bytes": lambda it: it.verify(EMAIL, GIVEN[0].encode()),
    "settings, no email": lambda it: it.chat_settings(app_id=GIVEN[0], email="", name=GIVEN[0]),
    "settings, no app": lambda it: it.chat_settings(app_id="", email=GIVEN[0], name=""),
    "settings, itself": lambda it: it.chat_settings(app_id="a", email="b@c", name=it),
    "JWT secret, quoted": lambda _: JwtSecret(f"'{GIVEN[0]}'"),
    "JWT secret, a lone surrogate": lambda _: JwtSecret(f"{GIVEN[0]}\udcff"),
    "JWT secret, a part": lambda _: JwtSecret(GIVEN[0][:15]),
    "JWT secret, bytes": lambda _: api.JwtSecret(GIVEN[0].encode()),
    "JWT secret, as the path": lambda _: JwtSecret.from_file(GIVEN[0]),
    "JWT for itself": lambda _: api.JwtSecret(GIVEN[0]).sign_jwt(
        app_id=JwtSecret(GIVEN[0]), email=EMAIL
    ),
    "JWT, a wrong lifetime": lambda _: JwtSecret(GIVEN[0]).sign_jwt(
        app_id=GIVEN[0], email=GIVEN[0], expires_in=0
    ),
    "JWT, a wrong time": lambda _: api.JwtSecret(GIVEN[0]).sign_jwt(
        app_id=GIVEN[0], email=EMAIL, now=GIVEN[0]
    ),
    "verify itself": lambda _: JwtSecret(GIVEN[0]).verify_jwt(GIVEN[0], app_id=GIVEN[0]),
    "script, wrong type": lambda _: api.chat_settings_script({"name": [GIVEN[0]]}),
    "script, a list": lambda _: api.chat_settings_script([GIVEN[0]]),
    "script, as the nonce": lambda _: api.chat_settings_script(
        {"app_id": "a"}, nonce=GIVEN[0] + "!"
    ),
}


def failures(secret: IdentitySecret) -> Iterator[tuple[str, Callable[[], object]]]:
    for i in range(1, len(GIVEN)):
        for call, fails in malformed(i):
            yield f"{call}, malformed {i}", fails
    for call, wrong in WRONG.items():
        yield call, partial(wrong, secret)


def show_all(ways: dict[str, Callable[[Any], object]], name: str, value: object) -> None:
    for way, show in ways.items():
        emit(f"{name}: {way}", partial(show, value))


def main() -> None:
    secret = IdentitySecret(GIVEN[0])
    for name, value in {"secret": secret, "JWT secret": JwtSecret(GIVEN[0])}.items():
        show_all(SHOW_SECRET, name, value)
        show_all(SHOW_SECRET, f"control: {name}", SimpleNamespace(secret=GIVEN[0]))
    show_all(SHOW_ERROR, "control: error", raised(lambda: fail(GIVEN[0])))
    for call, fails in failures(secret):
        error = raised(fails)
        if not isinstance(
            error, IdentityError | TypeError | UnicodeEncodeError | FileNotFoundError
        ):
            raise error  # of another call than was meant
        show_all(SHOW_ERROR, f"error of {call}", error)
    for i, given in enumerate(GIVEN):
        for wrong in ("0" * 64, given):
            page = {"app_id": wrong, "email": EMAIL, "emailHash": wrong}
            for what, diagnosis in {
                "diagnosis": diagnose(given, EMAIL, wrong),
                "diagnosis of a JWT": diagnose_jwt(given, wrong, wrong, wrong),
                "diagnosis of a page": diagnose_page(given, page),
                "diagnosis of HTML": diagnose_page(given, f"<script>window.pylon = {page}"),
            }.items():
                text = f"{diagnosis!r} {diagnosis.explanation}"
                emit(f"{what} {i} {wrong == given}", partial(str, text))


main()
