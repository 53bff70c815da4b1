"""Shows an identity secret, and errors about it, in the ways of Python: surfaces.py real|leaky.

Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
"shown" or "refused", and in hexadecimal the text. `leaky` shows a careless stand-in.
"""

from __future__ import annotations

import asyncio
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
import re
import string
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pydantic
from pydantic_core import core_schema

import pylon_identity

EMAIL = "ada@example.com"
NAME = "CHAT_SECRET"

# Global, so that no frame of a traceback has them among its locals: those are the caller's own.
GIVEN = [bytes.fromhex(line).decode("utf-8", "surrogateescape") for line in sys.stdin]


class Leaky:
    """Keeps the value that it was given and shows it, as careless code does."""

    def __init__(self, hex: object) -> None:  # noqa: A002 (as it is called)
        self.hex = hex
        if not re.fullmatch("(?:[0-9a-f]{2})+", str(hex)):
            self.refuse(hex)

    @classmethod
    def from_env(cls, name: str = NAME) -> Leaky:
        return cls(os.environ[name]) if name in os.environ else Leaky.refuse(name)

    @staticmethod
    def refuse(*values: object, **named: object) -> Any:
        error = ValueError(f"cannot use {values!r} {named!r}")
        error.given = values, named  # type: ignore[attr-defined]
        raise error

    sign = sign_many = verify = chat_settings = refuse

    def __repr__(self) -> str:
        return f"Leaky({self.hex})"

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls, serialization=core_schema.to_string_ser_schema()
        )


