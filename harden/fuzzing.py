"""Random input: the properties of each language, and the fuzz targets.

    make fuzz SECONDS=600

feeds them all, for so long in all. What crashes a target is kept in target/fuzz/artifacts/.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from check import ROOT, Broken, Check, caught, run, rustc, sanitizer_missing

FUZZ = ROOT / "target" / "fuzz"
VECTORS = ROOT / "tests" / "vectors"

PLANTED = ("planted_prefix", "planted_overread")  # faults that have to be found
TARGETS = {path.stem for path in (ROOT / "fuzz" / "fuzz_targets").glob("*.rs")} - {*PLANTED}
GO_TARGETS = re.findall(r"^func (Fuzz\w+)", (ROOT / "go/fuzz_test.go").read_text("utf-8"), re.M)

# As cargo-fuzz sets them: https://github.com/rust-fuzz/cargo-fuzz
RUSTFLAGS = " ".join(
    [
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
        "-Zsanitizer=address",
        "-Cdebug-assertions",
        "-Ccodegen-units=1",
    ]
)

# The columns of the vectors that are texts, each in hexadecimal. The targets begin with the secret.
SEEDS = {
    "diagnose.tsv": slice(1, 4),
    "malformed_secrets.tsv": slice(1, 2),
    "settings.tsv": slice(2, 9),
}

CARGO_TEST = ["cargo", "test", "--locked", "--quiet"]

# The property tests of each language, the environment that tells how many inputs each property gets
# (fast-check and Hypothesis have it from the tests), and how a property that passed is counted.
SUITES = {
    "Python": (["python", "-m", "pytest", "-q", "tests/test_properties.py"], r"(\d+) passed"),
    "Node": (
        ["node", "--test", "--test-reporter=tap", "test/properties.test.js"],
        r"^# pass (\d+)",
    ),
    "Rust": (
        [*CARGO_TEST, "--package=pylon-identity-core", "--test=properties", "random::any"],
        r"^test result: .* (\d+) passed",
    ),
    "Go": (["go", "test", "-count=1", "-v", "-run=TestRandomInput/"], r"^ +(--- PASS:)"),
}
FOLDERS = {"Python": "python", "Node": "node", "Rust": ".", "Go": "go"}


def properties(language: str, inputs: int, *, planted: bool = False) -> int:
    """Run the properties of a language and return how many inputs they got in all."""
    command, passed = SUITES[language]
    if language == "Go":
        command = [*command, f"-quickchecks={inputs}"]
    env = {"PYLON_IDENTITY_INPUTS": str(inputs), "PROPTEST_CASES": str(inputs)}
    env |= {"PYLON_IDENTITY_PLANTED_FAULT": "1"} if planted else {}
    said = run(command, env=env, cwd=ROOT / FOLDERS[language])
    counts = [int(n) if n.isdigit() else 1 for n in re.findall(passed, said, re.MULTILINE)]
    if not sum(counts):
        raise Broken(f"no property of {language} ran:\n{said}")
    return sum(counts) * inputs


def build() -> Path:
    """Build all targets with AddressSanitizer and coverage, and return the folder they are in."""
    # The sanitizer and its flags are not stable yet; this lets the stable compiler take them.
    env = {"RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": RUSTFLAGS, "CARGO_TARGET_DIR": str(FUZZ)}
    # libFuzzer is C++, and needs the library of the compiler that Rust links with.
    env |= {"CXX": "g++"}
    # A target makes the flags stay away from build scripts.
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--target", rustc("host")]
    run(command, env=env, cwd=ROOT / "fuzz", timeout=1200)
    seed()
    return FUZZ / rustc("host") / "release"


def seed() -> None:
    """Write the shared vectors as inputs, in the form that fuzz/src/lib.rs reads."""
    folder = FUZZ / "seeds"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, columns in SEEDS.items():
        for i, row in enumerate((VECTORS / file).read_text("ascii").splitlines()[2:]):
            texts = [
                b"" if text == "-" else bytes.fromhex(text) for text in row.split("\t")[columns]
            ]
            texts = [b"5a5a", *texts] if file == "settings.tsv" else texts
            parts = [len(text).to_bytes(2, "little") + text for text in texts]
            (folder / f"{file}-{i}").write_bytes(b"".join(parts))


def fuzz(built: Path, target: str, seconds: float, *, seeded: bool = True) -> tuple[int, int]:
    """Run a target for so long, and return how many inputs it got and how many edges they took."""
    corpus, artifacts = FUZZ / "corpus" / target, FUZZ / "artifacts" / target
    for folder in (corpus, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={max(1, round(seconds))}", "-timeout=60", "-print_final_stats=1"]
    options += [f"-artifact_prefix={artifacts}/", "-reduce_inputs=0"]
    said = run(
        [built / target, *options, corpus, *([FUZZ / "seeds"] if seeded else [])],
        expect=None,
        timeout=seconds + 300,
    )
    inputs = re.search(r"^stat::number_of_executed_units: (\d+)", said, re.MULTILINE)
    edges = re.findall(r"\bcov: (\d+)", said)
    kept = re.search(r"Test unit written to (.+)", said)
    if kept or not inputs or not edges or "Done " not in said:
        why = re.findall(r"^(?:thread .*\n.*|.*ERROR: .*|SUMMARY: .*)", said, re.MULTILINE)
        again = f"{built / target} {kept[1]}" if kept else ""
        raise Broken("\n".join([f"{target} crashed:", *(why or [said]), f"again: {again}"]))
    return int(inputs[1]), int(edges[-1])


def build_go() -> Path:
    """Build Go's targets, to be run where their findings do not land among the sources."""
    program = FUZZ / "go" / "targets"
    program.parent.mkdir(parents=True, exist_ok=True)
    run(["go", "test", "-c", "-fuzz=Fuzz", "-o", program], cwd=ROOT / "go")
    return program


