"""The committed portable core is made from these sources. The test does not build it again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import portable  # noqa: E402


def test_it_is_up_to_date() -> None:
    assert portable.is_fresh(), f"{portable.MODULE} is stale. To build it again, run: make portable"


@pytest.mark.parametrize(
    "name",
    ["core/src/json.rs", "c-abi/src/lib.rs", "node/core.wasm", "go/internal/core/core.go"],
)
def test_a_changed_file_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, changed = Path.read_bytes, ROOT / name
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read(path) + (b"\n" if path == changed else b"")
    )
    assert not portable.is_fresh()


def test_a_changed_flag_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable, "PROFILE", [*portable.PROFILE, "opt-level=3"])
    assert not portable.is_fresh()


def test_a_changed_crate_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = portable.output
    monkeypatch.setattr(portable, "output", lambda *line: run(*line).replace("sha2 v", "sha2 v9"))
    assert not portable.is_fresh()
