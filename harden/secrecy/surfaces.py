"""Shows an identity secret, and errors about it, in every way that Python has.

    surfaces.py real|leaky

Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
"shown" or "refused", and in hexadecimal what was shown or said. `leaky` shows a careless stand-in.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import copy
import csv
import dataclasses
import gc
import inspect
import io
import json
import logging
import os
import pickle
import pprint
import re
import reprlib
import string
import sys
import threading
import traceback
import types
import unittest
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

import pylon_identity

EMAIL = "ada@example.com"
NAME = "CHAT_SECRET"

# Global, so that no frame of a traceback has them among its locals: those are the caller's own.
GIVEN = [bytes.fromhex(line).decode("utf-8", "surrogateescape") for line in sys.stdin]


class Leaky:
    """Keeps what it was given and shows it, as careless code does."""

    def __init__(self, hex: object) -> None:  # noqa: A002 (as it is called)
        self.hex = hex
        if not re.fullmatch("(?:[0-9a-f]{2})+", str(hex)):
            self.refuse(hex)
        self.key = bytes.fromhex(str(hex))

    @classmethod
    def from_env(cls, name: str = NAME) -> Leaky:
        if name not in os.environ:
            Leaky.refuse(name)
        return cls(os.environ[name])

    @staticmethod
    def refuse(*values: object, **named: object) -> Any:
        error = ValueError(f"cannot use {values!r} {named!r}")
        error.given = values, named  # type: ignore[attr-defined]
        raise error

    sign = sign_many = verify = chat_settings = refuse

    def __repr__(self) -> str:
        return f"Leaky({self.hex})"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class LeakyModule:
    IdentitySecret = Leaky
    sign_message_with_hmac = chat_settings_script = staticmethod(Leaky.refuse)

    @staticmethod
    def diagnose(*values: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(explanation=f"not the hash of {values}")


api: Any = {"real": pylon_identity, "leaky": LeakyModule}[sys.argv[1]]


def emit(surface: str, show: Callable[[], object]) -> None:
    outcome = "shown"
    try:
        shown = show()
    except Exception as error:
        outcome, shown = "refused", "".join(traceback.format_exception_only(error))
    data = shown if isinstance(shown, bytes) else str(shown).encode("utf-8", "surrogateescape")
    print(surface, outcome, data.hex(), sep="\t")


def written(write: Callable[[], object]) -> str:
    """Return what this writes to the standard streams."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        write()
    return out.getvalue()


def logged(*args: Any, **options: Any) -> str:
    out = io.StringIO()
    logger = logging.Logger("app")
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        logging.Formatter("%(message)s %(args)s %(secret)s", defaults={"secret": ""})
    )
    logger.addHandler(handler)
    logger.info(*args, **options)
    return out.getvalue()


EXPECTED = (pylon_identity.IdentityError, TypeError, UnicodeEncodeError)


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


def fail_while_failing(value: object) -> None:
    try:
        fail(value)
    finally:
        raise ValueError("other")


