"""Random input: a short run of each fuzz target. `make fuzz` runs them for a given time."""

from __future__ import annotations

import fuzzing
import pytest
from conftest import Figure


@pytest.mark.needs("g++", "asan")
def test_random_input(figure: Figure) -> None:
    inputs = dict(fuzzing.feed(50))
    assert all(inputs.values())
    figure(f"{sum(inputs.values()):,} inputs for {len(inputs)} targets: {', '.join(inputs)}")
