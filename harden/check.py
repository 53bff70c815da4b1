"""What a check is, and what the modules of checks share."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "target" / "harden"  # where checks build what they run; made by run.py
RELEASE = ROOT / "target" / "release"
ARCHIVE = RELEASE / "libpylon_identity.a"

# Made for the checks, like no value that a machine holds by chance.
SENTINEL = "5ec7e7a10badc0def00dfacecafe1dead1ab011ca1d00d1e5ca1ab1ede7ec7ed"


class Broken(Exception):  # noqa: N818 (a promise is broken; nothing went wrong with the check)
    """A promise does not hold, or a control was not caught. The text says what was seen."""


class Check(NamedTuple):
    """One promise, how it is proven, and how the proof is shown to be one that can fail."""

    promise: str
    prove: Callable[[], str]  # returns the figure that was seen, or raises Broken
    control: Callable[[], str]  # plants faults and returns how they were caught, or raises Broken
    quick: bool = False  # so quick that make test runs it, with nothing but its prerequisites
    needs: tuple[str, ...] = ()  # commands from run.TOOLS that a machine may lack


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    input: str | None = None,  # noqa: A002 (as subprocess calls it)
    expect: int | None = 0,
    timeout: float = 600,
) -> str:
    """Run a command and return what it wrote to both outputs; raise Broken if it exits otherwise.

    `env` is added to the environment. With `expect=None` every exit status is fine.
    """
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        input=input,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=timeout,
    )
    if expect is not None and done.returncode != expect:
        said = "\n".join(done.stdout.splitlines()[-40:])
        raise Broken(f"{Path(command[0]).name} ended with {done.returncode}, not {expect}:\n{said}")
    return done.stdout


def caught(sign: str, detect: Callable[..., object], *arguments: object, **options: object) -> str:
    """Run a check on a planted fault, and return how it broke: in a way that shows the sign."""
    try:
        seen = detect(*arguments, **options)
    except (Broken, subprocess.TimeoutExpired) as broken:
        if not re.search(sign, str(broken)):
            raise Broken(f"no {sign!r}, but: {broken}") from None
        return str(broken)
    raise Broken(f"{sign!r} went unnoticed: {seen}")


@cache
def rustc(what: str) -> str:
    """What rustc says of itself, for example its host."""
    [found] = re.findall(rf"^{what}: (.+)$", run(["rustc", "-vV"]), re.MULTILINE)
    return str(found)


def sanitizer_missing() -> list[str]:
    """What a machine lacks for rustc's AddressSanitizer."""
    host = Path(run(["rustc", "--print", "sysroot"]).strip(), "lib", "rustlib", rustc("host"))
    found = list((host / "lib").glob("librustc*_rt.asan.*"))
    return [] if found else ["AddressSanitizer for Rust (it comes with the toolchains of rustup)"]


def compiler() -> list[str]:
    return (os.environ.get("CC") or "cc").split()


# Of the system, for what links the static library.
LIBRARIES = ["-lpthread", "-lm", *(["-lutil", "-lrt", "-ldl"] if sys.platform == "linux" else [])]


def build_c(source: Path, out: Path, *options: str, library: Path = ARCHIVE) -> Path:
    """Compile a program in C and link it with the C library."""
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *options]
    include = f"-I{ROOT / 'c-abi' / 'include'}"
    out.parent.mkdir(parents=True, exist_ok=True)
    run([*compiler(), *flags, include, source, library, *LIBRARIES, "-o", out])
    return out


def build_go(folder: Path, out: Path, *flags: str, env: Mapping[str, str] | None = None) -> Path:
    """Build the program in this folder."""
    out.unlink(missing_ok=True)  # Go does not see when the library changes
    run(["go", "build", *flags, "-o", out, "."], cwd=folder, env=env)
    return out


def build_rust(package: str, example: str = "") -> Path:
    """Build the program of a package, or an example of it, in the release profile."""
    command = ["cargo", "build", "--quiet", "--release", "--locked", "-p", package]
    run([*command, "--example", example] if example else command)
    return RELEASE / "examples" / example if example else RELEASE / package
