"""Counts the lines of the core and the bindings that the tests of their own language run.

Rust is compiled with counters into target/coverage; the tests run in copies of the packages.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from check import BUILT, ROOT, Broken, Check, build_c, caught, run, rustc

TARGET = ROOT / "target" / "coverage"
STAGED = BUILT / "lines"  # copies of the packages, with the libraries that count
COUNTS = STAGED / "counts"

# The least percentage of the lines (Go: statements): a little below what was measured, since each
# version of a compiler counts a little differently.
FLOORS = {
    "core": 98.5,
    "cli": 99,
    "python/src": 97,
    "node/src": 94,  # counts the attributes of napi-rs as lines that never run
    "c-abi/src": 98,
    "Python": 100,
    "JavaScript": 97,
    "Go": 99,
}

BUILD = {
    "CARGO_TARGET_DIR": str(TARGET),
    "RUSTC_WORKSPACE_WRAPPER": str(ROOT / "harden" / "counting.py"),  # our own crates, not all
    "PYO3_BUILD_EXTENSION_MODULE": "1",
    # Of all that is run, build scripts too. Each process has files of its own.
    "LLVM_PROFILE_FILE": str(COUNTS / "%p-%m.profraw"),
    "RUST_BACKTRACE": "0",
}
WITH_COUNTERS = "-Wl,-u,__llvm_profile_runtime"  # else a linker leaves out what writes them down
RUST = ["cargo", "test", "--quiet", "--locked", "--tests"]
RUST += ["--package=pylon-identity-core", "--package=pylon-identity-cli"]


def missing() -> list[str]:
    try:
        for tool in ("llvm-profdata", "llvm-cov"):
            llvm(tool)
    except Broken as broken:
        return [str(broken)]
    return []


def llvm(tool: str) -> str:
    """Find the tool of the LLVM that rustc uses, in rustup's component or on the system."""
    version, host = rustc("LLVM version").partition(".")[0], rustc("host")
    sysroot = Path(run(["rustc", "--print", "sysroot"]).strip())
    in_rustup = shutil.which(tool, path=sysroot / "lib" / "rustlib" / host / "bin")
    found = in_rustup or shutil.which(f"{tool}-{version}")
    if not found:
        raise Broken(
            f"{tool} of LLVM {version} (rustup component add llvm-tools, or on Debian: "
            f"apt install llvm-{version})"
        )
    return found


def library(name: str) -> Path:
    return TARGET / "debug" / f"lib{name}.{'dylib' if sys.platform == 'darwin' else 'so'}"


def build() -> list[Path]:
    """Compile everything with counters, and return the files that have them."""
    packages = [f"--package=pylon-identity-{name}" for name in ("python", "node", "c")]
    run(["cargo", "build", "--quiet", "--locked", *packages], env=BUILD)
    listed = run([*RUST, "--no-run", "--message-format=json-render-diagnostics"], env=BUILD)
    messages = [json.loads(line) for line in listed.splitlines() if line.startswith("{")]
    programs = {Path(said["executable"]) for said in messages if said.get("executable")}
    libraries = ("_native", "pylon_identity_node", "pylon_identity")
    return [*programs, *map(library, libraries)]


def stage() -> None:
    shutil.rmtree(STAGED, ignore_errors=True)
    skip = shutil.ignore_patterns("node_modules", "*.so", "*.node", "*.a", "__pycache__")
    for folder in ("python", "node", "go", "tests/vectors"):
        shutil.copytree(ROOT / folder, STAGED / folder, ignore=skip)
    (STAGED / "node" / "node_modules").symlink_to(ROOT / "node" / "node_modules")
    for file in ("test_cli.py", "oracle.py"):
        shutil.copy(ROOT / "tests" / file, STAGED / "tests")
    programs = STAGED / "target" / "release"
    programs.mkdir(parents=True)
    shutil.copy(TARGET / "debug" / "pylon-identity", programs)
    shutil.copy(library("_native"), STAGED / "python" / "pylon_identity" / "_native.abi3.so")
    for addon in (ROOT / "node").glob("*.node"):
        shutil.copy(library("pylon_identity_node"), STAGED / "node" / addon.name)
    counting = TARGET / "debug" / "libpylon_identity.a"
    for archive in (ROOT / "go" / "lib").glob("*/*.a"):
        shutil.copy(counting, STAGED / archive.relative_to(ROOT))
    source = ROOT / "c-abi" / "tests" / "vectors.c"
    build_c(source, STAGED / "vectors", WITH_COUNTERS, library=counting)


