"""The Go module as the go command gets it from a proxy, on a machine without Rust."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest
from dist import DIST, GO_MODULE, MAJOR, ROOT, VERSION
from installed import (
    EMAIL,
    EMAIL_HASH,
    SCRIPT,
    VECTORS,
    add_tools,
    attempt,
    needed_libraries,
    package,
    readme_program,
    run,
    tool,
    zig,
)


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]) -> dict[str, str]:
    """Return the environment of a Go user whose only proxy is dist/go."""
    # Go trusts the version alone, so the folder of the modules is named by their contents.
    contents = hashlib.sha256(package("Go module").read_bytes()).hexdigest()[:16]
    return {
        **user,
        # Go finds its own packages by their contents, so those compiled on the machine will do.
        "GOCACHE": tool("go", "env", "GOCACHE").strip(),
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOMODCACHE": str(tmp_path_factory.mktemp(f"modules-{contents}")),
        "GOPATH": str(tmp_path_factory.mktemp("gopath")),
        "GOPROXY": f"file://{DIST / 'go'}",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "1",
    }


@pytest.fixture(scope="module")
def required(tmp_path_factory: pytest.TempPathFactory, go: dict[str, str]) -> Path:
    """Return the go.mod and go.sum of a module that requires ours."""
    folder = tmp_path_factory.mktemp("required")
    run(["go", "mod", "init", "app"], folder, go)
    run(["go", "get", f"{GO_MODULE}@v{VERSION}"], folder, go)
    place = run(["go", "list", "-m", "-f", "{{.Dir}}", GO_MODULE], folder, go)
    assert place.startswith(go["GOMODCACHE"]), "not the published module"
    return folder


@pytest.fixture
def app(tmp_path: Path, required: Path) -> Path:
    folder = shutil.copytree(required, tmp_path / "app")
    (folder / "main.go").write_text(readme_program("go"), "utf-8")
    return folder


def build(app: Path, env: dict[str, str], *options: str) -> list[str]:
    """Build the quick start, run it, and return the libraries that it needs."""
    run(["go", "build", *options, "-o", "app", "."], app, env)
    assert run([app / "app"], app, env) == SCRIPT + "\n"
    return needed_libraries(app / "app")


def test_quick_start(app: Path, go: dict[str, str]) -> None:
    assert run(["go", "run", "."], app, go) == SCRIPT + "\n"


def test_suite(tmp_path: Path, go: dict[str, str]) -> None:
    """First as published, with the examples, and then with the tests of the checkout."""
    with zipfile.ZipFile(package("Go module")) as module:
        module.extractall(tmp_path / "published")
    folder = tmp_path / "published" / f"{GO_MODULE}@v{VERSION}"
    assert "--- PASS: Example" in run(["go", "test", "-v", "./..."], folder, go)
    shutil.copytree(VECTORS, folder.parent / "tests" / "vectors")
    for path in (ROOT / "go").glob("*_test.go"):
        shutil.copy(path, folder)
    assert "ok" in run(["go", "test", "./..."], folder, go)


def test_command_line(tmp_path: Path, go: dict[str, str]) -> None:
    """tests/test_cli.py compares it with the command line of the other languages."""
    run(["go", "install", f"{GO_MODULE}/cmd/pylon-identity@latest"], tmp_path, go)
    command = Path(go["GOPATH"]) / "bin" / "pylon-identity"
    assert run([command, "--version"], tmp_path, go) == f"pylon-identity {VERSION}\n"
    assert run([command, "sign", EMAIL], tmp_path, go) == f"{EMAIL_HASH}\n"
    assert attempt([command, "verify", EMAIL, "x"], tmp_path, go).returncode == 1


def test_vendored(app: Path, go: dict[str, str], tmp_path: Path) -> None:
    run(["go", "mod", "vendor"], app, go)
    alone = {"GOFLAGS": "-mod=vendor", "GOPROXY": "off", "GOMODCACHE": str(tmp_path / "no")}
    build(app, go | alone)


def test_static(app: Path, go: dict[str, str]) -> None:
    """One file that runs in an empty container, as many programs in Go do."""
    static = ["-tags", "netgo,osusergo", "-ldflags", "-linkmode external -extldflags -static"]
    assert build(app, go, *static) == []


@pytest.mark.parametrize("target", ["linux-musl", "linux-gnu"])
def test_with_zig(target: str, app: Path, go: dict[str, str]) -> None:
    """For musl, Zig links statically, so that the program runs on a machine without musl."""
    assert ("libc.so.6" in build(app, zig(go, target))) is (target == "linux-gnu")


def test_for_the_shared_musl_of_alpine(app: Path, go: dict[str, str]) -> None:
    """It is linked and not run: that needs musl's loader, which is a part of the system."""
    run(["go", "build", "-o", "app", "."], app, zig(go, "linux-musl -dynamic"))
    assert needed_libraries(app / "app") == ["libc.so"]


def test_without_a_c_compiler(app: Path, go: dict[str, str], tmp_path: Path) -> None:
    """Go then turns cgo off, and the program is static."""
    add_tools(tmp_path / "tools", ["go"])
    environment = {key: value for key, value in go.items() if key != "CGO_ENABLED"}
    assert build(app, environment | {"PATH": str(tmp_path / "tools")}) == []


def test_with_cgo_for_a_platform_without_a_library(app: Path, go: dict[str, str]) -> None:
    """With Zig as the compiler for that platform, since Go compiles its own C code first."""
    there = zig(go, "linux-gnu", cpu="riscv64") | {"GOOS": "linux", "GOARCH": "riscv64"}
    run(["go", "build", "-o", "app", "."], app, there)
    done = attempt(["go", "build", "-tags", "pylonidentity_cgo", "."], app, there)
    assert "the_native_library_of_pylonidentity_needs" in done.stderr
    assert "undefined reference" not in done.stderr  # the linker's own message helps nobody


def test_with_the_c_library_of_the_system(app: Path, go: dict[str, str], c_library: Path) -> None:
    """For platforms without a library in the module that want more than the portable core."""
    lib = c_library / "lib"
    flags = {"PKG_CONFIG_PATH": str(lib / "pkgconfig"), "CGO_LDFLAGS": f"-Wl,-rpath,{lib}"}
    needed = build(app, go | flags, "-tags", "pylonidentity_system")
    assert f"libpylon_identity.so.{MAJOR}" in needed
