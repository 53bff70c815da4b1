"""Memory does not grow with the number of calls, nor a batch's own memory with its size.

In C, LeakSanitizer and valgrind look for leaks: test_boundary.py.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from conftest import Figure
from observed import Program, running
from shared import SENTINEL, Broken

LANGUAGES = ["Python", "Node", "Go"]
LIMIT = 1024  # kB
CALLS = {"sign": 10_000_000, "verify": 10_000_000, "parse": 10_000_000, "use": 100_000}
CALLS |= {"drop-in": 100_000, "env": 100_000, "refused": 100_000, "diagnose": 5000, "many": 500}
BATCHES = (250_000, 1_000_000)


def start(language: str) -> AbstractContextManager[Program]:
    # One malloc arena, so that the system's allocator holds little free memory.
    env = {"PYLON_IDENTITY_SECRET": SENTINEL, "MALLOC_ARENA_MAX": "1"}
    return running(language, [SENTINEL], env)


def grown(program: Program, step: str, calls: int) -> int:
    """Return how many kB the process grew in so many calls, after half as many to warm up."""
    program.take(step, calls // 2)
    before = program.resident()
    program.take(step, calls)
    if (growth := program.resident() - before) >= LIMIT:
        raise Broken(f"{step}: grew by {growth} kB")
    return growth


@pytest.mark.parametrize("language", LANGUAGES)
def test_memory_does_not_grow(language: str, figure: Figure) -> None:
    with start(language) as program:
        program.take("keep")
        figure(f"at most {max(grown(program, *calls) for calls in CALLS.items())} kB")
        with pytest.raises(Broken, match="grew by"):  # the control: 8 bytes leak per call
            grown(program, "leak", 500_000)


def beyond(program: Program, waste: int = 0) -> int:
    """Return how many kB a batch takes beyond emails and hashes."""
    program.resident()
    (program.folder / "clear_refs").write_text("5")
    program.take("batch")
    program.take("waste", waste)
    peak = program.kilobytes("VmHWM", "status")
    return max(peak - program.resident(), 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_memory_of_a_batch_is_bounded(language: str, figure: Figure) -> None:
    taken = []
    for size in BATCHES:
        with start(language) as program:
            program.take("keep")
            program.take("emails", size)
            taken.append(beyond(program))
            if size == max(BATCHES):  # the control: 100 bytes more per email, held for a moment
                assert beyond(program, waste=1) - taken[0] >= LIMIT
    assert taken[1] - taken[0] < LIMIT
    figure(f"{taken} kB beyond {BATCHES} emails and hashes")
