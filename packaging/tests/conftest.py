"""What the tests of the packages share: where they are, and a machine without Rust to try them on.

make dist test-dist
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
PROGRAMS = Path(__file__).parent / "programs"
VECTORS = ROOT / "tests" / "vectors"
HEADER = ROOT / "c-abi" / "include" / "pylon_identity.h"
GO_MODULE = "github.com/pylon-identity/pylon-identity/go"

# The seal and the oracle are programs of this checkout, not packages.
sys.path[:0] = [str(ROOT / "packaging"), str(ROOT / "tests")]

import oracle  # noqa: E402
from seal import interface  # noqa: E402

FUNCTIONS = interface(HEADER)

SECRET = oracle.SECRET
EMAIL = "ada@example.com"
EMAIL_HASH = oracle.sign(bytes.fromhex(SECRET), EMAIL.encode())
SCRIPT = oracle.script(
    {"app_id": "YOUR_APP_ID", "email": EMAIL, "name": "Ada", "email_hash": EMAIL_HASH}, "r4nd0m"
)


def first_match(pattern: str, path: Path) -> str:
    match = re.search(pattern, path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert match, f"{path}: no {pattern}"
    return match[1]


VERSION = first_match(r'^\[workspace\.package\]\nversion = "([^"]+)"$', ROOT / "Cargo.toml")

# What a backend developer's machine has. It is all there is on the PATH of the tests, so that
# nothing can be built by Rust behind their back.
SHELL_TOOLS = ["basename", "cat", "cp", "dirname", "env", "expr", "grep", "ls", "mkdir", "mv", "rm"]
SHELL_TOOLS += ["sed", "sh", "tar", "tr", "uname"]
COMPILERS = ["c++", "cc", "g++", "gcc"]
USER_TOOLS = [*SHELL_TOOLS, *COMPILERS, "ar", "as", "ld", "cmake", "go", "make", "node", "npm"]
USER_TOOLS += ["npx", "pkg-config"]

_notes: list[str] = []


def note(line: str) -> None:
    """Show a figure at the end, whether the tests pass or not."""
    _notes.append(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _notes:
        terminalreporter.write_line(line)


def only(folder: Path, pattern: str) -> Path:
    """Return the one file in dist/ that this is about: a second one would be tested by nobody."""
    found = sorted(folder.glob(pattern))
    assert len(found) == 1, f"not one {pattern} in {folder}: {found}; run: make dist"
    return found[0]


def wheel() -> Path:
    return only(DIST / "python", "*.whl")


def sdist() -> Path:
    return only(DIST / "python", "*.tar.gz")


def npm_main() -> Path:
    return only(DIST / "npm", f"pylon-identity-{VERSION}.tgz")


def npm_platform() -> Path:
    return only(DIST / "npm", f"pylon-identity-*-*-{VERSION}.tgz")


def platform() -> str:
    """Return for example linux-x64-gnu."""
    return npm_platform().name.removeprefix("pylon-identity-").removesuffix(f"-{VERSION}.tgz")


def c_package() -> Path:
    return only(DIST / "c", "*.tar.gz")


def go_zip() -> Path:
    return only(DIST / "go" / GO_MODULE / "@v", f"v{VERSION}.zip")


def go_modules() -> str:
    """Name a module cache: to Go the same version at the same place is the same module."""
    return f"modules-{hashlib.sha256(go_zip().read_bytes()).hexdigest()[:16]}"


def readme_program(language: str) -> str:
    """Return the quick start of the README as it is printed there."""
    return first_match(rf"^```{language}\n(.*?)^```$", ROOT / "README.md")


def vector_counts(*but: str) -> dict[str, int]:
    """Return how many cases each file of vectors says that it has, but for the ones named."""
    counts = {path.name: first_match(r"\Acases\t(\d+)$", path) for path in VECTORS.glob("*.tsv")}
    return {name: int(count) for name, count in counts.items() if name not in but}


def counted(printed: str) -> dict[str, int]:
    """Return what a program in programs/ printed: each file and how many cases passed."""
    return {name: int(count) for name, count in map(str.split, printed.splitlines())}


def attempt(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=env, input=stdin, capture_output=True, encoding="utf-8"
    )


def run(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str], stdin: str = ""
) -> str:
    """Run a command that has to succeed, and return what it printed."""
    done = attempt(command, folder, env, stdin)
    line = shlex.join(map(str, command))
    assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
    return done.stdout


def tool(name: str, *arguments: str | Path) -> str:
    """Run a tool of this machine, or of the virtual environment that the tests run in."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=path)
    assert found, f"{name} is missing"
    environment = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return run([found, *arguments], ROOT, environment)


def link_tools(folder: Path, names: Sequence[str]) -> None:
    """Put tools into a folder for the PATH.

    A script for each, as a link would lose what some of them find beside themselves.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    folder.mkdir()
    for name in names:
        found = shutil.which(name, path=path)
        if not found and name in ("gcc", "g++"):  # cc and c++ are what everything calls
            continue
        assert found, f"{name} is missing on this machine"
        (folder / name).write_text(f'#!/bin/sh\nexec "{found}" "$@"\n')
        (folder / name).chmod(0o755)


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of somebody who has no Rust, no settings and no network."""
    home = tmp_path_factory.mktemp("home")
    link_tools(home / "tools", USER_TOOLS)
    nowhere = "http://127.0.0.1:9"  # the port that discards: nothing can be downloaded unnoticed
    environment = {
        "PATH": str(home / "tools"),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYLON_IDENTITY_SECRET": SECRET,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
    }
    for rust in ("cargo", "rustc", "rustup", "maturin"):
        assert attempt(["sh", "-c", f"command -v {rust}"], home, environment).returncode != 0
    return environment


@pytest.fixture(scope="session")
def c_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked folder of the C library."""
    folder = tmp_path_factory.mktemp("opt")
    tool("tar", "-xzf", c_package(), "-C", folder)
    return only(folder, "*")
