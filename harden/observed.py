"""Programs, one for each language, that use secrets while their memory is observed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from shared import (
    ARCHIVE,
    BUILT,
    PROGRAMS,
    build_c,
    build_c_library,
    build_go,
    build_rust,
    without_sha_instructions,
)


@cache
def command(language: str) -> list[str | Path]:
    """Build the program of a language, and return its command."""
    out = BUILT / f"uses {language}"
    match language:
        case "Python":
            return [sys.executable, PROGRAMS / "uses.py"]
        case "Node" | "portable Node":
            # V8 must hold little free memory, or it hides a leak.
            options = ["--expose-gc", "--max-semi-space-size=1"]
            if language == "portable Node":
                options.append("--no-addons")
            return ["node", *options, PROGRAMS / "uses.js"]
        case "Go":
            return [build_go("uses", out)]
        case "portable Go":
            return [build_go("uses", out, "pylonidentity_portable")]
        case "Rust":
            return [build_rust("harden-uses")]
    portable = language == "portable C"
    soft = '--cfg sha2_backend="soft"'
    library = build_c_library("portable", soft) / ARCHIVE.name if portable else ARCHIVE
    source, posix = PROGRAMS / "uses.c", "-D_POSIX_C_SOURCE=200809L"
    program = build_c(source, out, posix, library=library)
    return [without_sha_instructions(program) if portable else program]


class Program:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.folder = Path("/proc", str(process.pid))

    def write(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == b"done\n", "the program failed"

    def take(self, step: str, times: int = 1) -> None:
        self.write(f"{step} {times}\n")
        self.wait()

    def kilobytes(self, field: str, file: str) -> int:
        text = (self.folder / file).read_text()
        return int(re.findall(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)[0])

    def resident(self) -> int:
        self.take("collect", 5)
        return self.kilobytes("Rss", "smaps_rollup")


@contextmanager
def running(language: str, secrets: list[str], env: Mapping[str, str]) -> Iterator[Program]:
    process = subprocess.Popen(
        command(language),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **env},
    )
    with process:
        program = Program(process)
        program.write("".join(f"{secret}\n" for secret in [*secrets, ""]))
        program.wait()
        yield program
    assert process.returncode == 0
