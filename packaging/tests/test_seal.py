"""The sealed archive keeps Rust's standard library to itself.

A program can link two Rust libraries, ours and another, only if one does not see the inside of the
other. Without sealing the linker finds everything twice; with the names merely made local, what
unwinds a panic in one library calls into the other and the program crashes. Both are shown here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import (
    DIST,
    EMAIL_HASH,
    FUNCTIONS,
    GO_MODULE,
    HEADER,
    ROOT,
    VERSION,
    attempt,
    go_modules,
    run,
    tool,
)
from seal import seal

# How many kB the archive may have.
LIMIT = 800

TIMES = 1000
PANIC = "pylon_identity_test_panic"

OTHER_LIBRARY = """
use std::panic::catch_unwind;

#[unsafe(no_mangle)]
pub extern "C" fn other_panic() -> i32 {
    catch_unwind(|| panic!("in the other library")).is_err().into()
}
"""

C_PROGRAM = """
#include "pylon_identity.h"
#include <stdio.h>
#include <string.h>
pylon_identity_status pylon_identity_test_panic(void);
int32_t other_panic(void);
int main(void) {
    pylon_identity_secret secret;
    char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE] = "";
    const char *hex = "%(secret)s", *email = "ada@example.com";
    int ours = 0, others = 0, signed_right = 0;
    pylon_identity_secret_init(&secret, hex, strlen(hex));
    for (int i = 0; i < %(times)d; i++) {
        ours += pylon_identity_test_panic() == PYLON_IDENTITY_PANIC;
        others += other_panic() == 1;
        pylon_identity_sign(&secret, email, strlen(email), hash);
        signed_right += strcmp(hash, "%(hash)s") == 0;
    }
    printf("%%d %%d %%d", ours, others, signed_right);
    return 0;
}
"""

GO_PROGRAM = """package main

/*
#cgo CFLAGS: -I%(include)s
#cgo LDFLAGS: %(ours)s %(other)s -lm -lpthread -ldl
#include "pylon_identity.h"
pylon_identity_status pylon_identity_test_panic(void);
int32_t other_panic(void);
*/
import "C"

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Several threads at once, as goroutines in C each have one.
func main() {
	var ours, others atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range %(times)d / 4 {
				if C.pylon_identity_test_panic() == C.PYLON_IDENTITY_PANIC {
					ours.Add(1)
				}
				if C.other_panic() == 1 {
					others.Add(1)
				}
			}
		}()
	}
	group.Wait()
	fmt.Print(ours.Load(), others.Load())
}
"""

GO_PROGRAM_ON_THE_MODULE = """package main

/*
#cgo LDFLAGS: %(other)s -lm -lpthread -ldl
#include <stdint.h>
int32_t other_panic(void);
*/
import "C"

