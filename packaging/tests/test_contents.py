"""What is in each package, how large it is, and what it says of itself."""

from __future__ import annotations

import email.message
import email.parser
import hashlib
import json
import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from conftest import (
    DIST,
    FUNCTIONS,
    GO_MODULE,
    ROOT,
    VERSION,
    c_package,
    go_zip,
    note,
    npm_main,
    npm_platform,
    platform,
    readme_program,
    sdist,
    tool,
    wheel,
)
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from dist import OWN_STD

# In kB of 1000 bytes. docs/releasing.md says what the wheel and the addon hold where the sources of
# Rust's standard library are missing.
ADDON = 300 if OWN_STD else 440
LIMITS = {
    "wheel": ADDON,
    "npm platform package": ADDON,
    "npm main package": 15,
    "sdist": 100,
    "C package": 600,
    "Go module": 400,
    "Go archive": 800,
}

PACKAGES: dict[str, Callable[[], Path]] = {
    "wheel": wheel,
    "npm platform package": npm_platform,
    "npm main package": npm_main,
    "sdist": sdist,
    "C package": c_package,
    "Go module": go_zip,
}

# Every file that each package may have and has to. {v} is the version, {m} its first number, {p}
# the platform and {g} Go's name for it. What ends with a slash is a folder of Rust sources.
CONTENTS = {
    "wheel": """
        pylon_identity/__init__.py
        pylon_identity/__main__.py
        pylon_identity/_native.abi3.so
        pylon_identity/_native.pyi
        pylon_identity/py.typed
        pylon_identity-{v}.dist-info/METADATA
        pylon_identity-{v}.dist-info/RECORD
        pylon_identity-{v}.dist-info/WHEEL
        pylon_identity-{v}.dist-info/entry_points.txt
        pylon_identity-{v}.dist-info/licenses/LICENSE-APACHE
        pylon_identity-{v}.dist-info/licenses/LICENSE-MIT
    """,
    "sdist": """
        Cargo.lock
        Cargo.toml
        LICENSE-APACHE
        LICENSE-MIT
        PKG-INFO
        README.md
        cli/Cargo.toml
        cli/src/
        cli/tests/
        core/Cargo.toml
        core/src/
        core/tests/
        pylon_identity/__init__.py
        pylon_identity/__main__.py
        pylon_identity/_native.pyi
        pylon_identity/py.typed
        pyproject.toml
        python/Cargo.toml
        python/LICENSE-APACHE
        python/LICENSE-MIT
        python/README.md
        python/src/
        python/tests/shared.py
        python/tests/test_api.py
        python/tests/test_properties.py
        python/tests/test_vectors.py
    """,
    "npm main package": """
        LICENSE-APACHE
        LICENSE-MIT
        README.md
        addon.js
        browser.js
        cli.js
        index.d.ts
        index.js
        package.json
    """,
    "npm platform package": """
        LICENSE-APACHE
        LICENSE-MIT
        README.md
        package.json
        pylon-identity.{p}.node
    """,
    "C package": """
        LICENSE-APACHE
        LICENSE-MIT
        README.md
        include/pylon_identity.h
        lib/cmake/pylon_identity/pylon_identityConfig.cmake
        lib/cmake/pylon_identity/pylon_identityConfigVersion.cmake
        lib/libpylon_identity.a
        lib/libpylon_identity.so
        lib/libpylon_identity.so.{m}
        lib/libpylon_identity.so.{v}
        lib/pkgconfig/pylon_identity.pc
    """,
    "Go module": """
        LICENSE-APACHE
        LICENSE-MIT
        cgo_required.go
        diagnose.go
        go.mod
        include/include.go
        include/pylon_identity.h
        lib/darwin_amd64/lib.go
        lib/darwin_arm64/lib.go
        lib/linux_amd64/lib.go
        lib/linux_arm64/lib.go
        lib/{g}/libpylon_identity.a
        many.go
        platform_required.go
        pylonidentity.go
        settings.go
        vendored.go
    """,
}

# The folder that everything in a package is in.
PREFIXES = {
    "wheel": "",
    "sdist": f"pylon_identity-{VERSION}/",
    "npm main package": "package/",
    "npm platform package": "package/",
    "C package": "pylon-identity-c-{v}-{p}/",
    "Go module": f"{GO_MODULE}@v{VERSION}/",
}

every_package = pytest.mark.parametrize("package", PACKAGES)


def fill(text: str) -> str:
    system, arch = platform().split("-")[:2]
    go = f"{system}_{arch.replace('x64', 'amd64')}"
    return text.format(v=VERSION, p=platform(), g=go, m=VERSION.split(".")[0])


def files_in(package: str) -> dict[str, bytes]:
    """Return the files of a package and their contents, which for a link is where it leads."""
    path, prefix = PACKAGES[package](), fill(PREFIXES[package])
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
    assert all(name.startswith(prefix) for name in found), f"not all in {prefix}"
    return {name.removeprefix(prefix): data for name, data in found.items()}


