"""Runs the test suites, all of them even if one fails, and ends with a line for each.

    make test

A suite fails if its command fails, or if it ran no test.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp"]

CARGO_TEST = ["cargo", "test", "--locked", "--quiet"]

# The code for processors without SHA instructions. Only the core signs.
SOFTWARE_SHA = ["env", 'RUSTFLAGS=--cfg sha2_backend="soft"', "CARGO_TARGET_DIR=target/soft"]
SOFTWARE_SHA += [*CARGO_TEST, "--package=pylon-identity-core", "--tests"]

GO_TEST = ["go", "test", "-count=1", "-v"]

# It gets fewer random inputs, since its hashes are slower.
PORTABLE = ["-tags=pylonidentity_portable", "-quickchecks=20"]


class Suite(NamedTuple):
    name: str
    commands: list[list[str]]
    passed: str  # a regular expression whose groups add up to the number of tests that passed
    folder: str = "."


SUITES = [
    Suite("Rust", [CARGO_TEST, SOFTWARE_SHA], r"^test result: .* (\d+) passed"),
    Suite("Python", [[*PYTEST, "../target/pytest-python"]], r"(\d+) passed", "python"),
    Suite("Node", [["npm", "test", "--", "--test-reporter=tap"]], r"^# pass (\d+)", "node"),
    Suite(
        "Go",
        # The last module depends on golang-jwt. The package must not.
        [
            [*GO_TEST, "./..."],
            [*GO_TEST, *PORTABLE, "."],
            ["go", "test", "-C", "../bench/go", *GO_TEST[2:], "."],
        ],
        r"^ *(--- PASS:)",
        "go",
    ),
    Suite(
        "C",
        [[f"target/clients/vectors-{link}", "tests/vectors"] for link in ("static", "shared")],
        r"^(\d+) passed",
    ),
    Suite(
        "browser", [["node", "--test", "--test-reporter=tap"]], r"^# pass (\d+)", "tests/browser"
    ),
    Suite(
        "all together",
        [[*PYTEST, "target/pytest-together", "tests", "--ignore=tests/stacks"]],
        r"(\d+) passed",
    ),
    Suite(
        "promises", [[*PYTEST, "target/pytest-harden", "-m", "quick", "harden"]], r"(\d+) passed"
    ),
]


def run(suite: Suite) -> tuple[int, bool]:
    """Print the failures, and return how many tests passed and whether the suite did."""
    print(f"{suite.name} …", end=" ", flush=True)
    start = time.monotonic()
    passed, failures = 0, []
    for command in suite.commands:
        done = subprocess.run(
            command,
            cwd=ROOT / suite.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        counts = re.findall(suite.passed, done.stdout, re.MULTILINE)
        here = sum(int(count) if count.isdigit() else 1 for count in counts)
        passed += here
        if done.returncode != 0 or here == 0:
            failures.append(f"$ {' '.join(command)}\n{done.stdout}")
    print(f"{time.monotonic() - start:.1f} s", flush=True)
    for failure in failures:
        print(failure, flush=True)
    return passed, not failures


def main() -> None:
    # A shell starts background jobs with this signal ignored, and tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = sys.argv[1:]
    results = {suite.name: run(suite) for suite in SUITES if not chosen or suite.name in chosen}
    print()
    for name, (passed, ok) in results.items():
        print(f"  {name:<14}{passed:>6} passed   {'ok' if ok else 'FAILED'}")
    if not results:
        sys.exit(f"no suite of these names: {' '.join(chosen)}")
    failed = sum(not ok for _, ok in results.values())
    print(f"\n{sum(passed for passed, _ in results.values())} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