def fuzz_go(program: Path, target: str, seconds: float, *, planted: bool = False) -> int:
    """Run a target of Go for so long, and return how many inputs it got."""
    folder = FUZZ / ("planted" if planted else "go")
    folder.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [program, "-test.run=^$", f"-test.fuzz=^{target}$"]
    command += [f"-test.fuzztime={max(1, round(seconds))}s", "-test.fuzzcachedir=corpus"]
    env = {"PYLON_IDENTITY_PLANTED_FAULT": "1"} if planted else {}
    # It keeps what failed in the folder where it runs.
    said = run(command, env=env, cwd=folder, expect=None, timeout=seconds + 300)
    # Up to 1.26 Go may say that of the time's end itself: https://go.dev/issue/75804
    ended = r"^PASS$|^--- FAIL: \w+ \(.*\)\n    context deadline exceeded\nFAIL$"
    if not re.search(ended, said, re.MULTILINE):
        raise Broken(f"Go's {target}, in {folder}:\n{said}")
    return int(re.findall(r"execs: (\d+)", said)[-1])


def steps(seconds: float, *, repeat: bool = False) -> Iterator[tuple[str, int]]:
    """Feed everything for some seconds in all, and say what got how many inputs."""
    built, program = build(), build_go()
    for language in SUITES:  # builds what is not, which is no time spent on inputs
        properties(language, 1)
    share = seconds / (len(TARGETS) + 1 + len(SUITES) / 4)
    edges = 0
    for target in sorted(TARGETS):
        inputs, covered = fuzz(built, target, share)
        edges += covered
        yield f"{target}: {covered:,} edges", inputs
    for target in GO_TARGETS:
        yield f"Go's {target}", fuzz_go(program, target, share / len(GO_TARGETS))
    for language in SUITES:
        inputs, end = 0, time.monotonic() + share / 4
        while not inputs or (repeat and time.monotonic() < end):
            inputs += properties(language, 200)
        yield f"the properties of {language}", inputs


def prove() -> str:
    done = list(steps(50))
    edges = sum(
        int(n.replace(",", "")) for what, _ in done for n in re.findall("([0-9,]+) edges", what)
    )
    fuzzed = sum(inputs for what, inputs in done if what[:4] != "the ")
    random = sum(inputs for _, inputs in done) - fuzzed
    return (
        f"{fuzzed:,} inputs for {len(TARGETS)} fuzz targets of Rust and C ({edges:,} edges) and "
        f"{len(GO_TARGETS)} of Go, {random:,} for the properties of {len(SUITES)} languages, "
        "0 surprises"
    )


def control() -> str:
    """Have each detector find a fault: of a parser, of memory, and of each language's oracle."""
    built, program = build(), build_go()
    leftovers = [FUZZ / part / name for part in ("corpus", "artifacts") for name in PLANTED]
    for folder in (*leftovers, FUZZ / "planted"):
        shutil.rmtree(folder, ignore_errors=True)
    began = time.monotonic()
    # Without seeds, so that nothing but coverage leads there.
    caught("assertion `left == right` failed", fuzz, built, PLANTED[0], 60, seeded=False)
    found = time.monotonic() - began
    caught("AddressSanitizer: heap-buffer-overflow", fuzz, built, PLANTED[1], 60)
    signs = {
        "Python": "FAILED tests/test_properties.py::test_signs_any_text",
        "Node": "# fail [1-9]",
        "Rust": "random::any_text\n",
        "Go": "TestRandomInput/signs_anything",
    }
    for language in SUITES:
        caught(signs[language], properties, language, 100, planted=True)
    caught("Failing input", fuzz_go, program, "FuzzSign", 60, planted=True)
    return (
        f"a parser that takes a prefix of 22 bytes: found by coverage in {found:.0f} s; a length "
        "one byte too long: caught by AddressSanitizer; an oracle wrong beyond the BMP: caught by "
        "Hypothesis, fast-check, proptest, testing/quick and go test -fuzz"
    )


missing = sanitizer_missing
CHECKS = [Check("Random input never surprises", prove, control, needs=("g++",))]


def main() -> None:
    try:
        seconds = float(sys.argv[1])
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        sys.exit(f"SECONDS has to be a number above 0, and {sys.argv[1]!r} is not")
    lacking = [] if shutil.which("g++") else ["g++ (on Debian: apt install g++)"]
    if lacking := lacking + missing():
        sys.exit("missing: " + "; ".join(lacking))
    try:
        print(f"control: {control()}", flush=True)
        for what, inputs in steps(seconds, repeat=True):
            print(f"{inputs:>12,} inputs  {what}", flush=True)
    except Broken as broken:
        sys.exit(f"FAILED {broken}")


if __name__ == "__main__":
    main()
