"""The secret does not leak: it goes through every surface of every language, and never shows."""

from __future__ import annotations

import base64
import hmac
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from check import BUILT, RELEASE, ROOT, SENTINEL, Broken, Check, build_c, build_go, build_rust, run

NAME = "PYLON_IDENTITY_SECRET"
HERE = Path(__file__).with_suffix("")
KEY = bytes.fromhex(SENTINEL)

# What people make of a secret. The last has no UTF-8 form, and is a lone surrogate in text.
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
    """Return whether this output shows the secret or a part of it, in any dress."""
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


Renderings = dict[str, Rendering]


@cache
def panicking_c() -> Path:
    folder = BUILT / "panic"
    command = ["cargo", "rustc", "--quiet", "--locked", "-p", "pylon-identity-c", "--lib"]
    command += ["--crate-type", "staticlib", "--target-dir", str(folder)]
    run([*command, "--", "--cfg", "pylon_identity_panic"])
    library = folder / "debug" / "libpylon_identity.a"
    return build_c(HERE / "surfaces.c", BUILT / "secrecy-panic", "-DPANIC", library=library)


@cache
def programs() -> dict[str, list[str | Path]]:
    return {
        "Python": [sys.executable, HERE / "surfaces.py"],
        "Node": ["node", HERE / "surfaces.js"],
        "Go": [build_go(HERE / "go", BUILT / "secrecy-go")],
        "Rust": [build_rust("client", "surfaces")],
        "C": [build_c(HERE / "surfaces.c", BUILT / "secrecy-c")],
    }


def shown(command: list[str | Path], kind: str) -> Renderings:
    given = "".join(f"{value.hex()}\n" for value in [SENTINEL.encode(), *MALFORMED])
    renderings: Renderings = {}
    for line in run([*command, kind], input=given).splitlines():
        match line.split("\t"):
            case [surface, ("shown" | "refused") as outcome, data] if surface not in renderings:
                renderings[surface] = Rendering(outcome == "refused", bytes.fromhex(data))
            case _:
                raise Broken(f"{command[0]} printed something else: {line[:200]}")
    return renderings


EMAIL = "ada@example.com"
COMMAND_LINES: dict[str, list[str | Path]] = {
    "pylon-identity": [RELEASE / "pylon-identity"],
    "python -m pylon_identity": [sys.executable, "-m", "pylon_identity"],
    "npx pylon-identity": ["node", ROOT / "node" / "cli.js"],
}
LEAKY_COMMAND_LINE: list[str | Path] = [
    "sh",
    "-c",
    'printf "%s\\n" "$@" "$PYLON_IDENTITY_SECRET"; cat; for f; do test -f "$f" && cat "$f"; done',
    "sh",
]


def command_line(program: list[str | Path], *, thorough: bool) -> Renderings:
    """Run commands with a secret, well-formed or not, where it belongs and where it does not."""
    folder = BUILT / "secrecy-files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    renderings: Renderings = {}

    def call(surface: str, *args: str, variable: bytes = b"", stdin: bytes = b"") -> None:
        for json in ([], ["--json"]) if thorough else ([],):
            done = subprocess.run(
                [str(part) for part in program] + json + list(args),
                env={**os.environ, **({NAME: os.fsdecode(variable)} if variable else {})},
                input=stdin,
                capture_output=True,
                check=False,
            )
            name = " ".join([surface, *json])
            renderings[name] = Rendering(done.returncode == 2, done.stdout + done.stderr)

    wrong = "0" * 64
    values = [SENTINEL.encode(), *MALFORMED]
    for i, value in enumerate(values if thorough else values[:3]):
        path = folder / str(i)
        path.write_bytes(value)
        call(f"file {i}", "sign", EMAIL, "--secret-file", str(path))
        call(f"standard input {i}", "diagnose", EMAIL, wrong, "--secret-file", "-", stdin=value)
        if b"\0" not in value:  # which no variable can hold
            call(f"sign {i}", "sign", EMAIL, variable=value)
            call(f"verify {i}", "verify", EMAIL, wrong, variable=value)
            call(f"diagnose {i}", "diagnose", EMAIL, wrong, variable=value)
    for args in (
        ["sign", EMAIL, "%"], ["sign", "--secret", "%", EMAIL], ["sign", "--secret=%", EMAIL],
        ["sign", EMAIL, "-s%"], ["sign", EMAIL, "-%"], ["sign", EMAIL, "--%"],
        ["sign", EMAIL, "--json=%"], ["sign", EMAIL, "--secret-file", "%"],
        ["sign", EMAIL, "--secret-file=%"], ["%"], ["help", "%"], ["generate-secret", "%"],
        ["verify", "%"], ["diagnose", EMAIL, "%", "%"], ["sign", "%", "--secret-file", os.devnull],
        ["verify", EMAIL, "%", "--secret-file", "/"],
    ):  # fmt: skip
        call(" ".join(args), *(arg.replace("%", SENTINEL) for arg in args))
    for args in (["verify", "%", wrong], ["verify", EMAIL, "%"], ["diagnose", EMAIL, "%"]):
        filled = [arg.replace("%", SENTINEL) for arg in args]
        call(f"{' '.join(args)}, with a secret", *filled, variable=SENTINEL.encode())
    return renderings