@every_package
def test_contents(package: str) -> None:
    expected = set(fill(CONTENTS[package]).split())
    found = set(files_in(package))
    folders = {name for name in expected if name.endswith("/")}
    for folder in folders:
        inside = {name for name in found if name.startswith(folder) and name.endswith(".rs")}
        assert inside, f"nothing in {folder}"
        found -= inside
    assert sorted(found) == sorted(expected - folders)


def test_nothing_else_is_in_dist() -> None:
    proxy = f"go/{GO_MODULE}/@v"
    packages = [path().relative_to(DIST).as_posix() for path in PACKAGES.values()]
    others = [f"{proxy}/list", *(f"{proxy}/v{VERSION}.{suffix}" for suffix in ("info", "mod"))]
    others += [fill("go/lib/{g}/libpylon_identity.a"), "sbom.cdx.json", "SHA256SUMS"]
    found = [path.relative_to(DIST).as_posix() for path in DIST.rglob("*") if path.is_file()]
    assert sorted(found) == sorted([*packages, *others])


@every_package
def test_size(package: str) -> None:
    size = PACKAGES[package]().stat().st_size / 1000
    note(f"{size:>9.1f} kB  {package} (≤ {LIMITS[package]})")
    assert size <= LIMITS[package]


def test_size_of_the_archive() -> None:
    size = len(files_in("Go module")[fill("lib/{g}/libpylon_identity.a")]) / 1000
    note(f"{size:>9.1f} kB  Go archive (≤ {LIMITS['Go archive']})")
    assert size <= LIMITS["Go archive"]


@every_package
def test_licenses(package: str) -> None:
    files = files_in(package)
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        copies = [data for path, data in files.items() if Path(path).name == name]
        assert copies
        assert set(copies) == {(ROOT / name).read_bytes()}


@every_package
def test_nothing_tells_where_it_was_built(package: str) -> None:
    places = [str(ROOT), str(Path.home()), os.environ.get("CARGO_HOME", str(ROOT))]
    for name, data in files_in(package).items():
        assert not [place for place in places if f"{place}/".encode() in data], name
        assert f'"{ROOT}'.encode() not in data, name


@every_package
def test_nothing_is_executable_but_programs_and_libraries(package: str) -> None:
    path = PACKAGES[package]()
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    else:
        with tarfile.open(path) as archive_:
            modes = {member.name: member.mode for member in archive_ if member.isfile()}
    executable = {name for name, mode in modes.items() if mode & 0o111}
    assert not [name for name in executable if not re.search(r"cli\.js$|\.node$|\.so(\.|$)", name)]
    assert not [name for name, mode in modes.items() if mode & 0o022], "writable by all"


def test_checksums() -> None:
    lines = (DIST / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = {
        path.relative_to(DIST).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DIST.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert listed == files
    assert len(lines) == len(files)


# --- the list of components ---

SHIPPED = ("pylon-identity-python", "pylon-identity-node", "pylon-identity-c", "pylon-identity-cli")


def crates_inside() -> set[tuple[str, str]]:
    """Return what cargo says is compiled into the packages, which is not how the list is made."""
    host = re.search(r"^host: (.+)$", tool("rustc", "-vV"), re.MULTILINE)
    assert host
    chosen = [argument for name in SHIPPED for argument in ("--package", name)]
    options = ["--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--target"]
    tree = tool("cargo", "tree", *chosen, *options, host[1], "--format", "{p}")
    lines = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    return {(name, version.removeprefix("v")) for name, version in lines}


def test_sbom_is_valid() -> None:
    text = (DIST / "sbom.cdx.json").read_text("utf-8")
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])
    assert JsonStrictValidator(version).validate_str(text) is None
    broken = text.replace('"library"', '"nonsense"', 1)
    assert JsonStrictValidator(version).validate_str(broken) is not None


def test_sbom_names_what_is_inside() -> None:
    bom = json.loads((DIST / "sbom.cdx.json").read_text("utf-8"))
    named = {(found["name"], found["version"]) for found in bom["components"]}
    inside = crates_inside()
    assert {"hmac", "sha2", "pyo3", "napi", "pylon-identity-core"} <= {name for name, _ in inside}
    assert inside <= named
    locked = re.findall(r'name = "(.+)"\nversion = "(.+)"', (ROOT / "Cargo.lock").read_text())
    assert named <= set(locked)
    assert bom["metadata"]["component"]["version"] == VERSION
    assert len(bom["components"]) == len(named)


def test_sbom_says_where_each_comes_from() -> None:
    bom = json.loads((DIST / "sbom.cdx.json").read_text("utf-8"))
    references = {component["bom-ref"] for component in bom["components"]}
    assert {entry["ref"] for entry in bom["dependencies"]} >= references
    for component in bom["components"]:
        assert component["purl"].startswith("pkg:cargo/")
        assert component["licenses"]
        ours = component["name"].startswith("pylon-identity")
        assert ours or re.fullmatch("[0-9a-f]{64}", component["hashes"][0]["content"])


# --- what is compiled ---


