"""The Go module as the go command gets it from a proxy, on a machine without Rust."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from conftest import (
    COMPILERS,
    EMAIL_HASH,
    GO_MODULE,
    ROOT,
    SCRIPT,
    USER_TOOLS,
    VECTORS,
    VERSION,
    add_tools,
    attempt,
    package,
    readme_program,
    run,
    tool,
    zig,
)

SIGN = """package main

import (
	"fmt"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

func main() {
	secret, err := pylonidentity.IdentitySecretFromEnv("")
	if err != nil {
		panic(err)
	}
	fmt.Println(secret.Sign("ada@example.com"))
}
"""


@pytest.fixture(scope="module")
def required(tmp_path_factory: pytest.TempPathFactory, go: dict[str, str]) -> Path:
    """Return the go.mod and go.sum of a module that requires ours."""
    folder = tmp_path_factory.mktemp("required")
    run(["go", "mod", "init", "app"], folder, go)
    run(["go", "get", f"{GO_MODULE}@v{VERSION}"], folder, go)
    place = run(["go", "list", "-m", "-f", "{{.Dir}}", GO_MODULE], folder, go)
    assert place.startswith(go["GOMODCACHE"]), "not the published module"
    return folder


def new_app(folder: Path, required: Path, program: str) -> Path:
    shutil.copy(required / "go.mod", folder)
    shutil.copy(required / "go.sum", folder)
    (folder / "main.go").write_text(program, "utf-8")
    return folder


@pytest.fixture
def app(tmp_path: Path, required: Path) -> Path:
    return new_app(tmp_path, required, SIGN)


def test_quick_start(tmp_path: Path, required: Path, go: dict[str, str]) -> None:
    app = new_app(tmp_path, required, readme_program("go"))
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


@pytest.fixture
def command(tmp_path: Path, go: dict[str, str]) -> Path:
    run(["go", "install", f"{GO_MODULE}/cmd/pylon-identity@latest"], tmp_path, go)
    return Path(go["GOPATH"]) / "bin" / "pylon-identity"


def test_command_line(command: Path, tmp_path: Path, go: dict[str, str]) -> None:
    """tests/test_cli.py compares it with the command line of the other languages."""
    assert run([command, "--version"], tmp_path, go) == f"pylon-identity {VERSION}\n"
    assert run([command, "sign", "ada@example.com"], tmp_path, go) == f"{EMAIL_HASH}\n"
    assert attempt([command, "verify", "ada@example.com", "x"], tmp_path, go).returncode == 1
    assert attempt([command, "nonsense"], tmp_path, go).returncode == 2


def test_vendored(app: Path, go: dict[str, str], tmp_path: Path) -> None:
    run(["go", "mod", "vendor"], app, go)
    nothing_else = {"GOFLAGS": "-mod=vendor", "GOPROXY": "off", "GOMODCACHE": str(tmp_path / "no")}
    run(["go", "build", "-o", "app", "."], app, {**go, **nothing_else})
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"


def test_static(app: Path, go: dict[str, str]) -> None:
    """One file that runs in an empty container, as many programs in Go do."""
    static = ["-tags", "netgo,osusergo", "-ldflags", "-linkmode external -extldflags -static"]
    run(["go", "build", *static, "-o", "app", "."], app, go)
    assert "There is no dynamic section" in tool("readelf", "--dynamic", app / "app")
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"


@pytest.mark.parametrize("target", ["linux-musl", "linux-gnu"])
def test_with_zig(target: str, app: Path, go: dict[str, str]) -> None:
    """For musl, Zig links statically, so that the program runs on a machine without musl."""
    run(["go", "build", "-o", "app", "."], app, zig(go, target))
    assert ("(NEEDED)" in tool("readelf", "--dynamic", app / "app")) is (target == "linux-gnu")
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"


def test_for_the_shared_musl_of_alpine(app: Path, go: dict[str, str]) -> None:
    """It is linked and not run: that needs musl's loader, which is a part of the system."""
    run(["go", "build", "-o", "app", "."], app, zig(go, "linux-musl -dynamic"))
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "--dynamic", app / "app"))
    assert needed == ["libc.so"]


def test_without_a_c_compiler(app: Path, go: dict[str, str], tmp_path: Path) -> None:
    """Go then does without cgo by itself, and the program is static."""
    add_tools(tmp_path / "tools", [name for name in USER_TOOLS if name not in COMPILERS])
    environment = {key: value for key, value in go.items() if key != "CGO_ENABLED"}
    environment["PATH"] = str(tmp_path / "tools")
    run(["go", "build", "-o", "app", "."], app, environment)
    assert "There is no dynamic section" in tool("readelf", "--dynamic", app / "app")
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"


def test_with_cgo_for_a_platform_without_a_library(app: Path, go: dict[str, str]) -> None:
    """With Zig as the compiler for that platform, since Go compiles its own C code first."""
    there = zig(go, "linux-gnu", cpu="riscv64") | {"GOOS": "linux", "GOARCH": "riscv64"}
    run(["go", "build", "-o", "app", "."], app, there)
    done = attempt(["go", "build", "-tags", "pylonidentity_cgo", "."], app, there)
    assert "the_native_library_of_pylonidentity_needs" in done.stderr
    assert "undefined reference" not in done.stderr  # the linker's words say nothing to anyone


def test_with_the_c_library_of_the_system(app: Path, go: dict[str, str], c_library: Path) -> None:
    """For platforms without a library in the module that want more than the portable core."""
    lib = c_library / "lib"
    environment = {
        **go,
        "PKG_CONFIG_PATH": str(lib / "pkgconfig"),
        "CGO_LDFLAGS": f"-Wl,-rpath,{lib}",
    }
    tags = ["-tags", "pylonidentity_system"]
    run(["go", "build", *tags, "-o", "app", "."], app, environment)
    assert "libpylon_identity.so.0" in tool("readelf", "--dynamic", app / "app")
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"
