"""Changes the core in small ways, one at a time, and finds the changes that no test notices.

.cargo/mutants.toml names the changes that are not tried, with the reasons. The others take
hours, so each day runs another of 14 parts.
"""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

from conftest import Figure
from shared import BUILT, ROOT, run

CARGO_MUTANTS = ROOT / "target" / "tools" / "bin" / "cargo-mutants"  # make harden installs it
DAYS = 14


def test_every_change_is_noticed(figure: Figure) -> None:
    part = date.today().toordinal() % DAYS
    out = BUILT / "mutants" / "mutants.out"
    shutil.rmtree(out.parent, ignore_errors=True)
    command: list[str | Path] = [CARGO_MUTANTS, "mutants", "--package", "pylon-identity-core"]
    command += ["--output", out.parent, "--colors=never", "--gitignore=true", "--jobs=2"]
    # All tests but the examples in the docs, which compile slowly.
    command += [f"--shard={part}/{DAYS}", "--", "--test=*"]
    # 0 if each is caught, 2 if one survives, 3 if a test never ended on one.
    shown = run(command, expect=None, env={"RUST_BACKTRACE": "0"}, timeout=3000)
    assert (out / "outcomes.json").exists(), shown
    assert (out / "missed.txt").read_text("utf-8").splitlines() == []
    found = json.loads((out / "outcomes.json").read_text("utf-8"))
    noticed = found["caught"] + found["timeout"]
    assert found["caught"]
    assert noticed + found["unviable"] == found["total_mutants"]
    figure(f"part {part} of {DAYS}: {noticed} caught, {found['unviable']} more did not compile")
