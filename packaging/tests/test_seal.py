"""The sealed archive keeps Rust's standard library to itself.

A program can link two Rust libraries only if each hides its symbols. If not, the linker finds
everything twice, or unwinding a panic in one library calls into the other and the program crashes.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest
from dist import HEADER, ROOT
from installed import FUNCTIONS, attempt, run, tool, zig
from seal import seal

TIMES = 1000

OTHER_LIBRARY = """
#[unsafe(no_mangle)]
pub extern "C" fn other_panic() -> i32 {
    std::panic::catch_unwind(|| panic!("in the other library")).is_err().into()
}
"""

PROGRAM = """
#include "pylon_identity.h"
pylon_identity_status pylon_identity_test_panic(void);
int32_t other_panic(void);
int main(void) {
    int caught = 0;
    for (int i = 0; i < TIMES; i++)
        caught += pylon_identity_test_panic() == PYLON_IDENTITY_PANIC && other_panic() == 1;
    return caught != TIMES;
}
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Rust library of another project, built the same way as ours."""
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
    seal(panicking, [*FUNCTIONS, "pylon_identity_test_panic"], path)
    return path


def test_no_group_that_a_linker_could_merge(c_library: Path, panicking: Path) -> None:
    groups = ["readelf", "--section-groups", "--wide"]
    assert "COMDAT" not in tool(*groups, c_library / "lib" / "libpylon_identity.a")
    assert "COMDAT group section" in tool(*groups, panicking)


def count_panics(folder: Path, env: Mapping[str, str], *libraries: str | Path) -> int:
    """Link the program, and return how often it panicked: each panic prints a message."""
    (folder / "program.c").write_text(PROGRAM)
    command = [*shlex.split(env.get("CC", "cc")), f"-I{HEADER.parent}", f"-DTIMES={TIMES}"]
    system = ["-lm", "-lpthread", "-ldl"]
    run([*command, "program.c", *libraries, *system, "-o", "program"], folder, env)
    done = attempt([folder / "program"], folder, env)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr.count("panicked at")


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_c_program_beside_another_rust_library(
    ours_first: bool, sealed: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    libraries = [sealed, other] if ours_first else [other, sealed]
    assert count_panics(tmp_path, user, *libraries) == 2 * TIMES


def test_not_sealed_the_libraries_collide(
    panicking: Path, other: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match="multiple definition"):
        count_panics(tmp_path, user, panicking, other)


@pytest.mark.parametrize("target", ["linux-musl", "linux-gnu", "linux-gnu.2.17"])
def test_with_other_c_libraries_and_another_linker(
    target: str, sealed: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    """One archive for glibc and musl. Zig links no unwinder, which shows that ours is inside."""
    (tmp_path / "other.c").write_text("int other_panic(void) { return 1; }")
    assert count_panics(tmp_path, zig(user, target), sealed, "other.c") == TIMES
