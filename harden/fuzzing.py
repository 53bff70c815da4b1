"""Random input for the fuzz targets.

    make fuzz SECONDS=600

runs them all for 600 seconds in total. Input that crashes a target stays in target/fuzz/artifacts/.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from shared import ROOT, Broken, run, rustc, sanitizer_runtime

FUZZ = ROOT / "target" / "fuzz"
VECTORS = ROOT / "tests" / "vectors"

TARGETS = sorted(path.stem for path in (ROOT / "fuzz" / "fuzz_targets").glob("*.rs"))
GO_TARGETS = re.findall(r"^func (Fuzz\w+)", (ROOT / "go/fuzz_test.go").read_text("utf-8"), re.M)

# The columns of the vectors that are texts, each in hexadecimal. The targets begin with the secret.
SEEDS = {
    "diagnose.tsv": slice(1, 4),
    "diagnose_page.tsv": slice(1, 3),
    "jwt.tsv": slice(1, 5),
    "malformed_secrets.tsv": slice(1, 2),
    "settings.tsv": slice(2, 9),
}


def build() -> Path:
    """Build all targets with AddressSanitizer, and return the folder that they are in."""
    # The sanitizer is not stable yet; this lets the stable compiler take it. libFuzzer is C++, and
    # needs the library of the compiler that Rust links with.
    env = {"RUSTC_BOOTSTRAP": "1", "CXX": "g++"}
    command = ["cargo", "fuzz", "build", "--fuzz-dir", "fuzz", "--target-dir", str(FUZZ)]
    run([*command, "--target", rustc("host")], env=env, timeout=1200)
    seed()
    return FUZZ / rustc("host") / "release"


def seed() -> None:
    """Write the shared vectors as inputs, in the form that fuzz/src/lib.rs reads."""
    folder = FUZZ / "seeds"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, columns in SEEDS.items():
        for i, row in enumerate((VECTORS / file).read_text("ascii").splitlines()[2:]):
            fields = row.split("\t")[columns]
            texts = [b"" if text == "-" else bytes.fromhex(text) for text in fields]
            texts = [b"5a" * 16, *texts] if file == "settings.tsv" else texts
            parts = [len(text).to_bytes(2, "little") + text for text in texts]
            (folder / f"{file}-{i}").write_bytes(b"".join(parts))


def fuzz(built: Path, target: str, seconds: float) -> int:
    """Run a target for these seconds, and return how many inputs it got."""
    corpus, artifacts = FUZZ / "corpus" / target, FUZZ / "artifacts" / target
    for folder in (corpus, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={max(1, round(seconds))}", "-timeout=60", "-print_final_stats=1"]
    options += [f"-artifact_prefix={artifacts}/", "-reduce_inputs=0"]
    said = run([built / target, *options, corpus, FUZZ / "seeds"], timeout=seconds + 300)
    return int(re.findall(r"^stat::number_of_executed_units: (\d+)", said, re.MULTILINE)[0])


def build_go() -> Path:
    """Build Go's targets, to be run where their findings do not land among the sources."""
    program = FUZZ / "go" / "targets"
    program.parent.mkdir(parents=True, exist_ok=True)
    run(["go", "test", "-c", "-fuzz=Fuzz", "-o", program], cwd=ROOT / "go")
    return program


def fuzz_go(program: Path, target: str, seconds: float) -> int:
    """Run a target of Go for these seconds, and return how many inputs it got."""
    command: list[str | Path] = [program, "-test.run=^$", f"-test.fuzz=^{target}$"]
    command += [f"-test.fuzztime={max(1, round(seconds))}s", "-test.fuzzcachedir=corpus"]
    # It keeps the input that failed in the folder where it runs.
    said = run(command, cwd=program.parent, expect=None, timeout=seconds + 300)
    # Up to 1.26 Go may report the end of the time as a failure: https://go.dev/issue/75804
    ended = r"^PASS$|^--- FAIL: \w+ \(.*\)\n    context deadline exceeded\nFAIL$"
    if not re.search(ended, said, re.MULTILINE):
        raise Broken(f"Go's {target}, in {program.parent}:\n{said}")
    return int(re.findall(r"execs: (\d+)", said)[-1])


def feed(seconds: float) -> Iterator[tuple[str, int]]:
    """Run all targets for these seconds in total. Yield each with the number of its inputs."""
    built, program = build(), build_go()
    share = seconds / (len(TARGETS) + 1)
    for target in TARGETS:
        yield target, fuzz(built, target, share)
    for target in GO_TARGETS:
        yield f"Go's {target}", fuzz_go(program, target, share / len(GO_TARGETS))


def main() -> None:
    if not shutil.which("g++") or not sanitizer_runtime():
        sys.exit("missing: g++ (on Debian: apt install g++), or AddressSanitizer, of rustup's Rust")
    try:
        for target, inputs in feed(float(sys.argv[1])):
            print(f"{inputs:>12,} inputs for {target}", flush=True)
    except Broken as broken:
        sys.exit(f"FAILED {broken}")


if __name__ == "__main__":
    main()
