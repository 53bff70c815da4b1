"""The secret does not show: the programs called surfaces show it in every way of their language.

In Rust, errors are numbers, and core/tests/api.rs looks at the few ways to show a secret. In C,
messages are static texts, and test_boundary.py looks at the outputs and at panics.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Figure
from shared import BUILT, PROGRAMS, RELEASE, ROOT, SENTINEL, Broken, build_go, run

NAME = "PYLON_IDENTITY_SECRET"
KEY = bytes.fromhex(SENTINEL)

# Malformed secrets. The last is not UTF-8: it is a lone surrogate in text.
MALFORMED = [
    form.replace(b"%", SENTINEL.encode())
    for form in (
        b"%0", b"0x%", b" %", b"% ", b"%\n", b"'%'", b'"%"', b"%g", b"%\0", b"NAME=%",
        "“%”".encode(), b"%" * 5 + b"-", b"%\xff",
    )
]  # fmt: skip

# --- finding traces ---

ESCAPES = re.compile(
    rb"\\x([0-9a-f]{2})|\\u00([0-9a-f]{2})|\\u\{([0-9a-f]{2})\}|%([0-9a-f]{2})|&#x([0-9a-f]{2});",
    re.I,
)
OCTAL = re.compile(rb"\\([0-7]{3})")
DECIMALS = re.compile(rb"\d{1,3}(?:[\s,\[\]{}():\"']+(?:\d+[\s\"']*:[\s\"']*)?\d{1,3}){3,}")
HEX_BYTES = re.compile(rb"(?:0x)?[0-9a-f]{2}(?:[\s,:\-]+(?:0x)?[0-9a-f]{2}){3,}", re.I)
HEX = re.compile(rb"[0-9a-f]{16,}", re.I)
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")


def readings(data: bytes) -> Iterator[bytes]:
    """Yield the bytes that this output may stand for."""
    yield data
    yield data.replace(b"\0", b"")  # UTF-16
    yield data.decode("utf-8", "replace").encode("latin-1", "replace")
    unescaped = ESCAPES.sub(
        lambda match: bytes.fromhex((match[match.lastindex or 0]).decode()), data
    )
    yield OCTAL.sub(lambda match: bytes([int(match[1], 8) & 255]), unescaped)
    for numbers in DECIMALS.findall(data):
        yield bytes(int(number) & 255 for number in re.findall(rb"\d+", numbers))
        # With the indices of a JavaScript object.
        yield bytes(int(number) & 255 for number in re.findall(rb":[\s\"']*(\d+)", numbers))
    for pairs in HEX_BYTES.findall(data):
        yield bytes.fromhex(re.sub(rb"0x|[^0-9a-f]", b"", pairs, flags=re.I).decode())
    for digits in HEX.findall(data):
        for start in range(2):
            yield bytes.fromhex(digits[start : start + (len(digits) - start) // 2 * 2].decode())
    for text in BASE64.findall(data):
        for start in range(4):
            digits = text[start : start + (len(text) - start) // 4 * 4].translate(URL_SAFE)
            yield base64.b64decode(digits)


URL_SAFE = bytes.maketrans(b"-_", b"+/")


def windows(whole: bytes, size: int) -> list[bytes]:
    return [whole[i : i + size] for i in range(len(whole) - size + 1)]


# Any eight digits in a row, or the four bytes that they stand for.
DIGITS, BYTES = windows(SENTINEL.encode(), 8), windows(KEY, 4)


def leaks(data: bytes) -> bool:
    """Return whether this output shows the secret or a part of it, in any form."""
    read = b"\n".join(readings(data))
    lower = read.lower()
    return any(digits in lower for digits in DIGITS) or any(some in read for some in BYTES)


FORMS = {
    "as it is": SENTINEL.encode(),
    "uppercase": SENTINEL.upper().encode(),
    "eight digits": b"..." + SENTINEL[21:29].encode() + b"...",
    "bytes": KEY,
    "four bytes": b"key: " + KEY[9:13] + b"...",
    "UTF-16": SENTINEL.encode("utf-16-le"),
    "bytes as Latin-1 in UTF-8": KEY.decode("latin-1").encode(),
    "Python's bytes": repr(KEY).encode(),
    "a list of numbers": repr(list(KEY)).encode(),
    "Go's numbers": str(list(KEY)).replace(",", "").encode(),
    "JavaScript's Uint8Array": f"Uint8Array(32) [\n  {', '.join(map(str, KEY))}\n]".encode(),
    "an object of numbers": str({str(i): byte for i, byte in enumerate(KEY)}).encode(),
    "JavaScript's Buffer": f"<Buffer {KEY.hex(' ')}>".encode(),
    "Go's bytes": ", ".join(f"0x{byte:x}" for byte in KEY).encode(),
    "\\u escapes": "".join(f"\\u00{byte:02x}" for byte in KEY).encode(),
    "octal escapes": "".join(f"\\{byte:03o}" for byte in KEY).encode(),
    "a URL": urllib.parse.quote(KEY).encode(),
    "digits of the digits": b"0" + SENTINEL.encode().hex().encode(),
    "base64": base64.b64encode(KEY),
    "base64 within text": b"data:x" + base64.b64encode(b"x" + KEY[:20]),
    "base64url": base64.urlsafe_b64encode(KEY).rstrip(b"="),
    "base64 of the digits": base64.b64encode(SENTINEL.encode()),
}

# --- showing the secret ---


class Rendering(NamedTuple):
    refused: bool
    data: bytes


LANGUAGES: dict[str, Callable[[], list[str | Path]]] = {
    "Python": lambda: [sys.executable, PROGRAMS / "surfaces.py"],
    "Node": lambda: ["node", PROGRAMS / "surfaces.js"],
    "portable Node": lambda: ["node", "--no-addons", "--no-warnings", PROGRAMS / "surfaces.js"],
    "Go": lambda: [build_go("surfaces", BUILT / "surfaces-go")],
}


@cache
def renderings(language: str) -> dict[str, Rendering]:
    given = "".join(f"{value.hex()}\n" for value in [SENTINEL.encode(), *MALFORMED])
    found: dict[str, Rendering] = {}
    for line in run(LANGUAGES[language](), input=given).splitlines():
        match line.split("\t"):
            case [surface, ("shown" | "refused") as outcome, data] if surface not in found:
                found[surface] = Rendering(outcome == "refused", bytes.fromhex(data))
            case _:
                raise Broken(f"{language} printed something else: {line[:200]}")
    return found


EMAIL = "ada@example.com"
WRONG = "0" * 64
PROGRAM = "pylon-identity"
LAUNCHERS: dict[str, list[str | Path]] = {
    "python -m pylon_identity": [sys.executable, "-m", "pylon_identity"],
    "npx pylon-identity": ["node", ROOT / "node" / "cli.js"],
}
# With the secret, for which % stands, where it does not belong.
MISUSES = (
    "sign e %", "sign --secret % e", "sign --secret=% e", "sign e -s%", "sign e -%", "sign e --%",
    "sign e --json=%", "sign e --secret-file %", "sign e --secret-file=%", "%", "help %",
    "generate-secret %", "verify %", "diagnose e % %", "sign % --secret-file /dev/null",
    "verify e % --secret-file /", f"verify % {WRONG}", "verify e %", "diagnose e %",
    "diagnose --page %", "jwt a e %", "jwt a e --expires-in %", "jwt a e --key %",
    "jwt a e --secret-file %", "verify-jwt a %", "verify-jwt a e %", "verify-jwt % e --name %",
)  # fmt: skip


def command_line(program: list[str | Path], folder: Path) -> dict[str, bytes]:
    """Run commands with a secret, well-formed or not, where it belongs and where it does not."""
    shown: dict[str, bytes] = {}

    def call(surface: str, *args: str, variable: bytes = b"", stdin: bytes = b"") -> None:
        names = (NAME, "PYLON_JWT_SECRET") if variable else ()
        environment = {**os.environ, **dict.fromkeys(names, os.fsdecode(variable))}
        for options in ([], ["--json"]):
            whole = [str(part) for part in [*program, *options, *args]]
            done = subprocess.run(whole, env=environment, input=stdin, capture_output=True)
            shown[f"{surface} {options}"] = done.stdout + done.stderr

    for i, value in enumerate([SENTINEL.encode(), *MALFORMED]):
        path = folder / str(i)
        path.write_bytes(value)
        call(f"file {i}", "sign", EMAIL, "--secret-file", str(path))
        call(f"JWT file {i}", "jwt", "a", EMAIL, "--secret-file", str(path))
        call(f"standard input {i}", "diagnose", EMAIL, WRONG, "--secret-file", "-", stdin=value)
        if b"\0" not in value:  # which no variable can hold
            call(f"sign {i}", "sign", EMAIL, variable=value)
            call(f"verify {i}", "verify", EMAIL, WRONG, variable=value)
            call(f"diagnose {i}", "diagnose", EMAIL, WRONG, variable=value)
            page = b"{app_id: 'a', email: 'a', emailHash: '" + value + b"'}"
            call(f"page {i}", "diagnose", "--page", "-", variable=value, stdin=page)
            page = b"{app_id: 'a', jwt: '" + value + b"'}"
            call(f"JWT page {i}", "diagnose", "--page", "-", variable=value, stdin=page)
            call(f"jwt {i}", "jwt", "a", EMAIL, variable=value)
            call(f"verify-jwt {i}", "verify-jwt", "a", variable=value, stdin=value)
    for misuse in MISUSES:
        filled = misuse.replace("%", SENTINEL).split()
        call(misuse, *filled)
        call(f"{misuse}, with a secret", *filled, variable=SENTINEL.encode())
    return shown


# --- the checks ---

quick = pytest.mark.quick


@quick
@pytest.mark.parametrize("language", LANGUAGES)
def test_only_careless_stand_ins_show(language: str, figure: Figure) -> None:
    """These are the control: each way must show them."""
    found = renderings(language)
    careless = {name for name in found if name.startswith("control: ")}
    assert careless
    assert {name for name, it in found.items() if leaks(it.data)} == careless
    figure(f"{len(found) - len(careless)} renderings, no trace")


# The others take long to start.
@pytest.mark.parametrize("name", [pytest.param(PROGRAM, marks=quick), *LAUNCHERS])
def test_the_command_line_does_not_show_it(name: str, tmp_path: Path, figure: Figure) -> None:
    shown = command_line(LAUNCHERS.get(name, [RELEASE / name]), tmp_path)
    assert [surface for surface, data in shown.items() if leaks(data)] == []
    right = hmac.new(KEY, EMAIL.encode(), "sha256").hexdigest()
    assert right in shown["sign 0 []"].decode()
    assert shown["jwt 0 []"].startswith(b"ey")
    figure(f"{len(shown)} renderings, no trace")


@quick
def test_every_form_is_seen_control() -> None:
    assert [form for form, data in FORMS.items() if not leaks(b"<" + data + b">")] == []
    other = bytes(byte ^ 0xFF for byte in KEY)
    innocent = (other.hex(), other, repr(list(other)), base64.b64encode(other), repr(other))
    assert not leaks("\n".join(map(str, innocent)).encode())


@quick
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_secret_is_neither_pickled_nor_cloned(language: str, figure: Figure) -> None:
    found = renderings(language)
    attempts = [name for name in found if re.match(r"(JWT )?secret\b.*: clone: ", name)]
    for name in attempts:  # our message, or V8's
        assert found[name].refused, name
        assert re.search(rb"make\sit\sagain|could not be cloned", found[name].data), name
        assert not found[f"control: {name.removeprefix('JWT ')}"].refused
    assert attempts
    figure(f"{len(attempts)} ways, all refused")
