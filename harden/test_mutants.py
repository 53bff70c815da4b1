"""Changes the core in small ways, one at a time, and finds the changes that no test notices.

.cargo/mutants.toml names, with the reasons, the changes that are not tried.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from conftest import Figure
from shared import BUILT, ROOT, run

CARGO_MUTANTS = ROOT / "target" / "tools" / "bin" / "cargo-mutants"  # make harden installs it


def mutate(name: str, *options: str, tests: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the outcomes, with the mutants that survive the core's tests as "survivors"."""
    out = BUILT / name / "mutants.out"
    shutil.rmtree(out.parent, ignore_errors=True)
    command: list[str | Path] = [CARGO_MUTANTS, "mutants", "--package", "pylon-identity-core"]
    command += ["--output", out.parent, "--colors", "never", "--gitignore=true", *options]
    command += ["--", "--test=*", *tests]  # all but the examples in the docs, which compile slowly
    # 0 if each is caught, 2 if one survives, 3 if a test never ended on one.
    shown = run(command, expect=None, env={"RUST_BACKTRACE": "0"}, timeout=3000)
    assert (out / "outcomes.json").exists(), shown
    found: dict[str, Any] = json.loads((out / "outcomes.json").read_text("utf-8"))
    found["survivors"] = (out / "missed.txt").read_text("utf-8").splitlines()
    return found


def test_every_change_is_noticed(figure: Figure) -> None:
    found = mutate("mutants", "--jobs=2")
    assert found["survivors"] == []
    noticed = found["caught"] + found["timeout"]
    assert found["caught"]
    assert noticed + found["unviable"] == found["total_mutants"]
    figure(f"{noticed} caught, {found['unviable']} more did not compile")


def test_every_change_is_noticed_control() -> None:
    """With the tests of verify left out, a change of it survives."""
    verify = ("--re=IdentitySecret::verify", "--baseline=skip", "--timeout=60")
    skipped = ("verifies", "wycheproof", "signs", "diagnoses", "any_")  # any_ are the properties
    without = ("--", *(f"--skip={tests}" for tests in skipped))
    survivors = mutate("mutants-control", *verify, tests=without)["survivors"]
    assert any("replace && with || in IdentitySecret::verify" in change for change in survivors)
