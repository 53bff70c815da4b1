"""Memory does not grow with the number of calls, nor a batch's own memory with its size."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest
from conftest import Figure
from shared import BUILT, PROGRAMS, SENTINEL, Broken, build_c, build_go, build_rust, run

CALLS = 10_000_000
LIMIT = 1024  # kB
BATCHES = (250_000, 1_000_000)
LANGUAGES = ["Python", "Node", "Go", "C", "Rust"]


@cache
def program(language: str) -> list[str | Path]:
    """Build the program of a language, and return its command."""
    match language:
        case "Python":
            return [sys.executable, PROGRAMS / "uses.py"]
        case "Node":
            # Otherwise V8 keeps more memory in store than is measured here.
            return ["node", "--expose-gc", "--max-semi-space-size=1", PROGRAMS / "uses.js"]
        case "Go":
            return [build_go("uses", BUILT / "uses Go")]
        case "C":
            return [build_c(PROGRAMS / "uses.c", BUILT / "uses C", "-D_POSIX_C_SOURCE=200809L")]
    return [build_rust("harden-uses")]


def measure(language: str, *args: str) -> list[list[str]]:
    # One malloc arena, so that the system's allocator keeps little in store.
    env = {"PYLON_IDENTITY_SECRET": SENTINEL, "MALLOC_ARENA_MAX": "1"}
    said = run([*program(language), *args], env=env, timeout=1200)
    return [line.split() for line in said.splitlines()]


def grown(language: str, calls: int, *planted: str) -> int:
    """Return how many kB the process grew at most in so many calls of a kind."""
    measured = measure(language, "memory", str(calls), *planted)
    assert [kind for kind, *_ in measured] == ["sign", "verify", "secrets", "steps"]
    growth = {kind: int(after) - int(before) for kind, _, before, after in measured}
    if too_much := {kind: kB for kind, kB in growth.items() if kB >= LIMIT}:
        raise Broken(f"{language} grew by kB: {too_much}")
    return max(growth.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_memory_does_not_grow(language: str, figure: Figure) -> None:
    figure(f"at most {grown(language, CALLS)} kB in {CALLS:,} calls")


@pytest.mark.parametrize("language", LANGUAGES)
def test_memory_does_not_grow_control(language: str) -> None:
    """8 bytes leak per call."""
    with pytest.raises(Broken, match=r"grew by kB: .*sign.*verify.*secrets"):
        grown(language, CALLS // 20, "leak")


def beyond(language: str, *planted: str) -> tuple[int, int]:
    """Return how many kB batches take beyond emails and hashes."""
    taken = [int(measure(language, "batch", str(size), *planted)[0][0]) for size in BATCHES]
    small, large = (max(kB, 0) for kB in taken)
    if large - small >= LIMIT:
        raise Broken(f"{language} took {small} kB, and for a larger batch {large} kB")
    return small, large


@pytest.mark.parametrize("language", LANGUAGES)
def test_memory_of_a_batch_is_bounded(language: str, figure: Figure) -> None:
    figure(f"{beyond(language)} kB beyond {BATCHES} emails and hashes")


@pytest.mark.parametrize("language", LANGUAGES)
def test_memory_of_a_batch_is_bounded_control(language: str) -> None:
    """100 bytes more per email, held for a moment."""
    with pytest.raises(Broken, match="for a larger batch"):
        beyond(language, "waste")