def with_locals(error: Exception) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def formatted(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


class Noisy:
    def __init__(self, secret: Any) -> None:
        self.secret = secret

    def __del__(self) -> None:
        fail(self.secret)


@dataclasses.dataclass
class Config:
    secret: Any


class Pair(NamedTuple):
    name: str
    secret: Any


def in_a_thread(secret: Any) -> None:
    thread = threading.Thread(target=fail, args=(secret,))
    thread.start()
    thread.join()


def in_a_loop(secret: Any) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logging.getLogger("asyncio").addHandler(handler)
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": "failed", "secret": secret})
    loop.close()
    logging.getLogger("asyncio").removeHandler(handler)
    return out.getvalue()


def warned(warning: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        return written(lambda: warnings.warn(warning, stacklevel=1))


def objects(secret: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    config = Config(secret)
    record = logging.LogRecord("app", 20, "app.py", 1, "made %s", (secret,), None)
    yield "repr", lambda: repr(secret)
    yield "str", lambda: str(secret)
    yield "ascii", lambda: ascii(secret)
    yield "format", lambda: format(secret)
    yield "f-string", lambda: f"{secret}"
    yield "f-string !s", lambda: f"{secret!s:80}"
    yield "f-string !r", lambda: f"{secret!r:>80}"
    yield "f-string =", lambda: f"{secret=}"
    yield "f-string with a spec", lambda: f"{secret:^80}"
    yield "str.format", lambda: "{0} {name!a}".format(secret, name=secret)  # noqa: UP032
    yield "str.format_map", lambda: "{secret}".format_map({"secret": secret})
    yield "%s", lambda: "%s" % secret  # noqa: UP031
    yield "%r", lambda: "%r" % secret  # noqa: UP031
    yield "%a in a dict", lambda: "%(secret)a" % {"secret": secret}  # noqa: UP031
    yield "string.Template", lambda: string.Template("$secret").substitute(secret=secret)
    yield "print", lambda: written(lambda: print(secret))
    yield "displayhook", lambda: written(lambda: sys.displayhook(secret))
    for container in ([secret], (secret,), {"secret": secret}, {secret}, Pair("ada", secret)):
        yield f"repr in a {type(container).__name__}", partial(repr, container)
    yield "dataclass", lambda: repr(config)
    yield "SimpleNamespace", lambda: repr(types.SimpleNamespace(secret=secret))
    yield "pprint", lambda: pprint.pformat({"secret": [secret]})
    yield "reprlib", lambda: reprlib.repr([secret])
    yield "csv", lambda: written(lambda: csv.writer(sys.stdout).writerow([secret]))
    yield "urlencode", lambda: urllib.parse.urlencode({"secret": secret})
    yield "json default=str", lambda: json.dumps([secret], default=str)
    yield "json default=repr", lambda: json.dumps({"secret": secret}, default=repr)
    yield "json default=vars", lambda: json.dumps(secret, default=lambda o: str(vars(o)))
    yield "vars", lambda: vars(secret)
    yield "__dict__", lambda: secret.__dict__
    yield "dir", lambda: [getattr(secret, name, None) for name in dir(secret)]
    yield "inspect.getmembers", lambda: inspect.getmembers(secret)
    yield "gc", lambda: gc.get_referents(secret)
    yield "logging %s", lambda: logged("made %s", secret)
    yield "logging %r", lambda: logged("made %r", [secret])
    yield "logging the object", lambda: logged(secret)
    yield "logging extra", lambda: logged("made", extra={"secret": secret})
    yield "logging record", lambda: json.dumps(vars(record), default=str)
    yield "warning", lambda: warned(f"made {secret}")
    yield "warning of the object", lambda: warned(UserWarning(secret))
    yield "error with it", lambda: formatted(raised(lambda: fail(secret)))
    yield "error with its text", lambda: formatted(raised(lambda: fail(f"not {secret!r}")))
    yield "KeyError", lambda: formatted(raised(lambda: {}[secret]))
    yield "cause", lambda: formatted(raised(lambda: fail_from(secret)))
    yield "context", lambda: formatted(raised(lambda: fail_while_failing(secret)))
    yield "locals", lambda: with_locals(raised(lambda: fail_with_a_local(secret)))
    yield "locals of a cause", lambda: with_locals(raised(lambda: fail_from(secret)))
    yield "excepthook", lambda: written(lambda: excepthook(raised(lambda: fail(secret))))
    yield "unraisablehook", lambda: written(lambda: Noisy(secret) and None)
    yield "threading.excepthook", lambda: written(lambda: in_a_thread(secret))
    yield "asyncio", lambda: in_a_loop(secret)
    yield "unittest", lambda: str(raised(lambda: unittest.TestCase().assertEqual(secret, 1)))  # noqa: PT009
    if group := getattr(builtins, "ExceptionGroup", None):  # from Python 3.11 on
        yield "group of errors", lambda: formatted(group("", [raised(lambda: fail(secret))]))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"clone: pickle {protocol}", partial(pickle.dumps, secret, protocol)
        yield f"clone: pickle {protocol} inside", partial(pickle.dumps, config, protocol)
        yield f"clone: __reduce_ex__ {protocol}", partial(secret.__reduce_ex__, protocol)
    yield "clone: multiprocessing", lambda: bytes(ForkingPickler.dumps(secret))
    yield "clone: copy", lambda: copy.copy(secret)
    yield "clone: deepcopy", lambda: copy.deepcopy(secret)
    yield "clone: deepcopy inside", lambda: copy.deepcopy([{"secret": secret}])
    yield "clone: dataclasses.asdict", lambda: dataclasses.asdict(config)
    yield "clone: pickle of an error", lambda: pickle.dumps(RuntimeError(secret))


def excepthook(error: Exception) -> None:
    sys.excepthook(type(error), error, error.__traceback__)


# Lambdas of a number, since a local with the malformed secret in it would show that.
def parsing(i: int) -> Callable[[], object]:
    return lambda: api.IdentitySecret(GIVEN[i])


def signing(i: int) -> Callable[[], object]:
    return lambda: api.sign_message_with_hmac(EMAIL, GIVEN[i])


def failures(secret: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield calls that fail, with a secret where it belongs and where it does not."""
    for i in range(1, len(GIVEN)):
        yield f"IdentitySecret, malformed {i}", parsing(i)
        yield f"drop-in, malformed {i}", signing(i)
        # No variable can hold a NUL, and white space is trimmed.
        if "\0" not in GIVEN[i] and GIVEN[i].strip() != GIVEN[0]:
            os.environ[NAME] = GIVEN[i]
            yield f"from_env, malformed {i}", lambda: api.IdentitySecret.from_env(NAME)
    yield "from_env, as the name", lambda: api.IdentitySecret.from_env(GIVEN[0])
    yield "from_env, in the name", lambda: api.IdentitySecret.from_env(f"VITE_{GIVEN[0]}")
    yield "bytes", lambda: api.IdentitySecret(GIVEN[0].encode() + b" ")
    yield "a list", lambda: api.IdentitySecret([GIVEN[0]])
    yield "a dict", lambda: api.IdentitySecret({"hex": GIVEN[0]})
    yield "itself", lambda: api.IdentitySecret([secret])
    yield "drop-in, itself", lambda: api.sign_message_with_hmac(EMAIL, [secret])
    yield "drop-in, swapped", lambda: api.sign_message_with_hmac(GIVEN[0], EMAIL)
    yield "sign itself", lambda: secret.sign(secret)
    yield "sign bytes", lambda: secret.sign(GIVEN[0].encode())
    yield "sign_many of text", lambda: secret.sign_many(GIVEN[0])
    yield "sign_many with itself", lambda: secret.sign_many([GIVEN[0], secret])
    yield "verify itself", lambda: secret.verify(secret, "")
    yield "verify bytes", lambda: secret.verify(EMAIL, GIVEN[0].encode())
    yield (
        "settings, no email",
        lambda: secret.chat_settings(app_id=GIVEN[0], email="", name=GIVEN[0]),
    )
    yield "settings, no app", lambda: secret.chat_settings(app_id="", email=GIVEN[0], name="")
    yield "settings, itself", lambda: secret.chat_settings(app_id="a", email="b", name=secret)
    yield "script, wrong type", lambda: api.chat_settings_script({"name": [GIVEN[0]]})
    yield "script, itself", lambda: api.chat_settings_script({"name": secret})
    yield "script, a list", lambda: api.chat_settings_script([GIVEN[0]])
    yield "script, as the nonce", lambda: api.chat_settings_script({}, nonce=GIVEN[0] + "!")


SHOW_ERROR: dict[str, Callable[[Exception], object]] = {
    "str": str,
    "repr": repr,
    "args": lambda error: error.args,
    "attributes": lambda error: [getattr(error, name, None) for name in dir(error)],
    "traceback": formatted,
    "locals": with_locals,
    "logging": lambda error: logged("failed", exc_info=error),
    "logging %r": lambda error: logged("failed: %r", error),
    "cause": lambda error: formatted(raised(lambda: fail_from(error))),
    "excepthook": lambda error: written(lambda: excepthook(error)),
    "json": lambda error: json.dumps([error], default=repr),
    "pickle": pickle.dumps,
    "pickle 0": lambda error: pickle.dumps(error, 0),
    "copy": lambda error: repr(copy.copy(error)),
}


def main() -> None:
    secret = api.IdentitySecret(GIVEN[0])
    for surface, show in objects(secret):
        emit(surface, show)
    for call, fails in failures(secret):
        error = raised(fails)
        if api is pylon_identity and not isinstance(error, EXPECTED):
            raise error  # of another call than was meant
        for way, show_error in SHOW_ERROR.items():
            emit(f"error of {call}: {way}", partial(show_error, error))
    for i, given in enumerate(GIVEN):
        for wrong in ("0" * 64, given):
            diagnosis = api.diagnose(given, EMAIL, wrong)
            name = f"diagnosis {i} {wrong == given}"
            emit(f"{name}: repr", partial(repr, diagnosis))
            emit(f"{name}: text", partial(getattr, diagnosis, "explanation"))


main()
