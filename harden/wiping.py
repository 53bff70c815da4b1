"""The key is wiped: a scan of the memory of programs that have forgotten their secrets.

Each program in wiping/ uses secrets in one way, forgets them and waits. What is looked for is known
only here, so that no program has it from us.
"""

from __future__ import annotations

import os
import re
import secrets
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice, product
from typing import NamedTuple

from check import (
    ARCHIVE,
    BUILT,
    RELEASE,
    ROOT,
    Broken,
    Check,
    build_c,
    build_go,
    build_rust,
    caught,
    run,
)

PROGRAMS = ROOT / "harden" / "wiping"
PORTABLE = BUILT / "portable"  # what is built without the processor's own SHA instructions
COMMANDS: dict[str, list[str]] = {
    "C": [str(BUILT / "wiping-c")],
    "Rust": [str(RELEASE / "wiping")],
    "Python": [sys.executable, str(PROGRAMS / "forgets.py")],
    "Node": ["node", str(PROGRAMS / "forgets.js")],
    "Go": [str(BUILT / "wiping-go")],
    "portable C": [str(BUILT / "wiping-portable-c")],
    "portable Rust": [str(PORTABLE / "release" / "wiping")],
}
STEPS = ["sign and verify", "many", "drop-in", "diagnose", "env"]
VARIABLE = "PYLON_IDENTITY_SECRET"
# The programs do, as callers can in these languages.
WIPE_THEIR_TEXT = ["C", "Rust", "portable C", "portable Rust"]
SIZES = [32, 64, 104]  # the last is longer than a block of SHA-256, so its hash is the key

# What is looked for at once: as many bytes as a general register holds.
WORD = 8
PIECE = 1 << 16

# What is left in registers is not wiped. Else these would save them onto a stack now and then: the
# dynamic linker at the first call of a function, and Go's scheduler by a signal.
UNDISTURBED = {"LD_BIND_NOW": "1", "GODEBUG": "asyncpreemptoff=1"}


def build(languages: list[str]) -> None:
    if sys.platform != "linux":
        raise Broken("memory can be looked at only on Linux; run this there")
    source, posix = PROGRAMS / "forgets.c", "-D_POSIX_C_SOURCE=200809L"
    if "C" in languages:
        build_c(source, BUILT / "wiping-c", posix)
    if "portable C" in languages:
        cargo = ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", PORTABLE]
        flags = {"RUSTFLAGS": '--cfg sha2_backend="soft"'}
        run([*cargo, "-p", "wiping", "-p", "pylon-identity-c"], env=flags)
        archive = PORTABLE / "release" / ARCHIVE.name
        build_c(source, BUILT / "wiping-portable-c", posix, library=archive)
        for language in ("portable C", "portable Rust"):
            look_for_sha_instructions(COMMANDS[language][0])
    if "Rust" in languages:
        build_rust("wiping")
    if "Go" in languages:
        build_go(PROGRAMS / "go", BUILT / "wiping-go")


def look_for_sha_instructions(program: str) -> None:
    """Raise Broken if the program asks the processor whether it has them, as sha2 does."""
    if found := re.search("shani_cpuid|sha2_hwcap", run(["nm", program])):
        raise Broken(f"{program} is not portable: {found[0]}")


# --- what to look for ---


def _primes() -> Iterator[int]:
    return (n for n in range(2, 400) if all(n % divisor for divisor in range(2, n)))


def _root(number: int, degree: int) -> int:
    """The first 32 bits after the point of the square or cube root."""
    scaled, low, high = number << 32 * degree, 0, 1 << 40
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= scaled else (low, middle)
    return low % 2**32


START = [_root(prime, 2) for prime in islice(_primes(), 8)]
ROUNDS = [_root(prime, 3) for prime in islice(_primes(), 64)]


def compress(block: bytes) -> list[int]:
    """The state of SHA-256 (FIPS 180-4) after one block, which Python's own does not give away."""

    def turn(word: int, *distances: int) -> int:
        turned = 0
        for distance in distances:
            turned ^= word >> distance | word << 32 - distance
        return turned % 2**32

    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        first, second = words[i - 15], words[i - 2]
        first, second = turn(first, 7, 18) ^ first >> 3, turn(second, 17, 19) ^ second >> 10
        words.append((words[i - 16] + first + words[i - 7] + second) % 2**32)
    a, b, c, d, e, f, g, h = START
    for number, word in zip(ROUNDS, words, strict=True):
        one = h + turn(e, 6, 11, 25) + (e & f ^ ~e & g) + number + word
        two = turn(a, 2, 13, 22) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) % 2**32, a, b, c, (d + one) % 2**32, e, f, g
    return [(old + new) % 2**32 for old, new in zip(START, (a, b, c, d, e, f, g, h), strict=True)]


