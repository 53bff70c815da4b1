"""The sealed archive keeps Rust's standard library to itself.

A program can link two Rust libraries only if each hides its inside. Otherwise the linker finds
everything twice, or unwinding a panic in one library calls into the other and the program crashes.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from conftest import (
    DIST,
    EMAIL_HASH,
    FUNCTIONS,
    HEADER,
    ROOT,
    attempt,
    run,
    tool,
    zig,
)
from seal import seal

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


def test_only_the_functions_of_the_header_are_visible(archive: Path) -> None:
    listed = tool("nm", "--extern-only", "--defined-only", archive).splitlines()
    assert sorted(line.split()[-1] for line in listed if len(line.split()) == 3) == FUNCTIONS


def test_no_group_that_a_linker_could_merge(archive: Path, panicking: Path) -> None:
    groups = tool("readelf", "--section-groups", "--wide", archive)
    assert "There are no section groups in this file." in groups
    assert "COMDAT" not in groups
    assert "COMDAT group section" in tool("readelf", "--section-groups", "--wide", panicking)


def test_go_has_the_same_archive(archive: Path) -> None:
    [copy] = (DIST / "go" / "lib").glob("*/libpylon_identity.a")
    assert copy.read_bytes() == archive.read_bytes()


# Each panic also prints a message; one for each shows that they were real.
def link_and_run(folder: Path, env: dict[str, str], *libraries: str | Path) -> tuple[str, int]:
    values = {"secret": env["PYLON_IDENTITY_SECRET"], "hash": EMAIL_HASH, "times": TIMES}
    (folder / "program.c").write_text(C_PROGRAM % values)
    system = ["-lm", "-lpthread", "-ldl"]
    include = f"-I{HEADER.parent}"
    compiler = shlex.split(env.get("CC", "cc"))
    run([*compiler, include, "program.c", *libraries, *system, "-o", "program"], folder, env)
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


def test_not_sealed_the_libraries_collide(
    panicking: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match="multiple definition"):
        link_and_run(tmp_path, user, panicking, other)


@pytest.mark.parametrize("target", ["linux-musl", "linux-gnu", "linux-gnu.2.17"])
def test_with_other_c_libraries_and_another_linker(
    target: str, sealed: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    """One archive for glibc and musl. Zig links no unwinder, which shows that ours is inside."""
    (tmp_path / "other.c").write_text("int other_panic(void) { return 1; }")
    outcome = link_and_run(tmp_path, zig(user, target), sealed, "other.c")
    assert outcome == (f"{TIMES} {TIMES} {TIMES}", TIMES)
