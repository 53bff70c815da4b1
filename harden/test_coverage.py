"""Counts the lines of the core and the bindings that the tests of their own language run.

cargo-llvm-cov compiles Rust with counters; the tests run in copies of the packages.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from conftest import Figure
from shared import BUILT, ROOT, build_c, llvm_tools, run

TARGET = ROOT / "target" / "coverage"
STAGED = BUILT / "coverage"  # copies of the packages, with the libraries that count

# The minimum percentage of the lines (Go: statements): a little below the last measurement, since
# each version of a compiler counts a little differently.
FLOORS = {
    "core": 98.5,
    "cli": 99,
    "python/src": 97,
    "node/src": 97,
    "c-abi/src": 98,
    "Python": 100,
    "JavaScript": 99,
    "Go": 99,
}
# This makes a linker keep the code that writes the counters.
WITH_COUNTERS = "-Wl,-u,__llvm_profile_runtime"


def counting() -> dict[str, str]:
    """Return the environment in which cargo compiles with counters."""
    own = {"CARGO_TARGET_DIR": str(TARGET), "PYO3_BUILD_EXTENSION_MODULE": "1", **llvm_tools()}
    said = run(["cargo", "llvm-cov", "show-env", "--sh"], env=own)
    lines = [shlex.split(line)[-1] for line in said.splitlines() if line.startswith("export ")]
    return {**own, **dict(line.split("=", 1) for line in lines)}


def library(name: str) -> Path:
    return TARGET / "debug" / f"lib{name}.{'dylib' if sys.platform == 'darwin' else 'so'}"


def stage() -> None:
    shutil.rmtree(STAGED, ignore_errors=True)
    skip = shutil.ignore_patterns("node_modules", "*.so", "*.node", "*.a", "__pycache__")
    for folder in ("python", "node", "go", "tests/vectors"):
        shutil.copytree(ROOT / folder, STAGED / folder, ignore=skip)
    (STAGED / "node" / "node_modules").symlink_to(ROOT / "node" / "node_modules")
    for file in ("test_cli.py", "oracle.py", "oracle_jwt.py"):
        shutil.copy(ROOT / "tests" / file, STAGED / "tests")
    programs = STAGED / "target" / "release"
    programs.mkdir(parents=True)
    shutil.copy(TARGET / "debug" / "pylon-identity", programs)
    shutil.copy(library("_native"), STAGED / "python" / "pylon_identity" / "_native.abi3.so")
    for addon in (ROOT / "node").glob("*.node"):
        shutil.copy(library("pylon_identity_node"), STAGED / "node" / addon.name)
    archive = TARGET / "debug" / "libpylon_identity.a"
    for shipped in (ROOT / "go" / "lib").glob("*/*.a"):
        shutil.copy(TARGET / "debug" / shipped.name, STAGED / shipped.relative_to(ROOT))
    program = STAGED / "target" / "clients" / "go-command"
    env = {"CGO_LDFLAGS": WITH_COUNTERS}
    run(["go", "build", "-o", program, "./cmd/pylon-identity"], cwd=STAGED / "go", env=env)
    build_c(ROOT / "c-abi/tests/vectors.c", STAGED / "vectors", WITH_COUNTERS, library=archive)


def percent(report: str, folder: Path, part: str = "") -> float:
    """Return the percentage of the lines that ran, in the files of a report in lcov's format.

    Lines with an attribute are left out: macros report code that they generate as code there.
    """
    ran: list[bool] = []
    for name, counts in re.findall(r"(?ms)^SF:([^\n]+)\n(.*?)^end_of_record", report):
        path = folder / name
        if not path.is_relative_to(folder / part) or {"test", "tests", "tests.rs"} & {
            *path.relative_to(folder).parts
        }:
            continue
        lines = path.read_text("utf-8").splitlines()
        for line, count in re.findall(r"^DA:(\d+),(\d+)", counts, re.MULTILINE):
            if not lines[int(line) - 1].lstrip().startswith("#["):
                ran.append(count != "0")
    return 100 * sum(ran) / len(ran)


def cover_python(env: dict[str, str]) -> float:
    folder = STAGED / "python"
    settings = folder / ".coveragerc"
    settings.write_text("[run]\nsource = pylon_identity\nparallel = true\npatch = subprocess\n")
    coverage = [sys.executable, "-m", "coverage"]
    env = {**env, "PYTHONPATH": str(folder), "COVERAGE_RCFILE": str(settings)}
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={STAGED / 'pytest'}"]
    for tests in ("tests", "../tests/test_cli.py"):
        run([*coverage, "run", *pytest, tests], cwd=folder, env=env)
    run([*coverage, "combine", "--quiet"], cwd=folder, env=env)
    report = json.loads(run([*coverage, "json", "-q", "-o", "-"], cwd=folder, env=env))
    return float(report["totals"]["percent_covered"])


def cover_node(env: dict[str, str]) -> float:
    command = ["node", "--test", "--experimental-test-coverage", "--test-reporter=lcov"]
    folder = STAGED / "node"
    return percent(run(command, cwd=folder, env=env), folder)


def cover_go(env: dict[str, str]) -> float:
    env = {**env, "CGO_LDFLAGS": WITH_COUNTERS}
    shown = run(["go", "test", "-count=1", "-cover", "."], cwd=STAGED / "go", env=env)
    [percent] = re.findall(r"coverage: ([\d.]+)%", shown)
    return float(percent)


@pytest.mark.needs("llvm")
def test_the_tests_run_these_lines(figure: Figure) -> None:
    env = counting()
    # Old programs would count as lines that never ran.
    run(["cargo", "llvm-cov", "clean", "--workspace"], env=env)
    packages = [f"--package=pylon-identity-{name}" for name in ("core", "cli")]
    libraries = [f"--package=pylon-identity-{name}" for name in ("python", "node", "c", "command")]
    run(["cargo", "build", "-q", "--locked", *packages, *libraries], env=env, timeout=1200)
    stage()
    run(["cargo", "test", "-q", "--locked", "--tests", *packages], env=env, timeout=1200)
    run([STAGED / "vectors", "tests/vectors"], env=env)
    percents = {"Python": cover_python(env), "JavaScript": cover_node(env), "Go": cover_go(env)}
    report = run(["cargo", "llvm-cov", "report", "--lcov"], env=env)
    percents |= {part: percent(report, ROOT, part) for part in FLOORS if part not in percents}
    figure(", ".join(f"{part} {percent:.1f} %" for part, percent in percents.items()))
    assert {part: percents[part] for part in FLOORS if percents[part] < FLOORS[part]} == {}
