"""The C library through pkg-config, CMake and plain cc, on a machine without Rust."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import (
    EMAIL_HASH,
    FUNCTIONS,
    ROOT,
    VECTORS,
    VERSION,
    attempt,
    readme_program,
    run,
    tool,
)

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
MAJOR = VERSION.split(".")[0]

# What the README says about linking the archive.
README_LIBRARIES = ["-lm", "-lpthread", "-ldl"]


@pytest.fixture
def env(user: dict[str, str], c_library: Path) -> dict[str, str]:
    return {**user, "PKG_CONFIG_PATH": str(c_library / "lib" / "pkgconfig")}


def pkg_config(env: dict[str, str], folder: Path, *options: str) -> list[str]:
    return shlex.split(run(["pkg-config", *options, "pylon_identity"], folder, env))


def flags_for(way: str, c_library: Path, env: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return what to compile and what to link with."""
    include, lib = c_library / "include", c_library / "lib"
    rpath = f"-Wl,-rpath,{lib}"
    archive = str(lib / "libpylon_identity.a")
    match way:
        case "pkg-config":
            compile_flags = pkg_config(env, include, "--cflags")
            return compile_flags, [*pkg_config(env, include, "--libs"), rpath]
        case "pkg-config --static":
            compile_flags = pkg_config(env, include, "--static", "--cflags")
            return compile_flags, ["-static", *pkg_config(env, include, "--static", "--libs")]
        case "cc, the archive":
            return [f"-I{include}"], [archive, *README_LIBRARIES]
        case "cc, the shared library":
            return [f"-I{include}"], [f"-L{lib}", "-lpylon_identity", rpath]
    raise ValueError(way)


SHARED = {"pkg-config", "cc, the shared library"}
WAYS = [
    "pkg-config",
    "pkg-config --static",
    "cc, the archive",
        "cc, the shared library",
]


def build(way: str, source: Path, c_library: Path, env: dict[str, str]) -> Path:
    compile_flags, link_flags = flags_for(way, c_library, env)
    compiler = ["cc", "-std=c99", *WARNINGS, *compile_flags]
    run([*compiler, source.name, *link_flags, "-o", "program"], source.parent, env)
    program = source.parent / "program"
    needed = needed_libraries(program)
    assert (f"libpylon_identity.so.{MAJOR}" in needed) is (way in SHARED), needed
    assert not (way == "pkg-config --static" and needed), "it was to be static altogether"
    return program


def needed_libraries(path: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "--dynamic", path))


@pytest.mark.parametrize("way", WAYS)
def test_quick_start(way: str, tmp_path: Path, c_library: Path, env: dict[str, str]) -> None:
    (tmp_path / "program.c").write_text(readme_program("c"), "utf-8")
    program = build(way, tmp_path / "program.c", c_library, env)
    assert run([program], tmp_path, env) == f"{EMAIL_HASH}\n"


@pytest.mark.parametrize("way", WAYS)
def test_suite(way: str, tmp_path: Path, c_library: Path, env: dict[str, str]) -> None:
    shutil.copy(ROOT / "c-abi" / "tests" / "vectors.c", tmp_path)
    check_vectors(run([build(way, tmp_path / "vectors.c", c_library, env), VECTORS], tmp_path, env))


def check_vectors(printed: str) -> None:
    assert re.fullmatch(r"[1-9]\d* passed, 0 failed\n", printed), printed


def test_the_readme_links_the_archive_like_this() -> None:
    line = next(
        line
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("`cc ") and "libpylon_identity.a" in line
    )
    assert line.split("libpylon_identity.a ")[1].split("`")[0].split() == README_LIBRARIES


def test_pkg_config_knows_the_version_and_the_folder(
    tmp_path: Path, c_library: Path, env: dict[str, str]
) -> None:
    assert pkg_config(env, tmp_path, "--modversion") == [VERSION]
    assert attempt(["pkg-config", "--validate", "pylon_identity"], tmp_path, env).returncode == 0
    moved = tmp_path / "moved"
    shutil.copytree(c_library, moved, symlinks=True)
    env["PKG_CONFIG_PATH"] = str(moved / "lib" / "pkgconfig")
    folders = [flag[2:] for flag in pkg_config(env, tmp_path, "--cflags", "--libs") if "/" in flag]
    assert [Path(os.path.realpath(folder)) for folder in folders] == [
        moved / "include",
        moved / "lib",
    ]


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


def test_the_shared_library_exports_the_header_and_nothing_else(c_library: Path) -> None:
    library = c_library / "lib" / "libpylon_identity.so"
    listed = tool("nm", "--dynamic", "--defined-only", library)
    assert sorted(line.split()[-1] for line in listed.splitlines()) == FUNCTIONS


def test_the_header_is_that_of_the_source(c_library: Path) -> None:
    source = ROOT / "c-abi" / "include" / "pylon_identity.h"
    assert (c_library / "include" / "pylon_identity.h").read_bytes() == source.read_bytes()
