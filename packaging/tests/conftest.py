"""Paths of the packages, and the environment of a user who has no Rust.

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
from platform import machine, system

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
VECTORS = ROOT / "tests" / "vectors"
HEADER = ROOT / "c-abi" / "include" / "pylon_identity.h"
MACHINE = machine()
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

# The PATH of the tests has only the tools of a backend developer, so that nothing can call Rust.
SHELL_TOOLS = ["basename", "cat", "cp", "dirname", "env", "expr", "grep", "ls", "mkdir", "mv", "rm"]
SHELL_TOOLS += ["sed", "sh", "tar", "tr", "uname"]
COMPILERS = ["c++", "cc", "gcc"]
USER_TOOLS = [*SHELL_TOOLS, *COMPILERS, "ar", "as", "ld", "cmake", "go", "make", "node", "npm"]
USER_TOOLS += ["meson", "ninja", "npx", "pkg-config"]


PACKAGES = {
    "wheel": "python/*-abi3-*.whl",
    "free-threaded wheel": "python/*-cp314t-*.whl",
    "sdist": "python/*.tar.gz",
    "npm main package": f"npm/pylon-identity-{VERSION}.tgz",
    "npm platform package": f"npm/pylon-identity-*-*-{VERSION}.tgz",
    "C package": "c/*.tar.gz",
    "Go module": f"go/{GO_MODULE}/@v/v{VERSION}.zip",
}


MODULES = Path(__file__).parent / "node_modules"
ARCH = {"x86_64": "x64", "aarch64": "arm64"}.get(MACHINE, "")

# The Nodes that package.json here names for this machine, beside the machine's own.
NODES: dict[str, Path | None] = {"the machine's": None} | {
    path.name.split("-")[0]: path / "bin"
    for path in sorted(MODULES.glob(f"node*-{system().lower()}-{ARCH}"))
}


def package(name: str) -> Path:
    found = sorted(DIST.glob(PACKAGES[name]))
    assert len(found) == 1, f"not one {name}: {found}; run: make dist"
    return found[0]


def platform() -> str:
    """Return for example linux-x64-gnu."""
    name = package("npm platform package").name
    return name.removeprefix("pylon-identity-").removesuffix(f"-{VERSION}.tgz")


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


def tool(name: str, *arguments: str | Path) -> str:
    """Run a tool of this machine, or of the virtual environment that the tests run in."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=path)
    assert found, f"{name} is missing"
    environment = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return run([found, *arguments], ROOT, environment)


def zig(env: Mapping[str, str], target: str, cpu: str = MACHINE) -> dict[str, str]:
    """Add Zig's C compiler, which brings a linker and C libraries of its own."""
    compiler = f"{sys.executable} -m ziglang cc -target {cpu}-{target}"
    return {**env, "CC": compiler, "ZIG_GLOBAL_CACHE_DIR": str(Path.home() / ".cache" / "zig")}


def add_tools(folder: Path, names: Sequence[str]) -> None:
    """Make a script for each tool; some look for files next to themselves, so links fail."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    folder.mkdir()
    for name in names:
        found = shutil.which(name.replace("gcc", "cc"), path=path)  # Go calls it gcc
        assert found, f"{name} is missing on this machine"
        (folder / name).write_text(f'#!/bin/sh\nexec "{found}" "$@"\n')
        (folder / name).chmod(0o755)


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment without Rust, settings and network."""
    home = tmp_path_factory.mktemp("home")
    add_tools(home / "tools", USER_TOOLS)
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
def app(tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]) -> Path:
    """Return a folder in which both packages, and nothing else, are installed."""
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


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]) -> dict[str, str]:
    """Return the environment of a Go user whose only proxy is dist/go."""
    # Go's own packages are found by their contents, so the compiled ones of the machine will do.
    cache = tool("go", "env", "GOCACHE").strip()
    contents = hashlib.sha256(package("Go module").read_bytes()).hexdigest()[
        :16
    ]  # Go trusts the version alone
    return {
        **user,
        "GOCACHE": cache,
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOMODCACHE": str(tmp_path_factory.mktemp(f"modules-{contents}")),
        "GOPATH": str(tmp_path_factory.mktemp("gopath")),
        "GOPROXY": f"file://{DIST / 'go'}",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "CGO_ENABLED": "1",
    }
