"""The C library through pkg-config, CMake, Meson and plain cc, on a machine without Rust."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import cffi  # type: ignore[import-untyped]
import pytest
from dist import MAJOR, PLATFORM, ROOT, VERSION
from installed import (
    EMAIL,
    EMAIL_HASH,
    FUNCTIONS,
    SCRIPT,
    SECRET,
    VECTORS,
    attempt,
    first_match,
    needed_libraries,
    package,
    readme_program,
    run,
)

SHARED = f"libpylon_identity.so.{MAJOR}"
SUITE = ROOT / "c-abi" / "tests" / "vectors.c"
README = ROOT / "c-abi" / "README.md"

# The README's ways to compile and link, for the shell.
LINES = re.findall(r"^```sh\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
WAYS = dict(zip(["the archive", "pkg-config", "pkg-config --static"], LINES, strict=True))


def build(way: str, folder: Path, c_library: Path, user: dict[str, str]) -> Path:
    (folder / "folder").symlink_to(c_library)
    command = WAYS[way].replace("cc ", "cc -std=c99 -Wall -Wextra -Wpedantic -Werror ")
    run(["sh", "-ec", command], folder, user)
    needed = needed_libraries(folder / "program")
    assert (SHARED in needed) is (way == "pkg-config"), needed
    assert not (way == "pkg-config --static" and needed), "not static altogether"
    return folder / "program"


def test_quick_start(tmp_path: Path, c_library: Path, user: dict[str, str]) -> None:
    (tmp_path / "program.c").write_text(first_match(r"^```c\n(.*?)^```$", README), "utf-8")
    assert run([build("the archive", tmp_path, c_library, user)], tmp_path, user) == f"{SCRIPT}\n"


@pytest.mark.parametrize("way", WAYS)
def test_suite(way: str, tmp_path: Path, c_library: Path, user: dict[str, str]) -> None:
    shutil.copy(SUITE, tmp_path / "program.c")
    check_vectors(build(way, tmp_path, c_library, user), user)


def check_vectors(program: Path, user: dict[str, str]) -> None:
    printed = run([program, VECTORS], program.parent, user)
    assert re.fullmatch(r"[1-9]\d* passed, 0 failed\n", printed), printed


CMAKE = """cmake_minimum_required(VERSION 3.16)
project(app LANGUAGES C CXX)
find_package(pylon_identity %s REQUIRED)
foreach(link static shared)
  foreach(suffix c cpp)
    add_executable(${link}-${suffix} vectors.${suffix})
    target_link_libraries(${link}-${suffix} PRIVATE pylon_identity::${link})
  endforeach()
endforeach()
"""


def cmake_app(folder: Path, requested: str, prefix: Path) -> list[str | Path]:
    """Write a CMake project, and return the command that configures it."""
    for suffix in ("c", "cpp"):
        shutil.copy(SUITE, folder / f"vectors.{suffix}")
    (folder / "CMakeLists.txt").write_text(CMAKE % requested)
    return ["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}"]


def test_cmake(tmp_path: Path, c_library: Path, user: dict[str, str]) -> None:
    # In a folder with a space, which CMake can handle.
    prefix = shutil.copytree(c_library, tmp_path / "moved here", symlinks=True)
    run(cmake_app(tmp_path, ".".join(VERSION.split(".")[:2]), prefix), tmp_path, user)
    run(["cmake", "--build", "build"], tmp_path, user)
    for name in ("static-c", "static-cpp", "shared-c", "shared-cpp"):
        program = tmp_path / "build" / name
        check_vectors(program, user)
        assert (SHARED in needed_libraries(program)) is name.startswith("shared")


@pytest.mark.parametrize("requested", ["99.0", "0.0.1", f"{VERSION}.1", f"{MAJOR}.999"])
def test_cmake_refuses_another_version(
    requested: str, tmp_path: Path, c_library: Path, user: dict[str, str]
) -> None:
    done = attempt(cmake_app(tmp_path, requested, c_library), tmp_path, user)
    assert done.returncode != 0
    assert f"version: {VERSION}" in done.stderr


def test_cmake_installs_the_shared_library_with_a_program(
    tmp_path: Path, c_library: Path, user: dict[str, str]
) -> None:
    """The README's two blocks."""
    use = first_match(r"^```cmake\n(.*?)^```$", README).replace("::static", "::shared")
    install = first_match(r"^```cmake\n(set_target_properties.*?)^```$", README)
    (tmp_path / "program.c").write_text(readme_program("c"), "utf-8")
    head = "cmake_minimum_required(VERSION 3.21)\nproject(program LANGUAGES C)\n"
    program = "add_executable(program program.c)\n"
    (tmp_path / "CMakeLists.txt").write_text(head + program + use + install)
    prefix = shutil.copytree(c_library, tmp_path / "prefix", symlinks=True)
    run(["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}"], tmp_path, user)
    run(["cmake", "--build", "build"], tmp_path, user)
    run(["cmake", "--install", "build", "--prefix", "installed"], tmp_path, user)
    shutil.rmtree(prefix)
    moved = (tmp_path / "installed").rename(tmp_path / "moved")
    links = {path.name: path.is_symlink() for path in (moved / "lib").iterdir()}
    assert links == {SHARED: True, f"libpylon_identity.so.{VERSION}": False}
    assert run([moved / "bin" / "program"], tmp_path, user) == f"{SCRIPT}\n"