@pytest.fixture
def compiled(tmp_path: Path) -> dict[str, Path]:
    """Return each shared library that is shipped."""
    names = {
        "wheel": "pylon_identity/_native.abi3.so",
        "npm platform package": fill("pylon-identity.{p}.node"),
        "C package": fill("lib/libpylon_identity.so.{v}"),
    }
    for package, name in names.items():
        (tmp_path / package).write_bytes(files_in(package)[name])
    return {package: tmp_path / package for package in names}


def test_it_runs_on_systems_from_glibc_2_17_on(compiled: dict[str, Path]) -> None:
    for package, path in compiled.items():
        versions = re.findall(r"\bGLIBC_([\d.]+)", tool("objdump", "--dynamic-syms", path))
        assert versions, package
        assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 17), package


def test_it_needs_nothing_but_the_c_library(compiled: dict[str, Path]) -> None:
    allowed = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"}
    allowed |= {"libgcc_s.so.1", "libutil.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    for package, path in compiled.items():
        needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "--dynamic", path)))
        assert needed <= allowed, package


def test_it_is_stripped(compiled: dict[str, Path]) -> None:
    for package, path in compiled.items():
        sections = tool("readelf", "--sections", "--wide", path)
        assert ".symtab" not in sections, package
        assert ".debug_" not in sections, package


def test_it_shows_only_what_it_has_to(compiled: dict[str, Path]) -> None:
    expected = {
        "wheel": {"PyInit__native"},
        "npm platform package": {"napi_register_module_v1"},
        "C package": set(FUNCTIONS),
    }
    for package, path in compiled.items():
        listed = tool("nm", "--dynamic", "--defined-only", path).splitlines()
        assert {line.split()[-1] for line in listed} == expected[package]


# --- what the packages say of themselves ---


def metadata() -> email.message.Message:
    text = files_in("wheel")[f"pylon_identity-{VERSION}.dist-info/METADATA"].decode()
    return email.parser.Parser().parsestr(text)


def test_wheel_metadata() -> None:
    said = metadata()
    assert (said["Name"], said["Version"]) == ("pylon-identity", VERSION)
    assert said["License-Expression"] == "MIT OR Apache-2.0"
    assert said["Requires-Python"] == ">=3.10"
    assert said.get_all("Requires-Dist") is None
    assert readme_program("python") in said.get_payload()


def test_wheel_name() -> None:
    name, version, python, abi, platforms = wheel().stem.split("-")
    assert (name, version, python, abi) == ("pylon_identity", VERSION, "cp310", "abi3")
    arch = {"x64": "x86_64", "arm64": "aarch64"}[platform().split("-")[1]]
    assert set(platforms.split(".")) == {f"manylinux_2_17_{arch}", f"manylinux2014_{arch}"}


def test_npm_metadata() -> None:
    main, addon = (
        json.loads(files_in(package)["package.json"])
        for package in ("npm main package", "npm platform package")
    )
    system, arch, libc = platform().split("-")
    assert (addon["os"], addon["cpu"]) == ([system], [arch])
    assert addon["libc"] == [libc.replace("gnu", "glibc")]
    for key in ("version", "license", "repository", "engines"):
        assert main[key] == addon[key]
    assert main["version"] == VERSION
    # Nothing runs when it is installed.
    assert "scripts" not in main | addon
    assert "devDependencies" not in main | addon


def test_go_metadata() -> None:
    folder = DIST / "go" / GO_MODULE / "@v"
    assert (folder / "list").read_text() == f"v{VERSION}\n"
    info = json.loads((folder / f"v{VERSION}.info").read_text())
    assert info["Version"] == f"v{VERSION}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info["Time"])
    assert (folder / f"v{VERSION}.mod").read_bytes() == files_in("Go module")["go.mod"]


def test_nothing_has_a_time_or_an_owner_of_this_machine() -> None:
    """What differs between two builds of one commit would do so here first."""
    info = json.loads((DIST / "go" / GO_MODULE / "@v" / f"v{VERSION}.info").read_text())
    commit = datetime.fromisoformat(info["Time"].replace("Z", "+00:00")).timestamp()
    for package in ("C package", "sdist", "npm main package", "npm platform package"):
        with tarfile.open(PACKAGES[package]()) as archive:
            for member in archive:
                assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
                # npm's own packages are all from 1985.
                assert member.mtime == (499162500 if package.startswith("npm") else commit)


# --- the linters of the registries ---


def test_twine() -> None:
    assert "FAILED" not in tool("twine", "check", "--strict", wheel(), sdist())


def test_check_wheel_contents() -> None:
    assert tool("check-wheel-contents", wheel()).strip().endswith(": OK")


def test_abi3audit() -> None:
    report = json.loads(tool("abi3audit", "--strict", "--report", wheel()))
    [spec] = report["specs"].values()
    [library] = spec["wheel"]
    assert library["result"]["is_abi3"] is True
    assert library["result"]["is_abi3_baseline_compatible"] is True
    assert library["result"]["baseline"] == "3.10"


def test_auditwheel() -> None:
    shown = " ".join(tool("auditwheel", "show", wheel()).split())
    tag = re.search(r'consistent with the following platform tag: "manylinux_2_(\d+)_', shown)
    assert tag, shown
    assert int(tag[1]) <= 17
