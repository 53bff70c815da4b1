"""Paths of the packages, and the environment of a user who has no Rust, as a plugin of pytest.

make dist test-dist
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from platform import machine

import oracle
import pytest
from dist import ARCH, DIST, GO_MODULE, HEADER, PLATFORM, ROOT, SYSTEM, VERSION
from seal import interface

VECTORS = ROOT / "tests" / "vectors"
FUNCTIONS = interface(HEADER)

SECRET = oracle.SECRET
EMAIL = "ada@example.com"
EMAIL_HASH = oracle.sign(bytes.fromhex(SECRET), EMAIL.encode())
SCRIPT = oracle.script(
    {"app_id": "YOUR_APP_ID", "email": EMAIL, "name": "Ada", "email_hash": EMAIL_HASH}, "r4nd0m"
)

# The PATH of the tests has only the tools of a backend developer, so that nothing can call Rust.
USER_TOOLS = ["ar", "as", "c++", "cc", "cmake", "gcc", "go", "ld", "make", "meson", "ninja", "node"]
USER_TOOLS += ["npm", "npx", "pkg-config", "basename", "cat", "cp", "dirname", "env", "expr"]
USER_TOOLS += ["grep", "ls", "mkdir", "mv", "rm", "sed", "sh", "tar", "tr", "uname"]
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

PACKAGES = {
    "wheel": "python/*-cp310-abi3-*.whl",
    "free-threaded wheel": "python/*-cp314t-*.whl",
    "sdist": "python/*.tar.gz",
    "npm main package": f"npm/pylon-identity-{VERSION}.tgz",
    "npm platform package": f"npm/pylon-identity-{PLATFORM}-{VERSION}.tgz",
    "C package": "c/*.tar.gz",
    "Go module": f"go/{GO_MODULE}/@v/v{VERSION}.zip",
}

# The tests here use these npm packages too.
MODULES = ROOT / "tests" / "stacks" / "node_modules"

# The Nodes that tests/stacks/package.json names for this machine, beside the machine's own.
NODES: dict[str, Path | None] = {"the machine's": None} | {
    path.name.split("-")[0]: path / "bin" for path in sorted(MODULES.glob(f"node*-{SYSTEM}-{ARCH}"))
}


def package(name: str) -> Path:
    found = sorted(DIST.glob(PACKAGES[name]))
    assert len(found) == 1, f"not one {name}: {found}; run: make dist"
    return found[0]


def first_match(pattern: str, path: Path) -> str:
    match = re.search(pattern, path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert match, f"{path}: no {pattern}"
    return match[1]


def readme_program(language: str) -> str:
    """Return the quick start of the README as it is printed there."""
    return first_match(rf"^```{language}\n(.*?)^```$", ROOT / "README.md")


def add_suite(tests: str, folder: Path, vectors: Path) -> Path:
    """Copy a test suite of the checkout, and the vectors to where it looks for them."""
    shutil.copytree(ROOT / tests, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(VECTORS, vectors / "tests" / "vectors")
    return folder


def attempt(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8")


def run(command: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> str:
    """Run a command that has to succeed, and return its output."""
    done = attempt(command, folder, env)
    line = shlex.join(map(str, command))
    assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
    return done.stdout


def find_tool(name: str) -> str:
    """Find a tool in the virtual environment that the tests run in, or on this machine."""
    found = shutil.which(name, path=PATH)
    assert found, f"{name} is missing on this machine"
    return found


def tool(name: str, *arguments: str | Path) -> str:
    environment = {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return run([find_tool(name), *arguments], ROOT, environment)


def needed_libraries(path: Path) -> list[str]:
    """Return the shared libraries that a program needs: none if it is static."""
    return re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "--dynamic", path))


def zig(env: Mapping[str, str], target: str, cpu: str = machine()) -> dict[str, str]:
    """Add Zig's C compiler, which brings a linker and C libraries of its own."""
    compiler = f"{sys.executable} -m ziglang cc -target {cpu}-{target}"
    return {**env, "CC": compiler, "ZIG_GLOBAL_CACHE_DIR": str(Path.home() / ".cache" / "zig")}


def add_tools(folder: Path, names: Sequence[str]) -> None:
    """Make a script for each tool; some look for files next to themselves, so links fail."""
    folder.mkdir()
    for name in names:
        found = find_tool(name.replace("gcc", "cc"))  # Go calls it gcc
        (folder / name).write_text(f'#!/bin/sh\nexec "{found}" "$@"\n')
        (folder / name).chmod(0o755)


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment without Rust, settings and network."""
    home = tmp_path_factory.mktemp("home")
    add_tools(home / "tools", USER_TOOLS)
    nowhere = "http://127.0.0.1:9"  # the port that discards: nothing can be downloaded unnoticed
    return {
        "PATH": str(home / "tools"),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYLON_IDENTITY_SECRET": SECRET,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
    }


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]) -> Path:
    """Return a folder in which both packages of npm, and nothing more, are installed."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "package.json").write_text('{"private": true}')
    offline = ["npm", "install", "--offline", "--no-audit", "--no-fund"]
    run([*offline, package("npm main package"), package("npm platform package")], folder, user)
    return folder


@pytest.fixture(scope="session")
def c_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked folder of the C library."""
    folder = tmp_path_factory.mktemp("opt")
    tool("tar", "-xzf", package("C package"), "-C", folder)
    return next(folder.iterdir())
