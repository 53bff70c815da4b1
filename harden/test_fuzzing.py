"""Random input: a short run of each fuzz target. `make fuzz` runs them for as long as one likes."""

from __future__ import annotations

import shutil

import fuzzing
import pytest
from conftest import Figure
from shared import Broken

pytestmark = pytest.mark.needs("g++", "asan")


def test_random_input(figure: Figure) -> None:
    inputs = dict(fuzzing.feed(50))
    assert all(inputs.values())
    figure(f"{sum(inputs.values()):,} inputs for {len(inputs)} targets: {', '.join(inputs)}")


def test_random_input_control() -> None:
    """A planted read of one byte too far is found, so the targets do run with AddressSanitizer."""
    for part in ("corpus", "artifacts"):
        shutil.rmtree(fuzzing.FUZZ / part / fuzzing.PLANTED, ignore_errors=True)
    with pytest.raises(Broken, match="AddressSanitizer: heap-buffer-overflow"):
        fuzzing.fuzz(fuzzing.build(), fuzzing.PLANTED, 60)
