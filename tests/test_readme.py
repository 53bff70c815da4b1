"""The programs of the READMEs run as printed, each in an empty folder, and print what they say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import oracle
import pytest

ROOT = Path(__file__).parents[1]
EMAIL_HASH = oracle.sign(bytes.fromhex(oracle.SECRET), b"ada@example.com")
SETTINGS = {"app_id": "YOUR_APP_ID", "email": "ada@example.com", "name": "Ada"}
SCRIPT = oracle.script({**SETTINGS, "email_hash": EMAIL_HASH}, "r4nd0m")
LANGUAGES = {"python", "js", "go", "c", "rust"}


def programs() -> Iterator[object]:
    for readme in ["README.md", "python/README.md", "node/README.md"]:
        text = (ROOT / readme).read_text(encoding="utf-8")
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            yield pytest.param(language, code, id=f"{readme} {language}")


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYLON_IDENTITY_SECRET": oracle.SECRET, **environment},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_python(folder: Path) -> str:
    return run([sys.executable, "program.python"], folder)


def run_js(folder: Path) -> str:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "pylon-identity").symlink_to(ROOT / "node")
    (folder / "program.js").rename(folder / "program.mjs")
    return run(["node", "program.mjs"], folder)


def run_go(folder: Path) -> str:
    module = "github.com/pylon-identity/pylon-identity/go"
    run(["go", "mod", "init", "-C", ".", "program"], folder)
    run(["go", "mod", "edit", f"-require={module}@v0.0.0", f"-replace={module}={ROOT}/go"], folder)
    return run(["go", "run", "program.go"], folder)


def run_c(folder: Path) -> str:
    flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT}/c-abi/include"]
    library = ROOT / "target" / "release"
    link = [f"-L{library}", "-lpylon_identity", f"-Wl,-rpath,{library}"]
    run([os.environ.get("CC", "cc"), *flags, "program.c", *link, "-o", "program"], folder)
    return run([str(folder / "program")], folder)


def run_rust(folder: Path) -> str:
    (folder / "src").mkdir()
    (folder / "program.rust").rename(folder / "src" / "main.rs")
    shutil.copy(ROOT / "Cargo.lock", folder)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "program"\nedition = "2024"\n[workspace]\n'
        f'[dependencies]\npylon-identity-core.path = "{ROOT}/core"\n'
    )
    target = str(ROOT / "target" / "readme")
    return run(["cargo", "run", "--quiet", "--offline"], folder, CARGO_TARGET_DIR=target)


def test_every_language_has_a_program() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^```(\w+)$", readme, re.MULTILINE)) == LANGUAGES


@pytest.mark.parametrize(("language", "code"), list(programs()))
def test_program(language: str, code: str, tmp_path: Path) -> None:
    (tmp_path / f"program.{language}").write_text(code, encoding="utf-8")
    expected = EMAIL_HASH if language == "c" else SCRIPT
    assert globals()[f"run_{language}"](tmp_path) == expected + "\n"
