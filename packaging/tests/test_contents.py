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
from dist import DIST, GO_MODULE, MAJOR, PLATFORM, ROOT, VERSION, go_lib
from installed import FUNCTIONS, package, tool

# In kB of 1000 bytes.
LIMITS = {
    "wheel": 450,
    "npm platform package": 430,
    "npm main package": 105,
    "sdist": 140,
    "C package": 730,
    "Go module": 985,  # with one platform; the portable core takes 180 of them
}

ADDON = f"pylon-identity.{PLATFORM}.node"
SHARED = "lib/libpylon_identity.so"
GO_LIB = go_lib()
INFO = f"pylon_identity-{VERSION}.dist-info"
LICENSES = "LICENSE-APACHE LICENSE-MIT"

# Every file of each package, together with the tracked files of TRACKED.
CONTENTS = {
    "wheel": f"""
        pylon_identity/_native.abi3.so
        {INFO}/METADATA {INFO}/RECORD {INFO}/WHEEL {INFO}/entry_points.txt
        {INFO}/licenses/LICENSE-APACHE {INFO}/licenses/LICENSE-MIT
    """,
    "sdist": f"""
        Cargo.lock Cargo.toml PKG-INFO README.md pyproject.toml {LICENSES}
        python/Cargo.toml python/README.md python/LICENSE-APACHE python/LICENSE-MIT
    """,
    "npm main package": f"README.md package.json {LICENSES}",
    "npm platform package": f"README.md package.json {ADDON} {LICENSES}",
    "C package": f"""
        README.md other-languages.md meson.build {LICENSES}
        include/pylon_identity.h include/pylon_identity_ffi.h
        lib/cmake/pylon_identity/pylon_identityConfig.cmake
        lib/cmake/pylon_identity/pylon_identityConfigVersion.cmake
        lib/libpylon_identity.a {SHARED} {SHARED}.{MAJOR} {SHARED}.{VERSION}
        lib/pkgconfig/pylon_identity.pc
    """,
    "Go module": f"""
        {GO_LIB}/libpylon_identity.a {GO_LIB}/libpylon_identity_command.a
        example_test.go {LICENSES}
    """,
}

# Tracked files (git's patterns), and the folder that they are relative to.
NODE = json.loads((ROOT / "node" / "package.json").read_text("utf-8"))["files"]
PYTHON = "python/src python/tests python/*.allowlist python/pylon_identity"
TRACKED = {
    "wheel": ("python", "python/pylon_identity"),
    "sdist": (".", f"core cli :!core/tests :!cli/tests {PYTHON}"),
    "npm main package": ("node", " ".join(f"node/{name}" for name in NODE if "*" not in name)),
    "Go module": ("go", "go :!go/*_test.go"),
}

# The functions that each library shows.
SHOWN = {
    ("wheel", "pylon_identity/_native.abi3.so"): ["PyInit__native"],
    ("npm platform package", ADDON): ["napi_register_module_v1"],
    ("C package", f"{SHARED}.{VERSION}"): FUNCTIONS,
    ("C package", "lib/libpylon_identity.a"): FUNCTIONS,
    ("Go module", f"{GO_LIB}/libpylon_identity_command.a"): ["pylon_identity_command_line"],
}

# The shared libraries of glibc and of the compiler.
SYSTEM = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"}
SYSTEM |= {"libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}

every_package = pytest.mark.parametrize("kind", CONTENTS)


def files_in(kind: str) -> dict[str, tuple[int, bytes]]:
    """Return the mode and the contents of each file in a package."""
    path = package(kind)
    found = {}
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                found[info.filename] = (info.external_attr >> 16, archive.read(info))
    else:
        with tarfile.open(path) as archive_:
            for member in archive_:
                if data := archive_.extractfile(member):  # None for a folder
                    found[member.name] = (member.mode, data.read())
    # All files are in one folder, except those of a wheel.
    prefix = "" if kind == "wheel" else f"{os.path.commonpath(found)}/"
    return {name.removeprefix(prefix): file for name, file in found.items()}


@every_package
def test_contents(kind: str) -> None:
    """Built and forgotten files must stay out: only tracked files, and CONTENTS."""
    expected = set(CONTENTS[kind].split())
    base, patterns = TRACKED.get(kind, (".", ":!*"))
    for path in tool("git", "ls-files", "--", *patterns.split()).split():
        # The root of the sdist is also that of the Python files.
        inside = path.startswith("python/pylon_identity/")
        expected.add(os.path.relpath(path, "python" if inside else base))
    assert sorted(files_in(kind)) == sorted(expected)


@every_package
def test_size(kind: str) -> None:
    assert package(kind).stat().st_size / 1000 <= LIMITS[kind]


@every_package
def test_nothing_tells_where_it_was_built(kind: str) -> None:
    places = [str(ROOT), str(Path.home()), os.environ.get("CARGO_HOME", str(ROOT))]
    for name, (_, data) in files_in(kind).items():
        assert not [place for place in places if f"{place}/".encode() in data], name
        assert f'"{ROOT}'.encode() not in data, name


@every_package
def test_nothing_is_executable_but_programs_and_libraries(kind: str) -> None:
    for name, (mode, _) in files_in(kind).items():
        assert not mode & 0o111 or re.search(r"cli\.js$|\.node$|\.so(\.|$)", name), name
        assert not mode & 0o022, f"{name} can be written by all"


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


# --- compiled libraries ---


@pytest.mark.parametrize(("kind", "name"), SHOWN)
def test_a_library_shows_only_what_it_has_to(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "library").write_bytes(files_in(kind)[name][1])
    table = "--extern-only" if name.endswith(".a") else "--dynamic"
    options = [table, "--defined-only", "--format=just-symbols"]
    shown = [line for line in tool("nm", *options, tmp_path / "library").split("\n") if line]
    assert sorted(name for name in shown if not name.endswith(":")) == SHOWN[kind, name]


@pytest.mark.parametrize(("kind", "name"), [key for key in SHOWN if key[1][-2:] != ".a"])
def test_it_needs_only_glibc_2_17(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "library").write_bytes(files_in(kind)[name][1])
    printed = tool("objdump", "--private-headers", tmp_path / "library")
    assert set(re.findall(r"NEEDED +(\S+)", printed)) <= SYSTEM
    versions = re.findall(r" GLIBC_([\d.]+)$", printed, re.MULTILINE)
    assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 17)
    assert not re.search(r"RPATH|RUNPATH|TEXTREL", printed)


def test_go_has_the_archive_of_the_c_package() -> None:
    archive = files_in("C package")["lib/libpylon_identity.a"]
    assert files_in("Go module")[f"{GO_LIB}/libpylon_identity.a"] == archive


# --- metadata ---


@pytest.mark.parametrize("kind", ["npm main package", "npm platform package"])
def test_npm_runs_and_installs_nothing_more(kind: str) -> None:
    manifest = json.loads(files_in(kind)["package.json"][1])
    assert not manifest.keys() & {"scripts", "dependencies", "devDependencies"}
    ours = {f"pylon-identity-{PLATFORM}": VERSION}.items()
    assert manifest["version"] == VERSION
    assert ours <= manifest.get("optionalDependencies", dict(ours)).items()


def test_twine() -> None:
    assert "FAILED" not in tool("twine", "check", "--strict", package("wheel"), package("sdist"))


def test_abi3audit() -> None:
    tool("abi3audit", "--strict", package("wheel"))
