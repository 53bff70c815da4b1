"""Shows secrets, and the errors about them, in the ways of Python.

Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
"shown" or "refused", and in hexadecimal the text. The names of careless stand-ins, which are shown
in the same ways, begin with "control: ".
"""

from __future__ import annotations

import contextlib
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
from itertools import product
from multiprocessing.reduction import ForkingPickler
from types import SimpleNamespace
from typing import Any

import pylon_identity
from pylon_identity import Diagnosis, IdentitySecret, JwtSecret

EMAIL = "ada@example.com"
NAME = "CHAT_SECRET"
GIVEN = [bytes.fromhex(line).decode("utf-8", "surrogateescape") for line in sys.stdin]
TOKEN = JwtSecret(GIVEN[0]).sign_jwt(app_id="a", email=EMAIL)


def emit(surface: str, show: Callable[[], object]) -> None:
    outcome = "shown"
    try:
        shown = show()
    except Exception as error:
        outcome, shown = "refused", "".join(traceback.format_exception_only(error))
    data = shown if isinstance(shown, bytes) else str(shown).encode("utf-8", "surrogateescape")
    print(surface, outcome, data.hex(), sep="\t")


# --- ways to show any value ---


def logged(*args: Any, **options: Any) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    form = logging.Formatter("%(message)s %(args)s %(secret)s", defaults={"secret": ""})
    handler.setFormatter(form)
    logger = logging.Logger("app")
    logger.addHandler(handler)
    logger.info(*args, **options)
    return out.getvalue()


def as_error(value: Any) -> Exception:
    """Return the value if it is an error, or an error that has it as an argument and a local."""
    if isinstance(value, Exception):
        return value
    try:
        raise RuntimeError(value)
    except RuntimeError as error:
        return error


def traced(value: Any) -> str:
    error = traceback.TracebackException.from_exception(as_error(value), capture_locals=True)
    return "".join(error.format())


def excepthook(value: Any) -> str:
    error = as_error(value)
    with contextlib.redirect_stderr(io.StringIO()) as written:
        sys.excepthook(type(error), error, error.__traceback__)
    return written.getvalue()


@dataclasses.dataclass
class Config:
    secret: Any


SHOW: dict[str, Callable[[Any], object]] = {
    "format": lambda it: f"{it!r:>80} {it!s} {it!a} {it}",
    "containers": lambda it: pprint.pformat([(it,), {"it": it}, SimpleNamespace(it=it)]),
    "JSON": lambda it: json.dumps([it], default=repr),
    "attributes": lambda it: [getattr(it, name, None) for name in dir(it)],
    "garbage collector": gc.get_referents,
    "dataclass": lambda it: dataclasses.asdict(Config(it)),
    "log": lambda it: logged("made %s", it, extra={"secret": it}),
    "log of an error": lambda it: logged("failed", exc_info=as_error(it)),
    "traceback with locals": traced,
    "excepthook": excepthook,
    "clone: pickle": lambda it: pickle.dumps([it], 0),
    "clone: multiprocessing": lambda it: bytes(ForkingPickler.dumps(it)),
    "clone: pickle of an error": lambda it: pickle.dumps(as_error(it)),
}


def show_all(name: str, value: object) -> None:
    for way, show in SHOW.items():
        emit(f"{name}: {way}", partial(show, value))


# --- calls of everything public, with the secret where it belongs and where it does not ---


def public(*owners: Any) -> Iterator[Callable[..., object]]:
    """Yield the functions and classes of the package, and the methods of the objects."""
    for owner in owners:
        for name in getattr(owner, "__all__", dir(owner)):
            member = getattr(owner, name)
            its_own = not isinstance(member, type) or not issubclass(member, (dict, Exception))
            if callable(member) and its_own and not name.startswith("_"):
                yield member


def values(parameter: str, text: str, secrets: tuple[object, ...]) -> list[object]:
    """Return arguments of right and wrong types, most of them with the text in it."""
    page = {"app_id": text, "email": EMAIL, "emailHash": text}
    texts = [text, f"'{text}'", f"VITE_{text}", f"<script>window.pylon = {page}"]
    if parameter == "text":  # of a JWT secret, for which this is too short
        texts.append(text[:15])
    others = [text.encode("utf-8", "surrogateescape"), [text, *secrets], {"name": [text]}, page]
    return [*texts, *others, *secrets, NAME, TOKEN, "0" * 64, "", -1]


def results(call: Callable[..., object], secrets: tuple[object, ...]) -> Iterator[object]:
    """Yield each result and error of the call, for each value in the place of each argument."""
    parameters = inspect.signature(call).parameters.values()
    needed = [it.name for it in parameters if it.default is it.empty]
    right = {name: {"app_id": "a"} if name == "settings" else GIVEN[0] for name in needed}
    for text, parameter in product(GIVEN, (it.name for it in parameters)):
        if "\0" not in text:  # which no variable can hold
            os.environ[NAME] = text
        for value in values(parameter, text, secrets):
            try:
                result = call(**{**right, parameter: value})
            except UnicodeEncodeError:  # it carries the text to be signed, as Python's own do
                assert parameter not in ("hex", "text", "secret")
            except Exception as error:
                frame = error.__traceback__  # of this function, whose locals are the caller's
                yield error.with_traceback(frame and frame.tb_next)
            else:
                yield result


def call_all(secrets: tuple[object, ...]) -> None:
    """Show each error and each diagnosis once."""
    for call in public(pylon_identity, *secrets):
        seen: set[str] = set()
        for result in results(call, secrets):
            name = f"of {call.__qualname__}() {len(seen)}"
            shown = f"{result!r} {getattr(result, 'explanation', '')}"
            if shown in seen or not isinstance(result, Exception | Diagnosis):
                continue
            seen.add(shown)
            if isinstance(result, Exception):
                show_all(f"error {name}", result)
            else:
                emit(f"diagnosis {name}", partial(str, shown))
        assert seen or not inspect.signature(call).parameters, f"{call} never failed"


def main() -> None:
    secrets = {"secret": IdentitySecret(GIVEN[0]), "JWT secret": JwtSecret(GIVEN[0])}
    for name, value in secrets.items():
        show_all(name, value)
    show_all("control: secret", SimpleNamespace(secret=GIVEN[0]))
    show_all("control: error", as_error(GIVEN[0]))
    call_all(tuple(secrets.values()))


main()
