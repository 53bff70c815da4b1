"""The packages work with the threads, forks, workers, signals and collectors of each runtime.

The scenarios are in programs/: scenarios.py and scenarios.mjs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import Figure
from shared import BUILT, PROGRAMS, ROOT, SENTINEL, Broken, run

ENV = {"HARDEN_SECRET": SENTINEL, "PYTHONPATH": str(ROOT / "python")}

# --- Python ---


def pythons() -> dict[str, str]:
    """A CPython of each version from 3.10 on: the project's own, one of pyenv's, or in PATH."""
    of_pyenv = (Path.home() / ".pyenv" / "versions").glob("3.*[0-9]/bin")  # without PyPy's
    folders = [str(Path(sys.executable).parent), *map(str, of_pyenv), os.environ["PATH"]]
    path = os.pathsep.join(folders)
    found = {f"3.{i}": shutil.which(f"python3.{i}", path=path) for i in range(10, 20)}
    return {version: python for version, python in found.items() if python}


SCENARIOS = ["threads", "processes", "signals", "exits"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_python(scenario: str, figure: Figure) -> None:
    for version, python in pythons().items():
        print(f"Python {version}")  # which pytest shows if it fails
        command: list[str | Path] = [python, "-W", "ignore", PROGRAMS / "scenarios.py", scenario]
        run(command, env=ENV, timeout=120)
    figure(f"in {', '.join(pythons())}")


# --- Node ---


QUICK = ["only in a worker", "a secret wiped in mid-batch"]
QUICK += ["exit in mid-batch", "exit while a worker is in mid-batch"]
IN_NODE = [pytest.param(scenario, marks=pytest.mark.quick) for scenario in QUICK]


@pytest.mark.parametrize("scenario", [*IN_NODE, "workers", "terminate in mid-batch"])
def test_node(scenario: str) -> None:
    command: list[str | Path] = ["node", PROGRAMS / "scenarios.mjs", scenario]
    run(command, env=ENV, expect=7 if scenario.startswith("exit") else 0, timeout=300)


# --- Go ---

GO = ROOT / "go"


def test_go_finds_no_race() -> None:
    run(["go", "test", "-race", "./..."], cwd=GO)


# The hashes of the portable core are slow, so it gets fewer random inputs.
PORTABLE = ["go", "test", "-tags=pylonidentity_portable", "-quickchecks=5"]
PLATFORMS = [f"{system}/{arch}" for system in ("freebsd", "openbsd") for arch in ("386", "arm")]
PLATFORMS += [f"{system}/amd64" for system in ("freebsd", "openbsd", "darwin", "windows")]
PLATFORMS += [f"{system}/arm64" for system in ("freebsd", "openbsd", "darwin", "windows")]
PLATFORMS += ["js/wasm", "linux/s390x", "linux/riscv64"]


def test_go_finds_no_race_in_the_portable_core() -> None:
    run([*PORTABLE, "-race", "-skip=^TestDiagnose$", "."], cwd=GO)


def test_go_runs_the_portable_core_on_32_bits() -> None:
    run([*PORTABLE, "."], cwd=GO, env={"GOARCH": "386", "CGO_ENABLED": "0"})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_go_compiles_the_portable_core_for(platform: str) -> None:
    system, arch = platform.split("/")
    run(["go", "build", "."], cwd=GO, env={"GOOS": system, "GOARCH": arch, "CGO_ENABLED": "0"})


def test_linters_of_go_need_no_compiler_of_c() -> None:
    command = ["go", "run", "honnef.co/go/tools/cmd/staticcheck@v0.8.2", "."]
    run(command, cwd=GO, env={"CGO_ENABLED": "0"})


def test_go_finds_no_pointer_of_go_in_memory_of_c() -> None:
    run(["go", "test", "./..."], cwd=GO, env={"GOEXPERIMENT": "cgocheck2"})


# --- Go, with collected garbage ---

# Keeps the key alive after a call of C. The loop of SignMany reads the key again anyway.
KEEP = "\n\tk.used()\n"
USES = [
    (path, text.start())
    for path in GO.glob("*.go")
    for text in re.finditer(re.escape(KEEP), path.read_text())
]


def collect(*forgotten: tuple[Path, int]) -> None:
    """Collect garbage in calls of secrets, without the uses that keep a key alive here."""
    folder = BUILT / "go-collecting"
    folder.mkdir(parents=True, exist_ok=True)
    replaced = {}
    for path, start in forgotten:
        text = path.read_text()
        changed = folder / path.name
        changed.write_text(text[:start] + "\n" + text[start + len(KEEP) :])
        replaced[str(path)] = str(changed)
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}))
    flags = ["-count=1", "-tags=pylonidentity_gc", f"-overlay={overlay}"]
    run(["go", "test", *flags, "-run=TestSecretsThatNothingRefersTo", "."], cwd=GO)


def test_go_collects_garbage_during_calls() -> None:
    collect()


def test_go_collects_garbage_during_calls_control(figure: Figure) -> None:
    """If one of them is left out, a secret is wiped while C uses it."""
    assert len(USES) > 2
    for place in USES:
        with pytest.raises(Broken, match="panic"):
            collect(place)
    figure(f"each of {len(USES)} is needed")
