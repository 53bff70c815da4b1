"""The files, sizes, compiled libraries and metadata of each package."""

from __future__ import annotations

import json
import os
import re
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from conftest import (
    DIST,
    FUNCTIONS,
    GO_MODULE,
    ROOT,
    VERSION,
    package,
    platform,
    tool,
)

NODE_FILES = [
    name
    for name in json.loads((ROOT / "node" / "package.json").read_text("utf-8"))["files"]
    if "*" not in name
]

# In kB of 1000 bytes.
LIMITS = {
    "wheel": 485,
    "npm platform package": 460,
    "npm main package": 110,
    "sdist": 145,
    "C package": 765,
    "Go module": 985,  # the portable core takes 180 of them
}

LICENSES = "LICENSE-APACHE LICENSE-MIT"

# Every file of each package, together with the tracked files of TRACKED. {v} is the version, {m}
# its first number, {p} the platform and {g} Go's name for it.
CONTENTS = {
    "wheel": """
        pylon_identity/_native.abi3.so
        pylon_identity-{v}.dist-info/METADATA
        pylon_identity-{v}.dist-info/RECORD
        pylon_identity-{v}.dist-info/WHEEL
        pylon_identity-{v}.dist-info/entry_points.txt
        pylon_identity-{v}.dist-info/licenses/LICENSE-APACHE
        pylon_identity-{v}.dist-info/licenses/LICENSE-MIT
    """,
    "sdist": f"""
        Cargo.lock Cargo.toml PKG-INFO README.md pyproject.toml {LICENSES}
        python/Cargo.toml python/README.md python/LICENSE-APACHE python/LICENSE-MIT
    """,
    "npm main package": f"README.md package.json {LICENSES}",
    "npm platform package": f"README.md package.json pylon-identity.{{p}}.node {LICENSES}",
    "C package": f"""
        README.md other-languages.md meson.build {LICENSES}
        include/pylon_identity.h include/pylon_identity_ffi.h
        lib/cmake/pylon_identity/pylon_identityConfig.cmake
        lib/cmake/pylon_identity/pylon_identityConfigVersion.cmake
        lib/libpylon_identity.a
        lib/libpylon_identity.so
        lib/libpylon_identity.so.{{m}}
        lib/libpylon_identity.so.{{v}}
        lib/pkgconfig/pylon_identity.pc
    """,
    "Go module": f"""
        lib/{{g}}/libpylon_identity.a lib/{{g}}/libpylon_identity_command.a
        example_test.go {LICENSES}
    """,
}

# Tracked files (git's patterns), and the folder that they are relative to.
TRACKED = {
    "wheel": ("python", ["python/pylon_identity"]),
    "sdist": (
        "",
        [
            "core",
            "cli",
            ":!core/tests",
            ":!cli/tests",
            "python/src",
            "python/tests",
            "python/*.allowlist",
        ],
    ),
    "npm main package": ("node", [f"node/{name}" for name in NODE_FILES]),
    "Go module": ("go", ["go", ":!go/*_test.go"]),
}

every_package = pytest.mark.parametrize("kind", CONTENTS)


def fill(text: str) -> str:
    system, arch = platform().split("-")[:2]
    go = f"{system}_{arch.replace('x64', 'amd64')}"
    return text.format(v=VERSION, p=platform(), g=go, m=VERSION.split(".")[0])


def files_in(kind: str) -> dict[str, bytes]:
    """Return the files of a package by their path, with the target of a link as its contents."""
    path = package(kind)
    found = {}
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
    else:
        with tarfile.open(path) as archive_:
            for member in archive_:
                data = archive_.extractfile(member) if member.isfile() else None
                if not member.isdir():
                    found[member.name] = data.read() if data else member.linkname.encode()
    # All files are in one folder, except those of a wheel.
    prefix = "" if kind == "wheel" else f"{os.path.commonpath(found)}/"
    return {name.removeprefix(prefix): data for name, data in found.items()}


def tracked(kind: str) -> set[str]:
    """Return the files that git knows. Built and forgotten files must stay out of a package."""
    base, patterns = TRACKED.get(kind, ("", [":!*"]))
    paths = tool("git", "ls-files", "--", *patterns).split()
    return {os.path.relpath(path, base or ".") for path in paths}