def shapes(digits: str) -> Iterator[tuple[str, bytes]]:
    """The names and bytes of everything that a secret becomes on its way to a keyed state."""
    yield "hex", digits.encode()
    key = bytes.fromhex(digits)
    yield "key", key
    if len(key) > 64:
        key = sha256(key).digest()
        yield "hashed key", key
    for name, mask in ("inner", 0x36), ("outer", 0x5C):
        block = bytes(byte ^ mask for byte in key.ljust(64, b"\0"))
        yield f"{name} padded key", block[: len(key)]
        yield f"{name} state", struct.pack("=8I", *compress(block))


def needles(digits: str) -> dict[int, str]:
    """Each eighth byte on, eight bytes of every shape, as an integer.

    So any 15 bytes on end are found. The words of SHA-256 are found in either order of their bytes,
    and of each other, as instructions for SHA-256 keep them.
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
    """What the process can read, but for untouched memory and files as they are on disk."""
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


# How often what was found: of which secret, counted from 0, and in which shape.
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
                # With a little of the next piece, so that nothing falls between them.
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


# --- the programs ---


def look(language: str, step: str, fate: str) -> Scan:
    """Run a program, and look for its secrets while it waits."""
    lines = [secrets.token_hex(size) for size in SIZES]
    in_environment = secrets.token_hex(32)
    program = subprocess.Popen(
        [*COMMANDS[language], step, fate],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, VARIABLE: in_environment, **UNDISTURBED},
    )
    assert program.stdin
    assert program.stdout
    with program:
        program.stdin.write("".join(f"{line}\n" for line in [*lines, ""]).encode())
        program.stdin.flush()
        if program.stdout.readline() != b"ready\n":
            raise Broken(f"{language}, {step}: the program did not get ready")
        seen = scan(program.pid, [in_environment] if step == "env" else lines)
    if program.returncode != 0:
        raise Broken(f"{language}, {step}: the program ended with {program.returncode}")
    return seen


def prove(languages: list[str]) -> str:
    build(languages)
    left, size, texts = list[str](), 0, set[str]()
    for language, step in product(languages, STEPS):
        seen = look(language, step, "forgotten")
        size += seen.size
        shapes_of_it = {shape for _, shape in seen.found}
        if "hex" in shapes_of_it and (language not in WIPE_THEIR_TEXT or step == "env"):
            texts.add("the environment" if step == "env" else f"strings of {language}")
            shapes_of_it.remove("hex")
        if shapes_of_it:
            left.append(f"{language}, {step}: {', '.join(sorted(shapes_of_it))}")
    if left:
        raise Broken("left in memory: " + "; ".join(left))
    return (
        f"no trace in {size / 1e6:.0f} MB of {len(languages) * len(STEPS)} programs that forgot "
        f"{len(SIZES)} keys each ({', '.join(languages)}); not ours to wipe and still there: "
        f"the text in {', '.join(sorted(texts))}"
    )


def control(languages: list[str]) -> str:
    for language in languages:
        found = set(look(language, STEPS[0], "kept").found)
        if missed := set(product(range(len(SIZES)), ["inner state", "outer state"])) - found:
            raise Broken(f"secrets in use in {language} were not found: {sorted(missed)}")
    seen = [f"the secrets in use in {', '.join(languages)}"]
    if "portable C" in languages:
        build(["Rust"])
        caught("is not portable", look_for_sha_instructions, *COMMANDS["Rust"])
    if "C" in languages:
        planted = {(0, "key"): "heap", (1, "outer padded key"): "stack"}
        if set(look("C", STEPS[0], "planted").found) != set(planted):
            raise Broken("a key on the heap and a padded one on the stack were not both found")
        seen.append("a key left on the heap and a padded one on the stack")
    return f"{' and '.join(seen)}: all found"


def check(languages: list[str], quick: bool) -> Check:
    return Check(
        f"The key is wiped ({', '.join(languages)})",
        lambda: prove(languages),
        lambda: control(languages),
        quick=quick,
    )


# Other systems have no such view of the memory of a process.
CHECKS = [
    check(["C", "Rust", "Python"], quick=sys.platform == "linux"),
    check(["Node", "Go"], quick=False),
    check(["portable C", "portable Rust"], quick=False),
]
