"""Runs the checks of the promises in SECURITY.md: `make harden`, or `make harden ONLY=wiping`.

A test whose name ends in `_control` plants a fault that the check before it must catch. The checks
marked `quick` are part of `make test`; those marked `needs` name programs that a machine may lack.
"""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable
from typing import Any

import pytest
from shared import BUILT, llvm_tools, sanitizer_runtime

# Programs that a machine may lack, and how to install them.
TOOLS: dict[str, tuple[Callable[[], object], str]] = {
    name: (lambda name=name: shutil.which(name), f"on Debian: apt install {name}")  # type: ignore[misc]
    for name in ("gcc", "g++", "valgrind")
}
TOOLS["llvm"] = (
    llvm_tools,
    "rustup component add llvm-tools, or on Debian the llvm package of the version in rustc -vV",
)
TOOLS["asan"] = (sanitizer_runtime, "AddressSanitizer for Rust comes with the toolchains of rustup")

Figure = Callable[[str], None]
figures: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: takes seconds, so it is part of make test")
    config.addinivalue_line("markers", "needs(*tools): programs that a machine may lack")
    BUILT.mkdir(parents=True, exist_ok=True)
    # A shell starts background jobs with this signal ignored, and tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)  # after -m and -k have chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop before the first check if the machine lacks something. Nothing is skipped."""
    needed = {tool for item in items for mark in item.iter_markers("needs") for tool in mark.args}
    missing = [f"{tool} ({TOOLS[tool][1]})" for tool in sorted(needed) if not TOOLS[tool][0]()]
    if missing:
        raise pytest.UsageError("missing: " + "; ".join(missing))


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Collect the figures of a check, for the summary."""

    def add(text: str) -> None:
        figures.append(f"{re.sub('^test_', '', request.node.name)}: {text}")

    return add


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.write_line(line)
