"""The Go module as the go command gets it from a proxy, on a machine without Rust."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import (
    COMPILERS,
    DIST,
    EMAIL_HASH,
    GO_MODULE,
    ROOT,
    SCRIPT,
    USER_TOOLS,
    VECTORS,
    VERSION,
    attempt,
    go_modules,
    go_zip,
    link_tools,
    note,
    readme_program,
    run,
    tool,
)

# How many kB the package may add to a program.
ADDED = 600

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
def go(tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]) -> dict[str, str]:
    """Return the environment of a Go user whose only proxy is dist/go."""
    # Go's own packages are found by their contents, so the compiled ones of the machine will do.
    cache = tool("go", "env", "GOCACHE").strip()
    return {
        **user,
        "GOCACHE": cache,
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOMODCACHE": str(tmp_path_factory.mktemp(go_modules())),
        "GOPATH": str(tmp_path_factory.mktemp("gopath")),
        "GOPROXY": f"file://{DIST / 'go'}",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "CGO_ENABLED": "1",
    }


@pytest.fixture(scope="module")
def required(tmp_path_factory: pytest.TempPathFactory, go: dict[str, str]) -> Path:
    """Return the go.mod and go.sum of a module that requires ours."""
    folder = tmp_path_factory.mktemp("required")
    run(["go", "mod", "init", "app"], folder, go)
    run(["go", "get", f"{GO_MODULE}@v{VERSION}"], folder, go)
    return folder


def new_app(folder: Path, required: Path, program: str) -> Path:
    shutil.copy(required / "go.mod", folder)
    shutil.copy(required / "go.sum", folder)
    (folder / "main.go").write_text(program, "utf-8")
    return folder


@pytest.fixture
def app(tmp_path: Path, required: Path) -> Path:
    return new_app(tmp_path, required, SIGN)


def test_the_proxy_knows_this_version(required: Path, go: dict[str, str]) -> None:
    listed = run(["go", "list", "-m", "-versions", GO_MODULE], required, go)
    assert listed.split() == [GO_MODULE, f"v{VERSION}"]
    assert f"{GO_MODULE} v{VERSION}" in run(["go", "list", "-m", "all"], required, go)


def test_quick_start(tmp_path: Path, required: Path, go: dict[str, str]) -> None:
    app = new_app(tmp_path, required, readme_program("go"))
    assert run(["go", "run", "."], app, go) == SCRIPT + "\n"


def test_suite(tmp_path: Path, go: dict[str, str]) -> None:
    """The module's files as they are published, with the tests of the checkout."""
    with zipfile.ZipFile(go_zip()) as module:
        module.extractall(tmp_path / "published")
    folder = tmp_path / "published" / f"{GO_MODULE}@v{VERSION}"
    shutil.copytree(VECTORS, folder.parent / "tests" / "vectors")
    for path in (ROOT / "go").glob("*_test.go"):
        shutil.copy(path, folder)
    assert "ok" in run(["go", "test", "./..."], folder, go)


def test_vet(app: Path, go: dict[str, str]) -> None:
    run(["go", "mod", "tidy"], app, go)
    run(["go", "vet", ".", f"{GO_MODULE}/..."], app, go)


def test_vendored(app: Path, go: dict[str, str], tmp_path: Path) -> None:
    run(["go", "mod", "vendor"], app, go)
    nothing_else = {"GOFLAGS": "-mod=vendor", "GOPROXY": "off", "GOMODCACHE": str(tmp_path / "no")}
    run(["go", "build", "-o", "app", "."], app, {**go, **nothing_else})
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"


def test_static(app: Path, go: dict[str, str]) -> None:
    """One file that runs in an empty container, which is what many build with Go for."""
    static = "-linkmode external -extldflags -static"
    run(["go", "build", "-ldflags", static, "-o", "app", "."], app, go)
    assert "There is no dynamic section" in tool("readelf", "--dynamic", app / "app")
    assert run([app / "app"], app, go) == f"{EMAIL_HASH}\n"


