"""The C library through pkg-config, CMake and plain cc, on a machine without Rust."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, SCRIPT, VECTORS, VERSION, attempt, readme_program, run, tool

MAJOR = VERSION.split(".")[0]

# C users who do without pkg-config link these with the archive.
README_LIBRARIES = "-lm -lpthread -ldl"


@pytest.fixture
def env(user: dict[str, str], c_library: Path) -> dict[str, str]:
    return {**user, "PKG_CONFIG_PATH": str(c_library / "lib" / "pkgconfig")}


# How people compile and link, for the shell. LIB is the folder of the libraries.
WAYS = {
    "pkg-config": "$(pkg-config --cflags --libs pylon_identity) -Wl,-rpath,$LIB",
    "pkg-config --static": "-static $(pkg-config --static --cflags --libs pylon_identity)",
    "cc, the archive": f"-I$LIB/../include $LIB/libpylon_identity.a {README_LIBRARIES}",
    "cc, the shared library": "-I$LIB/../include -L$LIB -lpylon_identity -Wl,-rpath,$LIB",
}
SHARED = {"pkg-config", "cc, the shared library"}


def build(way: str, source: Path, c_library: Path, env: dict[str, str]) -> Path:
    command = f"cc -std=c99 -Wall -Wextra -Wpedantic -Werror {source.name} {WAYS[way]} -o program"
    run(["sh", "-c", command], source.parent, {**env, "LIB": str(c_library / "lib")})
    program = source.parent / "program"
    needed = needed_libraries(program)
    assert (f"libpylon_identity.so.{MAJOR}" in needed) is (way in SHARED), needed
    assert not (way == "pkg-config --static" and needed), "not static altogether"
    return program


def needed_libraries(path: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "--dynamic", path))


def test_quick_start(tmp_path: Path, c_library: Path, env: dict[str, str]) -> None:
    (tmp_path / "program.c").write_text(readme_program("c"), "utf-8")
    program = build("pkg-config", tmp_path / "program.c", c_library, env)
    assert run([program], tmp_path, env) == f"{SCRIPT}\n"


@pytest.mark.parametrize("way", WAYS)
def test_suite(way: str, tmp_path: Path, c_library: Path, env: dict[str, str]) -> None:
    shutil.copy(ROOT / "c-abi" / "tests" / "vectors.c", tmp_path)
    check_vectors(run([build(way, tmp_path / "vectors.c", c_library, env), VECTORS], tmp_path, env))


def check_vectors(printed: str) -> None:
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


def cmake_app(folder: Path, requested: str) -> list[str | Path]:
    """Write a CMake project, and return the command that configures it."""
    for suffix in ("c", "cpp"):
        shutil.copy(ROOT / "c-abi" / "tests" / "vectors.c", folder / f"vectors.{suffix}")
    (folder / "CMakeLists.txt").write_text(CMAKE % requested)
    return ["cmake", "-S", ".", "-B", "build"]


def test_cmake(tmp_path: Path, c_library: Path, user: dict[str, str]) -> None:
    # In a folder with a space, which CMake can handle.
    prefix = tmp_path / "moved here"
    shutil.copytree(c_library, prefix, symlinks=True)
    series = ".".join(VERSION.split(".")[:2])
    run([*cmake_app(tmp_path, series), f"-DCMAKE_PREFIX_PATH={prefix}"], tmp_path, user)
    run(["cmake", "--build", "build"], tmp_path, user)
    for link in ("static", "shared"):
        for suffix in ("c", "cpp"):
            program = tmp_path / "build" / f"{link}-{suffix}"
            check_vectors(run([program, VECTORS], tmp_path, user))
            shared = f"libpylon_identity.so.{MAJOR}" in needed_libraries(program)
            assert shared is (link == "shared")


@pytest.mark.parametrize("requested", ["99.0", "0.0.1", f"{VERSION}.1", f"{MAJOR}.999"])
def test_cmake_refuses_another_version(
    requested: str, tmp_path: Path, c_library: Path, user: dict[str, str]
) -> None:
    command = [*cmake_app(tmp_path, requested), f"-DCMAKE_PREFIX_PATH={c_library}"]
    done = attempt(command, tmp_path, user)
    assert done.returncode != 0
    assert f"version: {VERSION}" in done.stderr


def test_the_shared_library_is_named_by_its_version(c_library: Path) -> None:
    lib = c_library / "lib"
    name = "libpylon_identity.so"
    assert (lib / name).readlink() == Path(f"{name}.{MAJOR}")
    assert (lib / f"{name}.{MAJOR}").readlink() == Path(f"{name}.{VERSION}")
    assert not (lib / f"{name}.{VERSION}").is_symlink()
    dynamic = tool("readelf", "--dynamic", lib / name)
    assert re.findall(r"\(SONAME\).*\[(.+)\]", dynamic) == [f"{name}.{MAJOR}"]
    assert "(RUNPATH)" not in dynamic
    assert "(RPATH)" not in dynamic
    assert "(TEXTREL)" not in dynamic