# --- the tests of each language, whole or only those whose names contain a word ---


def test_python(only: str) -> float:
    folder = STAGED / "python"
    settings = folder / ".coveragerc"
    settings.write_text("[run]\nsource = pylon_identity\nparallel = true\npatch = subprocess\n")
    coverage = [sys.executable, "-m", "coverage"]
    env = {**BUILD, "PYTHONPATH": str(folder), "COVERAGE_RCFILE": str(settings)}
    for tests in ("tests", "../tests/test_cli.py"):
        pytest: list[str | Path] = [
            "pytest",
            "-q",
            "--basetemp",
            STAGED / "pytest",
            tests,
            "-k",
            only,
        ]
        run([*coverage, "run", "-m", *pytest], cwd=folder, env=env)
    run([*coverage, "combine", "--quiet"], cwd=folder, env=env)
    report = json.loads(run([*coverage, "json", "-q", "-o", "-"], cwd=folder, env=env))
    return float(report["totals"]["percent_covered"])


def test_node(only: str) -> float:
    command = ["node", "--test", "--experimental-test-coverage", "--test-reporter=lcov"]
    report = run([*command, f"--test-name-pattern={only or '.'}"], cwd=STAGED / "node", env=BUILD)
    lines = hit = 0
    for file in report.split("end_of_record"):
        if "SF:test" not in file:
            lines += sum(map(int, re.findall(r"^LF:(\d+)", file, re.MULTILINE)))
            hit += sum(map(int, re.findall(r"^LH:(\d+)", file, re.MULTILINE)))
    return 100 * hit / max(lines, 1)


def test_go(only: str) -> float:
    command = ["go", "test", "-count=1", "-cover", f"-run=(?i){only}", "."]
    shown = run(command, cwd=STAGED / "go", env={**BUILD, "CGO_LDFLAGS": WITH_COUNTERS})
    [percent] = re.findall(r"coverage: ([\d.]+)%", shown)
    return float(percent)


def rust_lines(objects: list[Path]) -> dict[str, float]:
    counts = STAGED / "all.profdata"
    raw = [path for path in COUNTS.iterdir() if path.suffix == ".profraw"]
    run([llvm("llvm-profdata"), "merge", "--sparse", *raw, "-o", counts])
    export = [llvm("llvm-cov"), "export", "--summary-only", f"--instr-profile={counts}"]
    report = json.loads(run([*export, *(f"--object={path}" for path in objects)]))
    found = {}
    for part in ("core", "cli", "python/src", "node/src", "c-abi/src"):
        folder = str(ROOT / part) + "/"
        lines = [
            file["summary"]["lines"]
            for file in report["data"][0]["files"]
            if file["filename"].startswith(folder) and "/tests/" not in file["filename"]
        ]
        total = sum(line["count"] for line in lines)
        found[part] = 100 * sum(line["covered"] for line in lines) / max(total, 1)
    return found


def measure(only: str = "") -> str:
    objects = build()
    stage()
    run([*RUST, "--", only] if only else RUST, env=BUILD)
    shown = {"Python": test_python(only), "JavaScript": test_node(only), "Go": test_go(only)}
    if not only:
        run([STAGED / "vectors", "tests/vectors"], env=BUILD)
    percents = rust_lines(objects) | shown
    table = ", ".join(f"{part} {percent:.1f} %" for part, percent in percents.items())
    if low := [part for part, floor in FLOORS.items() if percents[part] < floor]:
        raise Broken(f"fewer lines than the floor in {', '.join(low)}: {table}")
    return table


def most_tests_left_out() -> str:
    below = caught("fewer lines than the floor", measure, "sign").partition(":")[0]
    if missed := [part for part in FLOORS if part not in below]:
        raise Broken(f"not below their floors: {', '.join(missed)}")
    return "all tests but those of signing left out: each part is below its floor"


CHECKS = [Check("tests run these lines", measure, most_tests_left_out)]