def test_it_needs_only_libc_when_it_runs(app: Path, go: dict[str, str]) -> None:
    run(["go", "build", "-o", "app", "."], app, go)
    lines = tool("readelf", "--dynamic", app / "app").splitlines()
    needed = {line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line}
    # The unwinder's library is part of any system on which C++ runs, but not of a distroless one.
    loader = {name for name in needed if name.startswith("ld-linux-")}
    assert needed - loader <= {"libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0"}
    note(f"a Go program needs: {', '.join(sorted(needed))}")


def test_without_cgo_it_says_what_to_do(app: Path, go: dict[str, str]) -> None:
    done = attempt(["go", "build", "."], app, {**go, "CGO_ENABLED": "0"})
    assert done.returncode != 0
    assert "set_CGO_ENABLED_1" in done.stderr


def test_without_a_c_compiler_it_says_what_to_do(
    app: Path, go: dict[str, str], tmp_path: Path
) -> None:
    """Go then does without cgo by itself."""
    link_tools(tmp_path / "tools", [name for name in USER_TOOLS if name not in COMPILERS])
    environment = {key: value for key, value in go.items() if key != "CGO_ENABLED"}
    environment["PATH"] = str(tmp_path / "tools")
    done = attempt(["go", "build", "."], app, environment)
    assert done.returncode != 0
    assert "install_a_C_compiler" in done.stderr


def test_for_an_unsupported_platform_it_says_what_to_do(app: Path, go: dict[str, str]) -> None:
    """With Zig as the compiler for that platform, since Go compiles its own C code first."""
    compiler = f"{sys.executable} -m ziglang cc -target riscv64-linux-gnu"
    cache = str(Path.home() / ".cache" / "zig")
    there = {"GOOS": "linux", "GOARCH": "riscv64", "CC": compiler, "ZIG_GLOBAL_CACHE_DIR": cache}
    done = attempt(["go", "build", "-o", "app", "."], app, {**go, **there})
    assert done.returncode != 0
    assert "no_library_for_this_platform" in done.stderr
    assert "from_source" in done.stderr
    assert "undefined reference" not in done.stderr  # the linker's words say nothing to anyone


def test_with_the_c_library_of_the_system(app: Path, go: dict[str, str], c_library: Path) -> None:
    """The way out for those platforms."""
    environment = {**go, "PKG_CONFIG_PATH": str(c_library / "lib" / "pkgconfig")}
    tags = ["-tags", "pylonidentity_system"]
    run(["go", "build", *tags, "-o", "app", "."], app, environment)
    assert "libpylon_identity.so.0" in tool("readelf", "--dynamic", app / "app")
    environment["LD_LIBRARY_PATH"] = str(c_library / "lib")
    assert run([app / "app"], app, environment) == f"{EMAIL_HASH}\n"


# A backend has net/http and templates, whose weight is not ours. Both programs use cgo, as its
# runtime is not ours either.
BACKEND = """package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"html/template"
	"net/http"
	"os"

	%s
)

var page = template.Must(template.New("").Parse("<p>{{.}}"))

func main() {
	C.free(nil)
	hash := %s
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { page.Execute(w, hash) })
	if len(os.Args) > 1 {
		http.ListenAndServe(os.Args[1], nil)
	}
	fmt.Println(hash)
}
"""

CALL = 'func() string { h, _ := pylonidentity.SignMessageWithHMAC("ada", "5a"); return *h }()'


def test_how_much_it_adds_to_a_program(required: Path, go: dict[str, str], tmp_path: Path) -> None:
    programs = {
        "without": BACKEND % ("", '"ada"'),
        "with": BACKEND % (f'pylonidentity "{GO_MODULE}"', CALL),
    }
    sizes = {}
    for name, program in programs.items():
        (tmp_path / name).mkdir()
        app = new_app(tmp_path / name, required, program)
        run(["go", "build", "-ldflags=-s -w", "-o", "app", "."], app, go)
        sizes[name] = (app / "app").stat().st_size / 1000
    added = sizes["with"] - sizes["without"]
    note(f"{added:>9.1f} kB  added to a Go program of {sizes['without']:.1f} kB (≤ {ADDED})")
    assert 100 < added <= ADDED, sizes


def test_the_programs_do_not_see_the_checkout(required: Path, go: dict[str, str]) -> None:
    folder = run(["go", "list", "-m", "-f", "{{.Dir}}", GO_MODULE], required, go).strip()
    assert folder.startswith(go["GOMODCACHE"] + os.sep)