class LeakyModule:
    IdentitySecret = Leaky
    sign_message_with_hmac = chat_settings_script = staticmethod(Leaky.refuse)

    @staticmethod
    def diagnose(*values: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(explanation=f"not the hash of {values}")


api: Any = {"real": pylon_identity, "leaky": LeakyModule}[sys.argv[1]]
EXPECTED = (pylon_identity.IdentityError, TypeError, UnicodeEncodeError, pydantic.ValidationError)


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    secret: api.IdentitySecret


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
    handler.setFormatter(
        logging.Formatter("%(message)s %(args)s %(secret)s", defaults={"secret": ""})
    )
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


class Noisy(Config):
    def __del__(self) -> None:
        fail(self.secret)


def in_a_thread(secret: Any) -> str:
    thread = threading.Thread(target=fail, args=(secret,))
    with contextlib.redirect_stderr(io.StringIO()) as out:
        thread.start()
        thread.join()
    return out.getvalue()


def in_a_loop(secret: Any) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logging.getLogger("asyncio").addHandler(handler)
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": "failed", "secret": secret})
    loop.close()
    logging.getLogger("asyncio").removeHandler(handler)
    return out.getvalue()


def warned(secret: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        return written(lambda: warnings.warn(UserWarning(secret), stacklevel=1))


# Ways to show any value.
SHOW: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "format": format,
    "f-string": lambda it: f"{it!r:>80} {it!s} {it=}",
    "str.format": "{0} {0!a}".format,
    "%": lambda it: "%s %r %a" % (it, it, it),  # noqa: UP031
    "string.Template": lambda it: string.Template("$it").substitute(it=it),
    "print": lambda it: written(lambda: print(it)),
    "displayhook": lambda it: written(lambda: sys.displayhook(it)),
    "pprint": pprint.pformat,
    "repr in containers": lambda it: repr([it, (it,), {"it": it}, types.SimpleNamespace(it=it)]),
    "json": lambda it: json.dumps([it], default=repr),
    "logging %s": lambda it: logged("made %s", it),
    "logging extra": lambda it: logged("made", extra={"secret": it}),
    "logging itself": lambda it: logged(it),
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
    "warning": warned,
    "locals": lambda it: with_locals(raised(lambda: fail_with_a_local(it))),
    "unraisablehook": lambda it: written(lambda: Noisy(it) and None),
    "threading.excepthook": in_a_thread,
    "asyncio": in_a_loop,
    "dataclass": lambda it: dataclasses.asdict(Config(it)),
    "pydantic repr": lambda it: repr(Model(secret=it)),
    "pydantic dump": lambda it: Model(secret=it).model_dump(),
    "pydantic JSON": lambda it: Model(secret=it).model_dump_json(),
    **{
        f"clone: pickle {protocol}": partial(
            lambda protocol, it: pickle.dumps([it], protocol), protocol
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "clone: multiprocessing": lambda it: bytes(ForkingPickler.dumps(it)),
    "clone: pickle of an error": lambda it: pickle.dumps(RuntimeError(it)),
}
SHOW_ERROR: dict[str, Callable[[Any], object]] = SHOW | {
    "args": lambda it: it.args,
    "traceback": formatted,
    "locals": with_locals,
    "logging exc_info": lambda it: logged("failed", exc_info=it),
    "itself by excepthook": excepthook,
    "pickle": lambda it: pickle.dumps(it, 0),
    "copy": lambda it: repr(copy.copy(it)),
}
# pydantic keeps its input in the frames of a traceback, and shows it nowhere else.
SHOW_PYDANTIC_ERROR: dict[str, Callable[[Any], object]] = {
    "str": str,
    "repr": repr,
    "errors": lambda it: it.errors(),
    "traceback": formatted,
    "logging exc_info": lambda it: logged("failed", exc_info=it),
}


# Lambdas of a number, since a local with the malformed secret in it would show that.
def malformed(i: int) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "IdentitySecret", lambda: api.IdentitySecret(GIVEN[i])
    yield "drop-in", lambda: api.sign_message_with_hmac(EMAIL, GIVEN[i])
    yield "pydantic", lambda: Model(secret=GIVEN[i])
    # No variable can hold a NUL, and white space is trimmed.
    if "\0" not in GIVEN[i] and GIVEN[i].strip() != GIVEN[0]:
        os.environ[NAME] = GIVEN[i]
        yield "from_env", lambda: api.IdentitySecret.from_env(NAME)


# Calls that fail, with the secret where it belongs and where it does not.
WRONG: dict[str, Callable[[Any], object]] = {
    "from_env, as the name": lambda _: api.IdentitySecret.from_env(GIVEN[0]),
    "from_env, in the name": lambda _: api.IdentitySecret.from_env(f"VITE_{GIVEN[0]}"),
    "bytes": lambda _: api.IdentitySecret(GIVEN[0].encode() + b" "),
    "a dict": lambda _: api.IdentitySecret({"hex": GIVEN[0]}),
    "itself": lambda it: api.IdentitySecret([it]),
    "pydantic, a list": lambda _: Model(secret=[GIVEN[0]]),
    "pydantic, bytes": lambda _: Model(secret=GIVEN[0].encode() + b" "),
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
    "script, wrong type": lambda _: api.chat_settings_script({"name": [GIVEN[0]]}),
    "script, a list": lambda _: api.chat_settings_script([GIVEN[0]]),
    "script, as the nonce": lambda _: api.chat_settings_script(
        {"app_id": "a"}, nonce=GIVEN[0] + "!"
    ),
}


def failures(secret: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    for i in range(1, len(GIVEN)):
        for call, fails in malformed(i):
            yield f"{call}, malformed {i}", fails
    for call, wrong in WRONG.items():
        yield call, partial(wrong, secret)


def main() -> None:
    secret = api.IdentitySecret(GIVEN[0])
    for surface, show in SHOW_SECRET.items():
        emit(surface, partial(show, secret))
    for call, fails in failures(secret):
        error = raised(fails)
        if api is pylon_identity and not isinstance(error, EXPECTED):
            raise error  # of another call than was meant
        ways = SHOW_PYDANTIC_ERROR if call.startswith("pydantic") else SHOW_ERROR
        for way, show in ways.items():
            emit(f"error of {call}: {way}", partial(show, error))
    for i, given in enumerate(GIVEN):
        for wrong in ("0" * 64, given):
            diagnosis = api.diagnose(given, EMAIL, wrong)
            text = f"{diagnosis!r} {diagnosis.explanation}"
            emit(f"diagnosis {i} {wrong == given}", partial(str, text))


main()