import (
	"fmt"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

func main() {
	secret, err := pylonidentity.IdentitySecretFromEnv("")
	caught := 0
	for range %(times)d {
		caught += int(C.other_panic())
		if err != nil || secret.Sign("ada@example.com") != "%(hash)s" {
			caught = 0
		}
	}
	fmt.Print(caught)
}
"""


@pytest.fixture
def archive(c_library: Path) -> Path:
    return c_library / "lib" / "libpylon_identity.a"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Rust library of somebody else, built the same way as ours."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "other.rs").write_text(OTHER_LIBRARY)
    options = ["--edition=2024", "--crate-type=staticlib", "-O", "-Clto", "-Ccodegen-units=1"]
    run(["rustc", *options, "other.rs", "-o", "libother.a"], folder, os.environ)
    return folder / "libother.a"


@pytest.fixture(scope="module")
def panicking() -> Path:
    """Return our library, not sealed, with a function that panics on purpose."""
    target = ROOT / "target" / "dist-panic"
    command = ["cargo", "rustc", "--quiet", "--release", "--locked", "-p", "pylon-identity-c"]
    command += ["--lib", "--crate-type", "staticlib", "--target-dir", str(target)]
    run([*command, "--", "--cfg", "pylon_identity_panic"], ROOT, os.environ)
    return target / "release" / "libpylon_identity.a"


@pytest.fixture(scope="module")
def sealed(panicking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "libpylon_identity.a"
    seal(panicking, [*FUNCTIONS, PANIC], path)
    return path


def global_names(path: Path) -> list[str]:
    listed = tool("nm", "--extern-only", "--defined-only", path).splitlines()
    return sorted(line.split()[-1] for line in listed if len(line.split()) == 3)


def test_only_the_functions_of_the_header_are_visible(archive: Path) -> None:
    assert global_names(archive) == FUNCTIONS


def test_no_group_that_a_linker_could_merge(archive: Path, panicking: Path) -> None:
    groups = tool("readelf", "--section-groups", "--wide", archive)
    assert "There are no section groups in this file." in groups
    assert "COMDAT" not in groups
    assert "COMDAT group section" in tool("readelf", "--section-groups", "--wide", panicking)


def test_nothing_of_rust_is_left_to_be_found_elsewhere(archive: Path) -> None:
    """All that is undefined comes from the C library and the unwinder."""
    listed = tool("nm", "--undefined-only", archive).splitlines()
    undefined = {line.split()[-1] for line in listed if line.strip() and not line.endswith(":")}
    assert "_Unwind_RaiseException" in undefined
    assert not {name for name in undefined if name.startswith(("_R", "_ZN", "__rust", "rust_"))}


def test_it_is_small(archive: Path) -> None:
    assert archive.stat().st_size <= LIMIT * 1000


def test_it_has_the_tables_for_unwinding(archive: Path) -> None:
    rows = [line.split("]", 1)[1].split() for line in sections(archive) if "]" in line]
    sizes = {row[0]: int(row[4], 16) for row in rows if row and row[0].startswith(".")}
    assert sizes[".eh_frame"] > 10_000
    assert sizes[".gcc_except_table"] > 1_000
    assert not {name for name in sizes if name.startswith((".debug", ".llvm"))}


def sections(archive: Path) -> list[str]:
    return tool("readelf", "--sections", "--wide", archive).splitlines()


def test_go_has_the_same_archive(archive: Path) -> None:
    [copy] = (DIST / "go" / "lib").glob("*/libpylon_identity.a")
    assert copy.read_bytes() == archive.read_bytes()


# Each panic also prints a message; one for each shows that they were real.
def link_and_run(folder: Path, env: dict[str, str], *libraries: Path) -> tuple[str, int]:
    values = {"secret": env["PYLON_IDENTITY_SECRET"], "hash": EMAIL_HASH, "times": TIMES}
    (folder / "program.c").write_text(C_PROGRAM % values)
    system = ["-lm", "-lpthread", "-ldl"]
    include = f"-I{HEADER.parent}"
    run(["cc", include, "program.c", *libraries, *system, "-o", "program"], folder, env)
    done = attempt([folder / "program"], folder, env)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, done.stderr.count("panicked at")


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_c_program_beside_another_rust_library(
    ours_first: bool, sealed: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    libraries = [sealed, other] if ours_first else [other, sealed]
    outcome = link_and_run(tmp_path, user, *libraries)
    assert outcome == (f"{TIMES} {TIMES} {TIMES}", 2 * TIMES)


def go_environment(user: dict[str, str], folder: Path) -> dict[str, str]:
    return {
        **user,
        "GOCACHE": tool("go", "env", "GOCACHE").strip(),
        "GOMODCACHE": str(folder / go_modules()),
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOPROXY": f"file://{DIST / 'go'}",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
    }


def run_go(program: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "main.go").write_text(program)
    run(["go", "build", "-o", "program", "."], folder, env)
    return attempt([folder / "program"], folder, env)


def test_a_go_program_beside_another_rust_library(
    sealed: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    env = go_environment(user, tmp_path)
    run(["go", "mod", "init", "app"], tmp_path, env)
    places = {"include": HEADER.parent, "ours": sealed, "other": other, "times": TIMES}
    done = run_go(GO_PROGRAM % places, tmp_path, env)
    assert done.stdout == f"{TIMES} {TIMES}", done.stderr[-2000:]
    assert done.stderr.count("panicked at") == 2 * TIMES


def test_the_go_module_beside_another_rust_library(
    other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    env = go_environment(user, tmp_path)
    run(["go", "mod", "init", "app"], tmp_path, env)
    run(["go", "get", f"{GO_MODULE}@v{VERSION}"], tmp_path, env)
    values = {"other": other, "times": TIMES, "hash": EMAIL_HASH}
    done = run_go(GO_PROGRAM_ON_THE_MODULE % values, tmp_path, env)
    assert done.stdout == f"{TIMES}", done.stderr[-2000:]


def test_not_sealed_the_libraries_collide(
    panicking: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match="multiple definition"):
        link_and_run(tmp_path, user, panicking, other)


def test_with_the_names_made_local_alone_the_program_crashes(
    panicking: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    """The groups that survive that let the linker give both libraries one of their unwinders."""
    local = []
    for archive, functions in ((panicking, [*FUNCTIONS, PANIC]), (other, ["other_panic"])):
        joined, path = tmp_path / f"{archive.stem}.joined.o", tmp_path / f"{archive.stem}.o"
        keep = [f"--undefined={function}" for function in functions]
        entry = f"--entry={functions[0]}"
        tool("ld", "-r", "--gc-sections", *keep, entry, archive, "-o", joined)
        visible = [f"--keep-global-symbol={function}" for function in functions]
        tool("objcopy", *visible, joined, path)
        local.append(path)
    with pytest.raises(AssertionError, match="assert -"):  # ended by a signal
        link_and_run(tmp_path, user, *local)
