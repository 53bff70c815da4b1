"""The key is wiped: a scan of the memory of programs that have forgotten their secrets.

Each program called uses takes a step with secrets, forgets them and waits. The patterns of the
search are known only here, so no program can hold them.
"""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from typing import NamedTuple

import pytest
from conftest import Figure
from observed import running
from shared import ARCHIVE, RELEASE, Broken, without_sha_instructions

STEPS = ["use", "many", "drop-in", "diagnose", "env", "refused", "jwt"]
VARIABLE = "PYLON_IDENTITY_SECRET"
# The programs in these languages wipe their own text, as callers can.
WIPE_THEIR_TEXT = ["C", "Rust", "portable C"]
SIZES = [32, 64, 104]  # the last is longer than a block of SHA-256, so its hash is the key

# How many bytes are looked for at once: as many as a general register holds.
WORD = 8
PIECE = 1 << 16

# Registers are not wiped. These keep them from being saved onto a stack: by the dynamic linker at
# the first call of a function, and by Go's scheduler in a signal.
UNDISTURBED = {"LD_BIND_NOW": "1", "GODEBUG": "asyncpreemptoff=1"}

# Other systems have no such view of the memory of a process.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is searched on Linux")

# --- the patterns ---


def states(digits: str, kind: str) -> bytes:
    """Return the two keyed states of SHA-256: all bytes of C's struct that depend on the key."""
    library = ctypes.CDLL(str(RELEASE / "libpylon_identity.so"))
    init = getattr(library, f"pylon_identity_{kind}_init")
    made = []
    for text in [digits, *(secrets.token_hex(32) for _ in range(15))]:
        memory = (ctypes.c_uint64 * 32)()
        size = ctypes.c_size_t(len(text))
        assert init(memory, text.encode(), size) == 0
        made.append(bytes(memory))
    found = bytes(column[0] for column in zip(*made, strict=True) if len({*column}) > 1)
    assert len(found) == 64
    return found


def shapes(digits: str) -> Iterator[tuple[str, bytes]]:
    """The names and bytes of everything that a secret becomes on its way to a keyed state."""
    yield "hex", digits.encode()
    yield "key", bytes.fromhex(digits)
    for jwt, key in ("", bytes.fromhex(digits)), ("JWT ", digits.encode()):
        if len(key) > 64:
            key = sha256(key).digest()
            yield f"{jwt}hashed key", key
        for name, mask in ("inner", 0x36), ("outer", 0x5C):
            yield f"{jwt}{name} padded key", bytes(byte ^ mask for byte in key)
        both = states(digits, "jwt_secret" if jwt else "secret")
        yield f"{jwt}inner state", both[:32]
        yield f"{jwt}outer state", both[32:]


def needles(digits: str) -> dict[int, str]:
    """Return the pieces of eight bytes of every shape, as integers.

    So any 15 consecutive bytes are found. The words of SHA-256 are found in either order of their
    bytes, and of each other, as instructions for SHA-256 keep them.
    """
    found = {}
    for name, shape in shapes(digits):
        for at in range(0, len(shape), WORD):
            piece = shape[at : at + WORD]
            turned = piece[3::-1] + piece[:3:-1]
            for order in (piece, piece[::-1], turned, turned[::-1]):
                found[struct.unpack("=Q", order)[0]] = name
    return found


# --- where to look ---


def mappings(process: int) -> Iterator[tuple[int, int]]:
    """The memory of the process, without untouched memory and files as they are on disk."""
    with open(f"/proc/{process}/smaps", encoding="utf-8") as lines:
        parts = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", lines.read(), flags=re.MULTILINE)[1:]
    for part in parts:
        range_, mode, _, _, inode, *name = part.split("\n", 1)[0].split(None, 5)
        sizes = dict(re.findall(r"^(\w+): +(\d+) kB$", part, re.MULTILINE))
        if mode[0] != "r" or name in (["[vvar]"], ["[vvar_vclock]"], ["[vsyscall]"]):
            continue
        if inode != "0" and mode[3] == "p" and sizes["Anonymous"] == sizes["Swap"] == "0":
            continue
        if sizes["Rss"] == sizes["Swap"] == "0":
            continue
        start, end = range_.split("-")
        yield int(start, 16), int(end, 16)


# How often a secret was found: its number, from 0, and the shape.
Found = Counter[tuple[int, str]]


class Scan(NamedTuple):
    found: Found
    size: int  # how many bytes were looked at


def scan(process: int, used: list[str]) -> Scan:
    wanted = {
        number: (which, shape)
        for which, digits in enumerate(used)
        for number, shape in needles(digits).items()
    }
    numbers, found, size = frozenset(wanted), Found(), 0
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for start, end in mappings(process):
            for at in range(start, end, PIECE):
                # The pieces overlap, so that a match across two is found.
                piece = os.pread(memory.fileno(), min(PIECE + WORD - 1, end - at), at)
                size += min(PIECE, len(piece))
                if not piece.strip(b"\0"):
                    continue
                for shift in range(WORD):
                    words = memoryview(piece)[shift:]
                    words = words[: len(words) // WORD * WORD].cast("Q")
                    for number in numbers.intersection(words):
                        found[wanted[number]] += 1
    return Scan(found, size)


# --- the checks ---


def look(language: str, step: str) -> Scan:
    """Have a program take a step and forget its text, and look for its secrets while it waits."""
    lines = [secrets.token_hex(size) for size in SIZES]
    in_environment = secrets.token_hex(32)
    env = {"PYLON_IDENTITY_SECRET": in_environment, **UNDISTURBED}
    with running(language, lines, env) as program:
        program.take(step)
        program.take("forget")
        return scan(program.process.pid, [in_environment] if step == "env" else lines)


QUICK = [pytest.param(language, marks=pytest.mark.quick) for language in ("C", "Python")]
LANGUAGES = [*QUICK, "Rust", "Node", "portable Node", "Go", "portable Go", "portable C"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_left(language: str, figure: Figure) -> None:
    size = 0
    for step in STEPS:
        seen = look(language, step)
        size += seen.size
        left = {shape for _, shape in seen.found}
        if step == "env" or language not in WIPE_THEIR_TEXT:
            left.discard("hex")  # the text is the caller's to wipe
        assert not left, f"after {step}: {sorted(left)}"
    figure(f"no trace in {size / 1e6:.0f} MB after {len(STEPS)} steps with {len(SIZES)} keys each")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_left_control(language: str) -> None:
    """Secrets in use are found, and in C a key left on the heap and a padded one on the stack."""
    states = [f"{jwt}{side} state" for jwt in ("", "JWT ") for side in ("inner", "outer")]
    assert set(look(language, "keep").found) >= set(product(range(len(SIZES)), states))
    if language == "C":
        assert set(look("C", "plant").found) == {(0, "key"), (1, "outer padded key")}
        with pytest.raises(Broken, match="not portable"):
            without_sha_instructions(ARCHIVE)