@pytest.mark.parametrize("way", ["wrap", "pkg-config"])
def test_meson(way: str, tmp_path: Path, c_library: Path, user: dict[str, str]) -> None:
    (tmp_path / "program.c").write_text(readme_program("c"), "utf-8")
    project = "project('app', 'c')\n" + first_match(r"^```meson\n(.*?)^```$", README)
    (tmp_path / "meson.build").write_text(project)
    if way == "wrap":
        add_wrap(tmp_path / "subprojects")
    else:
        user = {**user, "PKG_CONFIG_PATH": str(c_library / "lib" / "pkgconfig")}
    prefix = tmp_path / "installed"
    run(["meson", "setup", "build", "--fatal-meson-warnings", f"--prefix={prefix}"], tmp_path, user)
    run(["meson", "install", "-C", "build"], tmp_path, user)
    assert run([prefix / "bin" / "program"], tmp_path, user) == f"{SCRIPT}\n"


def add_wrap(folder: Path) -> None:
    """Write the README's wrap, with the package as a local file in place of its address."""
    packed = package("C package")
    (folder / "packagefiles").mkdir(parents=True)
    shutil.copy(packed, folder / "packagefiles")
    wrap = re.sub("(?m)^source_url.*\n", "", first_match(r"^```ini\n(.*?)^```$", README))
    wrap = wrap.replace("SHA256", hashlib.sha256(packed.read_bytes()).hexdigest())
    wrap = wrap.replace("VERSION", VERSION).replace("PLATFORM", PLATFORM)
    (folder / "pylon_identity.wrap").write_text(wrap)


# --- the headers ---

# In C90, and in C++98.
USE = """
#include "pylon_identity.h"
#if PYLON_IDENTITY_VERSION_MAJOR > 0 || PYLON_IDENTITY_VERSION_MINOR > 0
static const char version[] = PYLON_IDENTITY_VERSION;
#endif
int use(const pylon_identity_secret *secret, char *out);
int use(const pylon_identity_secret *secret, char *out) {
    pylon_identity_status status = pylon_identity_sign(secret, version, sizeof version - 1, out);
    return status == PYLON_IDENTITY_OK;
}
"""


@pytest.mark.parametrize(
    "compiler",
    ["cc -std=c90", "cc -std=c99", "cc -std=c11", "c++ -x c++ -std=c++98", "c++ -x c++ -std=c++20"],
)
def test_the_header_compiles_and_warns_of_an_ignored_status(
    compiler: str, tmp_path: Path, c_library: Path, user: dict[str, str]
) -> None:
    command: list[str | Path] = [*compiler.split(), "-I", c_library / "include", "-c", "use.c"]
    command += ["-pedantic-errors", "-Wall", "-Wextra", "-Werror"]
    (tmp_path / "use.c").write_text(USE)
    run(command, tmp_path, user)
    unchecked = USE.replace("status = pylon", "status = PYLON_IDENTITY_OK; pylon")
    (tmp_path / "use.c").write_text(unchecked)
    assert "unused-result" in attempt(command, tmp_path, user).stderr


def test_the_plain_header_in_cffi(c_library: Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef((c_library / "include" / "pylon_identity_ffi.h").read_text("utf-8"))
    library: Any = ffi.dlopen(str(c_library / "lib" / "libpylon_identity.so"))
    assert all(hasattr(library, name) for name in FUNCTIONS)
    secret = ffi.new("pylon_identity_secret *")
    out = ffi.new("char[]", library.PYLON_IDENTITY_EMAIL_HASH_SIZE)
    assert library.pylon_identity_secret_init(secret, SECRET.encode(), len(SECRET)) == 0
    assert library.pylon_identity_sign(secret, EMAIL.encode(), len(EMAIL), out) == 0
    assert ffi.string(out) == EMAIL_HASH.encode()