@every_package
def test_contents(kind: str) -> None:
    found, expected = set(files_in(kind)), set(fill(CONTENTS[kind]).split())
    if kind == "sdist":  # its root is also that of the Python files
        expected |= tracked("wheel")
    assert sorted(found) == sorted(expected | tracked(kind))


@every_package
def test_size(kind: str) -> None:
    size = package(kind).stat().st_size / 1000
    assert size <= LIMITS[kind]


@every_package
def test_nothing_tells_where_it_was_built(kind: str) -> None:
    places = [str(ROOT), str(Path.home()), os.environ.get("CARGO_HOME", str(ROOT))]
    for name, data in files_in(kind).items():
        assert not [place for place in places if f"{place}/".encode() in data], name
        assert f'"{ROOT}'.encode() not in data, name


@every_package
def test_nothing_is_executable_but_programs_and_libraries(kind: str) -> None:
    path = package(kind)
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    else:
        with tarfile.open(path) as archive_:
            modes = {member.name: member.mode for member in archive_ if member.isfile()}
    executable = {name for name, mode in modes.items() if mode & 0o111}
    assert not [name for name in executable if not re.search(r"cli\.js$|\.node$|\.so(\.|$)", name)]
    assert not [name for name, mode in modes.items() if mode & 0o022], "writable by all"


# --- compiled libraries ---


@pytest.fixture
def compiled(tmp_path: Path) -> dict[str, Path]:
    """Return each shared library that is shipped."""
    names = {
        "wheel": "pylon_identity/_native.abi3.so",
        "npm platform package": fill("pylon-identity.{p}.node"),
        "C package": fill("lib/libpylon_identity.so.{v}"),
    }
    for kind, name in names.items():
        (tmp_path / kind).write_bytes(files_in(kind)[name])
    return {kind: tmp_path / kind for kind in names}


def test_it_runs_on_systems_from_glibc_2_17_on(compiled: dict[str, Path]) -> None:
    for kind, path in compiled.items():
        versions = re.findall(r"\bGLIBC_([\d.]+)", tool("objdump", "--dynamic-syms", path))
        assert versions, kind
        assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 17), kind


def test_it_needs_nothing_but_the_c_library(compiled: dict[str, Path]) -> None:
    allowed = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"}
    allowed |= {"libgcc_s.so.1", "libutil.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    for kind, path in compiled.items():
        needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "--dynamic", path)))
        assert needed <= allowed, kind


def test_it_shows_only_what_it_has_to(compiled: dict[str, Path]) -> None:
    expected = {
        "wheel": {"PyInit__native"},
        "npm platform package": {"napi_register_module_v1"},
        "C package": set(FUNCTIONS),
    }
    for kind, path in compiled.items():
        listed = tool("nm", "--dynamic", "--defined-only", path).splitlines()
        assert {line.split()[-1] for line in listed} == expected[kind]


# --- metadata ---


@pytest.mark.parametrize("kind", ["npm main package", "npm platform package"])
def test_npm_runs_and_installs_nothing_more(kind: str) -> None:
    manifest = json.loads(files_in(kind)["package.json"])
    assert not manifest.keys() & {"scripts", "dependencies", "devDependencies"}
    optional = manifest.get("optionalDependencies", {f"pylon-identity-{platform()}": VERSION})
    assert optional[f"pylon-identity-{platform()}"] == manifest["version"] == VERSION


def test_nothing_has_a_time_or_an_owner_of_this_machine() -> None:
    """A difference between two builds of one commit would show here first."""
    info = json.loads((DIST / "go" / GO_MODULE / "@v" / f"v{VERSION}.info").read_text())
    commit = datetime.fromisoformat(info["Time"].replace("Z", "+00:00")).timestamp()
    for kind in ("C package", "sdist", "npm main package", "npm platform package"):
        with tarfile.open(package(kind)) as archive:
            for member in archive:
                assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
                # npm's own packages are all from 1985.
                assert member.mtime == (499162500 if kind.startswith("npm") else commit)


# --- the linters of the registries ---


def test_twine() -> None:
    assert "FAILED" not in tool("twine", "check", "--strict", package("wheel"), package("sdist"))


def test_abi3audit() -> None:
    report = json.loads(tool("abi3audit", "--strict", "--report", package("wheel")))
    [spec] = report["specs"].values()
    [library] = spec["wheel"]
    assert library["result"]["is_abi3"] is True
    assert library["result"]["is_abi3_baseline_compatible"] is True
    assert library["result"]["baseline"] == "3.10"