@cache
def real() -> dict[str, Renderings]:
    BUILT.mkdir(parents=True, exist_ok=True)
    by_language = {name: shown(command, "real") for name, command in programs().items()}
    right = hmac.new(KEY, EMAIL.encode(), "sha256").hexdigest()
    for name, program in COMMAND_LINES.items():
        by_language[name] = command_line(program, thorough=name == "pylon-identity")
        if right not in by_language[name]["sign 0"].data.decode():
            raise Broken(f"{name} does not sign")
    return by_language


@cache
def leaky() -> dict[str, Renderings]:
    by_language = {name: shown(command, "leaky") for name, command in programs().items()}
    for name in COMMAND_LINES:
        by_language[name] = command_line(LEAKY_COMMAND_LINE, thorough=name == "pylon-identity")
    return by_language


# --- the checks ---


def total(by_language: dict[str, Renderings]) -> int:
    return sum(map(len, by_language.values()))


def nothing_leaks() -> str:
    return no_trace(real())


def no_trace(by_language: dict[str, Renderings]) -> str:
    for language, renderings in by_language.items():
        if leaking := [name for name, shown in renderings.items() if leaks(shown.data)]:
            raise Broken(f"{language} shows the secret by {len(leaking)}, first: {leaking[0]}")
    counts = ", ".join(f"{language} {len(shown)}" for language, shown in by_language.items())
    return f"{total(by_language):,} renderings ({counts}), no trace"


def every_leak_is_seen() -> str:
    if missed := [form for form, data in FORMS.items() if not leaks(b"<" + data + b">")]:
        raise Broken(f"not seen in these forms: {', '.join(missed)}")
    other = bytes(byte ^ 0xFF for byte in KEY)
    innocent = (other.hex(), other, repr(list(other)), base64.b64encode(other), repr(other))
    if leaks("\n".join(map(str, innocent)).encode()):
        raise Broken("a trace is seen in another secret")
    return f"{all_leak(leaky(), real())}, each seen; so are {len(FORMS)} forms of it"


def all_leak(leaking: dict[str, Renderings], honest: dict[str, Renderings]) -> str:
    """What shows nothing even of a careless stand-in is no surface, and does not count."""
    for language, renderings in honest.items():
        if differing := renderings.keys() ^ leaking[language].keys():
            raise Broken(f"{language}: the stand-in has other surfaces: {sorted(differing)[0]}")
        unseen = [name for name, shown in leaking[language].items() if not leaks(shown.data)]
        if unseen:
            raise Broken(f"{language}: {len(unseen)} leaks were not seen, first: {unseen[0]}")
    return f"{total(leaking):,} renderings of stand-ins that leak"


def clones(by_language: dict[str, Renderings]) -> dict[str, Rendering]:
    return {
        f"{language} {name}": rendering
        for language, renderings in by_language.items()
        for name, rendering in renderings.items()
        if name.startswith("clone: ")
    }


def not_refused(attempts: dict[str, Rendering]) -> list[str]:
    return [
        name
        for name, attempt in attempts.items()
        if not attempt.refused or b"make it again" not in attempt.data.replace(b"\n", b" ")
    ]


def no_clones() -> str:
    attempts = clones(real())
    if copied := not_refused(attempts):
        raise Broken(f"not refused in plain words: {', '.join(copied)}")
    return f"{len(attempts)} ways to pickle, copy or clone a secret, all refused"


def stand_ins_are_cloned() -> str:
    attempts = clones(leaky())
    if unnoticed := attempts.keys() - not_refused(attempts):
        raise Broken(f"a clone of a stand-in was not noticed: {sorted(unnoticed)[0]}")
    return f"{len(attempts)} clones of stand-ins, all noticed"


@cache
def panic_in_c(kind: str) -> Renderings:
    renderings = shown([panicking_c()], kind)
    return {name: shown for name, shown in renderings.items() if name.startswith("panic ")}


def panics_show_nothing() -> str:
    renderings = panic_in_c("real")
    no_trace({"C": renderings})
    written = renderings["panic 0: standard error"].data
    if b"on purpose" not in written or b"backtrace" not in written:
        raise Broken("nothing panicked, or said so without a backtrace")
    return (
        f"{len(written):,} bytes on standard error and {len(renderings) - 1} renderings, no trace"
    )


CHECKS = [
    Check("The secret does not leak", nothing_leaks, every_leak_is_seen, quick=True),
    Check("A secret is neither pickled nor cloned", no_clones, stand_ins_are_cloned, quick=True),
    Check(
        "A panic in C shows nothing",
        panics_show_nothing,
        lambda: all_leak({"C": panic_in_c("leaky")}, {"C": panic_in_c("real")}),
    ),
]
