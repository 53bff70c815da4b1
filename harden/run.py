"""Proves what SECURITY.md promises, and proves each proof by a fault that it must catch.

    make harden              # all of it
    make harden ONLY=timing  # the checks of one module

Prints one line per promise: its figure, and what became of the control. Exits with 1 if a promise
does not hold or a control goes unnoticed. `--quick` runs those that are part of make test, and
`--needs` only looks for what the machine lacks.
"""

from __future__ import annotations

import importlib
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable

from check import BUILT, Broken, Check

MODULES = [
    "boundary",
    "secrecy",
    "runtimes",
    "wiping",
    "timing",
    "fuzzing",
    "mutants",
    "supply",
    "lines",
]

# What a machine may lack, and the command that installs it.
TOOLS = {
    "g++": "on Debian: apt install g++",
    "gcc": "on Debian: apt install gcc",
    "valgrind": "on Debian: apt install valgrind",
}


def outcome(part: str, action: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, action()
    except Broken as broken:
        return False, f"{part} FAILED: {broken}"
    except subprocess.TimeoutExpired as late:
        return False, f"{part} FAILED: {late}"
    except Exception:  # a check that crashes has proven nothing
        return False, f"{part} FAILED: {traceback.format_exc()}"


def main() -> None:
    # A shell starts what runs in the background with it ignored, and tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    quick = "--quick" in sys.argv
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")]
    if unknown := set(chosen) - set(MODULES):
        sys.exit(f"no checks are called {', '.join(unknown)}; there are: {', '.join(MODULES)}")
    modules = [importlib.import_module(name) for name in chosen or MODULES]
    checks: list[Check] = [
        check for module in modules for check in module.CHECKS if check.quick or not quick
    ]

    wanted = {tool for check in checks for tool in check.needs}
    missing = [f"{tool} ({TOOLS[tool]})" for tool in sorted(wanted) if not shutil.which(tool)]
    for module in modules:
        if not quick and hasattr(module, "missing"):  # tools whose names depend on others
            missing += module.missing()
    if missing:
        sys.exit("missing: " + "; ".join(dict.fromkeys(missing)))
    if "--needs" in sys.argv:
        return

    BUILT.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    began = time.monotonic()
    for check in checks:
        start = time.monotonic()
        results = [outcome("promise", check.prove), outcome("control", check.control)]
        good = all(ok for ok, _ in results)
        passed, failed = passed + good, failed + (not good)
        figure, caught = (text for _, text in results)
        print(f"{'ok' if good else 'FAILED':<6} {check.promise}: {figure}")
        print(f"       control: {caught}  ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s\n{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not checks)


if __name__ == "__main__":
    main()
