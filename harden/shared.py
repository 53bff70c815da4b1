"""Shared by the checks: running programs, and building them in each language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "harden" / "programs"
BUILT = ROOT / "target" / "harden"
RELEASE = ROOT / "target" / "release"
ARCHIVE = RELEASE / "libpylon_identity.a"

# A secret that no memory holds by chance.
SENTINEL = "5ec7e7a10badc0def00dfacecafe1dead1ab011ca1d00d1e5ca1ab1ede7ec7ed"


class Broken(AssertionError):  # noqa: N818 (a promise is broken, not the check)
    """A promise does not hold. The text describes the observation."""


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    input: str | None = None,  # noqa: A002 (as subprocess calls it)
    expect: int | None = 0,
    timeout: float = 600,
) -> str:
    """Run a command and return its two outputs; raise Broken if its exit status differs.

    `env` is added to the environment. With `expect=None` every exit status is fine.
    """
    name = Path(command[0]).name
    try:
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
    except subprocess.TimeoutExpired:
        raise Broken(f"{name} did not end within {timeout:.0f} seconds") from None
    if expect is not None and done.returncode != expect:
        lines = done.stdout.splitlines()
        said = "\n".join(lines[:20] + lines[20:][-20:])  # Go names the error first, others last
        raise Broken(f"{name} ended with {done.returncode}, not {expect}:\n{said}")
    return done.stdout


@cache
def rustc(field: str) -> str:
    """Return a field of `rustc -vV`, for example the host."""
    [found] = re.findall(rf"^{field}: (.+)$", run(["rustc", "-vV"]), re.MULTILINE)
    return str(found)


def of_toolchain(*path: str) -> Path:
    sysroot = Path(run(["rustc", "--print", "sysroot"]).strip())
    return sysroot.joinpath("lib", "rustlib", rustc("host"), *path)


def sanitizer_runtime() -> bool:
    return any(of_toolchain("lib").glob("librustc*_rt.asan.*"))


def llvm_tools() -> dict[str, str]:
    """Return the tools of rustc's LLVM as cargo-llvm-cov wants them named, or nothing."""
    version = rustc("LLVM version").partition(".")[0]
    found = {}
    for variable, tool in ("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata"):
        path = shutil.which(tool, path=of_toolchain("bin")) or shutil.which(f"{tool}-{version}")
        if not path:
            return {}
        found[variable] = path
    return found


def compiler() -> list[str]:
    return (os.environ.get("CC") or "cc").split()


# The libraries of the system that the static library needs.
LIBRARIES = ["-lpthread", "-lm", *(["-lutil", "-lrt", "-ldl"] if sys.platform == "linux" else [])]


def build_c(source: Path, out: Path, *options: str, library: Path = ARCHIVE) -> Path:
    """Compile a program in C and link it with the C library."""
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *options]
    include = f"-I{ROOT / 'c-abi' / 'include'}"
    out.parent.mkdir(parents=True, exist_ok=True)
    run([*compiler(), *flags, include, source, library, *LIBRARIES, "-o", out])
    return out


def build_go(name: str, out: Path, tags: str = "") -> Path:
    out.unlink(missing_ok=True)  # Go does not see when the library changes
    run(["go", "build", "-tags", tags, "-o", out, f"./{name}"], cwd=PROGRAMS / "go")
    return out


def build_rust(program: str) -> Path:
    run(["cargo", "build", "-q", "--release", "--locked", "-p", "harden", "--bin", program])
    return RELEASE / program


def build_c_library(folder: str, flags: str) -> Path:
    """Build the C libraries with these flags of rustc, and return the folder that they are in."""
    command = ["cargo", "build", "-q", "--release", "--locked", "-p", "pylon-identity-c", "--lib"]
    command += ["--target", rustc("host"), "--target-dir", str(BUILT / folder)]
    run(command, env={"RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": flags}, timeout=1200)
    return BUILT / folder / rustc("host") / "release"


def without_sha_instructions(program: Path) -> Path:
    """Raise Broken if the program asks the processor whether it has them, as sha2 does."""
    if found := re.search("shani_cpuid|sha2_hwcap", run(["nm", program])):
        raise Broken(f"{program} is not portable: {found[0]}")
    return program
