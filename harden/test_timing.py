"""Constant time: no branch and no index depends on the key or on the expected hash.

Two methods look for a difference, and each has a blind spot. Valgrind follows every bit that comes
from a key in a release build of the library, but knows no SHA instructions, so sha2's portable code
runs. The statistics of dudect compare how long calls take on this machine, SHA instructions
included.
"""

from __future__ import annotations

import re

import pytest
from conftest import Figure
from shared import BUILT, PROGRAMS, build_c, build_rust, run

# --- valgrind ---

SIGNING = ["sign", "sign_many", "chat_settings_hash", "verify"]
PARSING = ["parse", "parse and sign"]


def count_errors() -> dict[str, int]:
    """Run each step with a poisoned secret, and return how many errors valgrind counted in it."""
    program = build_c(PROGRAMS / "poisoned.c", BUILT / "poisoned")
    said = run(["valgrind", "--quiet", "--error-limit=no", program])
    return {step: int(count) for step, count in re.findall(r"^(.+)\t(\d+)$", said, re.MULTILINE)}


@pytest.mark.needs("valgrind")
def test_no_branch_and_no_index_depends_on_the_key(figure: Figure) -> None:
    counts = count_errors()
    assert {step: counts[step] for step in SIGNING if counts[step]} == {}
    # Parsing branches twice a call: on whether the text is hexadecimal, and not only zero bytes.
    # Whether a secret is accepted is public. So this is the control, too: errors are counted.
    assert {counts[step] for step in PARSING} == {2 * counts["calls"]}
    figure(f"0 errors in {', '.join(SIGNING)}")


# --- dudect ---

DEFINITELY = 10  # from this |t| on, dudect calls a function "definitely not constant time"
TRIES = 3  # another program may disturb one kind of input more, but hardly in three runs
COMPARED = [
    "sign_with_one_key_or_any",
    "verify_wrong_at_first_or_last_digit",
    "verify_right_or_wrong",
]


def measure(name: str) -> float:
    """Return |t| of a comparison."""
    said = run([build_rust("harden-timing"), "--filter", name])
    [t] = re.findall(r"^bench \w+ .*max t = ([-+.\d]+)", said, re.MULTILINE)
    return abs(float(t))


@pytest.mark.parametrize("name", COMPARED)
def test_calls_take_the_same_time(name: str, figure: Figure) -> None:
    tries: list[float] = []
    while len(tries) < TRIES and (not tries or tries[-1] >= DEFINITELY):
        tries.append(measure(name))
    assert tries[-1] < DEFINITELY, f"|t| = {tries}"
    figure(f"|t| = {tries[-1]:.1f}")
