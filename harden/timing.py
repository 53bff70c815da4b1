"""Constant time: no branch and no index depends on the key or on the expected hash.

Two ways to see it, each blind to something. Valgrind follows every bit that comes from a key in
a release build of the library, but knows no SHA instructions, so sha2's portable code runs. The
statistics of dudect compare how long calls take on this machine, SHA instructions included.
"""

from __future__ import annotations

import re
from functools import cache

from check import BUILT, ROOT, Broken, Check, build_c, build_rust, run

PROGRAMS = ROOT / "harden" / "timing"

# --- valgrind ---

USING = [
    "sign",
    "sign_many",
    "chat_settings_hash",
    "verify right",
    "verify wrong",
    "verify nearly right",
]
PARSING = ["parse", "parse and sign"]
PLANTED = ["control: compare", "control: look up"]


@cache
def count_errors() -> dict[str, int]:
    """Run each step with poisoned secrets, and return how many errors valgrind counted in it."""
    program = build_c(PROGRAMS / "poisoned.c", BUILT / "poisoned")
    said = run(["valgrind", "--quiet", "--error-limit=no", program])
    found = re.findall(r"^(.+)\t(\d+)$", said, re.MULTILINE)
    counts = {name: int(count) for name, count in found}
    if counts["poisoned bytes"] != 64:
        raise Broken(
            f"not two states of SHA-256 were poisoned, but {counts['poisoned bytes']} bytes"
        )
    return counts


def prove_no_branch() -> str:
    counts = count_errors()
    if wrong := {step: counts[step] for step in USING if counts[step]}:
        raise Broken(f"valgrind's errors, where none were to be: {wrong}")
    # Whether the text of a secret is one is public, and the only thing that parsing branches on.
    if wrong := {step: counts[step] for step in PARSING if counts[step] != counts["calls"]}:
        raise Broken(f"valgrind's errors, where one a call was to be ({counts['calls']}): {wrong}")
    sha = "with SHA instructions" if counts.get("sha instructions") else "in portable SHA-256"
    return (
        f"0 errors in {', '.join(USING)}, {sha}, with {counts['poisoned bytes']} poisoned bytes; "
        f"parsing a secret branches once a call, on whether it is one"
    )


def control_branch() -> str:
    counts = count_errors()
    if missed := [step for step in PLANTED if counts[step] < counts["calls"]]:
        raise Broken(f"valgrind did not notice: {', '.join(missed)}")
    early, table = (counts[step] for step in PLANTED)
    return (
        f"a comparison that stops early and a table that a key looks up: caught by valgrind "
        f"({early} and {table} errors)"
    )


# --- dudect ---

DEFINITELY = 10  # from this |t| on, dudect calls a function "definitely not constant time"
TRIES = (
    3  # another program may disturb one kind of input more than the other, but not again and again
)
COMPARED = [
    "sign_with_one_key_or_any",
    "verify_wrong_at_first_or_last_digit",
    "verify_right_or_wrong",
    "parse_digits_or_letters",
]


def measure(name: str) -> dict[str, float]:
    """Return |t| of the comparisons with this in their name."""
    said = run([build_rust("timing"), "--filter", name])
    found = re.findall(r"^bench (\w+) .*max t = ([-+.\d]+)", said, re.MULTILINE)
    return {name: abs(float(t)) for name, t in found}


def prove_no_difference() -> str:
    figures = []
    for name in COMPARED:
        for _ in range(TRIES):
            t = measure(name)[name]
            if t < DEFINITELY:
                break
        else:
            raise Broken(
                f"{name} takes different time: |t| = {t:.1f}, in the last of {TRIES} tries"
            )
        figures.append(f"{name.replace('_', ' ')} {t:.1f}")
    return f"|t| < {DEFINITELY}: {', '.join(figures)}"


def control_difference() -> str:
    figures = measure("control")
    if len(figures) != 2 or min(figures.values()) < DEFINITELY:
        raise Broken(f"differences in time went unnoticed: |t| = {figures}")
    early, decoder = (figures[name] for name in sorted(figures))
    return (
        f"a comparison that stops early and a decoder that branches: caught by dudect "
        f"(|t| = {early:.0f} and {decoder:.0f})"
    )


CHECKS = [
    Check(
        "Constant time: no branch or index depends on a key or the expected hash",
        prove_no_branch,
        control_branch,
        needs=("valgrind",),
    ),
    Check(
        "Constant time: calls take the same time, whatever the key and the hash",
        prove_no_difference,
        control_difference,
    ),
]
