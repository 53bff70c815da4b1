"""Changes the core in small ways, one at a time, and finds the changes that no test notices.

.cargo/mutants.toml names, with the reasons, the changes that are not tried.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from check import BUILT, ROOT, Broken, Check, caught, run

CARGO_MUTANTS = ROOT / "target" / "tools" / "bin" / "cargo-mutants"  # make harden installs it


def mutate(name: str, *options: str, tests: tuple[str, ...] = ()) -> str:
    """Raise Broken if a mutant survives the core's tests."""
    out = BUILT / name / "mutants.out"
    shutil.rmtree(out.parent, ignore_errors=True)
    command: list[str | Path] = [CARGO_MUTANTS, "mutants", "--package", "pylon-identity-core"]
    command += ["--output", out.parent, "--colors", "never", "--gitignore=true", *options]
    command += ["--", "--test=*", *tests]  # all but the examples in the docs, which compile slowly
    # 0 if each is caught, 2 if one survives, 3 if a test never ended on one.
    shown = run(command, expect=None, env={"RUST_BACKTRACE": "0"}, timeout=3000)
    if not (out / "outcomes.json").exists():
        raise Broken(f"cargo-mutants did not run:\n{shown}")
    found = json.loads((out / "outcomes.json").read_text("utf-8"))
    if missed := (out / "missed.txt").read_text("utf-8").splitlines():
        raise Broken(f"{len(missed)} mutants survive the tests:\n" + "\n".join(missed))
    caught, stuck, unviable = (found[key] for key in ("caught", "timeout", "unviable"))
    if not caught or caught + stuck + unviable != found["total_mutants"]:
        raise Broken(f"not every mutant was tried:\n{shown}")
    return (
        f"{caught + stuck} of {caught + stuck} mutants of the core caught ({stuck} because a test "
        f"never ended), 0 survive; {unviable} more did not compile"
    )


def every_mutant() -> str:
    return mutate("mutants", "--jobs=2")


def without_the_tests_of_verify() -> str:
    verify = ("--re=IdentitySecret::verify", "--baseline=skip", "--timeout=60")
    skipped = ("verifies", "wycheproof", "signs", "diagnoses", "any_")  # any_ are the properties
    without = ("--", *(f"--skip={tests}" for tests in skipped))
    survivor = re.escape("replace && with || in IdentitySecret::verify")
    broken = caught(survivor, mutate, "mutants-control", *verify, tests=without)
    return f"the tests of verify left out: {broken.partition(':')[0]}"


CHECKS = [
    Check("tests notice changes of the core", every_mutant, without_the_tests_of_verify),
]
