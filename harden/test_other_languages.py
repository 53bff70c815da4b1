"""The programs of docs/other-languages.md, in those languages that this machine has.

The others are named at the end: few machines have all of these languages.
"""

from __future__ import annotations

import hmac
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TOOLS, figures
from shared import RELEASE, ROOT, SENTINEL, run

FILES = {"ruby": "program.rb", "php": "program.php", "java": "Program.java", "csharp": "Program.cs"}
EMAIL_HASH = hmac.digest(bytes.fromhex(SENTINEL), b"ada@example.com", "sha256").hex()


def major(command: str) -> int:
    """Return the first number of a program's version, or 0 if the program is missing."""
    if not shutil.which(command):
        return 0
    found = re.search(r"\d+", run([command, "--version"], expect=None))
    return int(found[0]) if found else 0


def commands(language: str) -> list[list[str]]:
    """Return the commands that run the program, or none if the machine lacks the language."""
    file = FILES[language]
    if language == "java":
        return [["java", "--enable-native-access=ALL-UNNAMED", file]] if major("java") >= 22 else []
    if language == "csharp":
        mono = [["mcs", file], ["mono", "Program.exe"]]
        has_mono = all(shutil.which(command[0]) for command in mono)
        return [["dotnet", "run", file]] if major("dotnet") >= 10 else mono if has_mono else []
    return [[language, file]] if shutil.which(language) else []


PRESENT = [language for language in FILES if commands(language)]
TOOLS["another language"] = (lambda: PRESENT, "any of ruby, php, Java 22, .NET 10 and Mono")


@pytest.fixture(autouse=True, scope="module")
def name_the_missing() -> Iterator[None]:
    yield
    figures.extend(
        f"not run, because this machine lacks it: {one}" for one in FILES if one not in PRESENT
    )


@pytest.mark.needs("another language")
@pytest.mark.parametrize("language", PRESENT)
def test_a_program_signs_or_says_what_is_wrong(language: str, tmp_path: Path) -> None:
    document = (ROOT / "docs" / "other-languages.md").read_text("utf-8")
    [program] = re.findall(rf"^```{language}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    (tmp_path / FILES[language]).write_text(program, "utf-8")
    (tmp_path / "lib").symlink_to(RELEASE)
    (tmp_path / "include").symlink_to(ROOT / "c-abi" / "include")
    *compiling, start = commands(language)
    for command in compiling:
        run(command, cwd=tmp_path)
    environment = {"LD_LIBRARY_PATH": "lib", "PYLON_IDENTITY_SECRET": SENTINEL}
    assert run(start, cwd=tmp_path, env=environment).splitlines()[-1] == EMAIL_HASH
    environment["PYLON_IDENTITY_SECRET"] = f"{SENTINEL}x"
    refused = run(start, cwd=tmp_path, env=environment, expect=None)
    assert "The identity secret contains a character that is not a hexadecimal digit" in refused
    assert SENTINEL not in refused
