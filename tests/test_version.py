"""packaging/version.py leaves the old version nowhere, or changes nothing at all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_project import ROOT, workspace_version

NEW = "9.8.7"

# The crates of the workspace that are not called pylon-identity-….
OWN = {"bench", "client"}

# Folders of what is built or set up, and of caches.
BUILT = {".git", ".venv", "dist", "node_modules", "target", "__pycache__"}
BUILT |= {".mypy_cache", ".ruff_cache", ".pytest_cache"}

CHANGELOG = """# Changelog

## Unreleased

- Something new.

## 0.0.1 - 2020-02-02

- Something old.
"""


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "packaging" / "version.py", *arguments],
        capture_output=True,
        encoding="utf-8",
    )


def texts(root: Path) -> dict[str, str]:
    """Return every text file under the folder by its path."""
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the text files of the project, new ones too, but nothing that was built."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = set(folders) - BUILT
        for name in names:
            data = Path(folder, name).read_bytes()
            if b"\0" not in data[:8000]:
                target = tmp_path / "copy" / Path(folder).relative_to(ROOT) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
    (tmp_path / "copy" / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return tmp_path / "copy"


def owner(lines: list[str], number: int) -> str:
    """Return whose version stands in a line of a manifest or lock file."""
    key = re.match(r'\s*"?([^\s"=:]+)"?\s*[=:]', lines[number])
    if key and key[1] != "version":
        return key[1]
    for line in reversed(lines[:number]):
        name = re.match(r'\s*"?name"?\s*[=:]\s*"([^"]+)"|\s*"(?:.*/)?node_modules/(.+)": {', line)
        if name:
            return name[1] or name[2]
        if line == "[workspace.package]":
            return "pylon-identity"
    return ""


def leftovers(root: Path, old: str) -> Iterator[str]:
    """Find the lines that still name the old version, and mean us."""
    pattern = re.compile(rf"(?<![\w.]){re.escape(old)}(?![\w.-]*\d)|\bv{re.escape(old)}\b")
    for name, text in texts(root).items():
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if not pattern.search(line):
                continue
            if name == "CHANGELOG.md":
                continue  # history
            if "uses: " in line:
                continue  # an action that a workflow pins
            file = name.rpartition("/")[2]
            if name.startswith("requirements/") or file in ("go.mod", "go.sum"):
                if "pylon-identity" not in line:
                    continue
            elif file in ("Cargo.toml", "Cargo.lock", "package.json", "package-lock.json"):
                whose = owner(lines, number)
                if not whose.startswith("pylon-identity") and whose not in OWN:
                    continue  # a dependency that happens to have the same version
            yield f"{name}:{number + 1}: {line.strip()}"


@pytest.mark.parametrize("new", [NEW, f"{NEW}-rc.1"])
def test_the_old_version_is_left_nowhere(copy: Path, new: str) -> None:
    old = workspace_version()
    assert list(leftovers(copy, old)), "the search itself finds nothing"
    done = run(copy, new, "--date", "2030-01-31")
    assert done.returncode == 0, done.stderr
    mend = "teach packaging/version.py to change these, or do not name the version there"
    assert not list(leftovers(copy, old)), mend
    assert f"{old} -> {new}, on 2030-01-31" in done.stdout
    changelog = (copy / "CHANGELOG.md").read_text("utf-8")
    heading = f"## Unreleased\n\n## {new} - 2030-01-31\n\n- Something new.\n"
    assert changelog == CHANGELOG.replace("## Unreleased\n\n- Something new.\n", heading)


def test_what_was_not_the_version_is_as_before(copy: Path) -> None:
    before = texts(copy)
    done = run(copy, NEW)
    assert done.returncode == 0, done.stderr
    old = workspace_version()
    for name, text in texts(copy).items():
        if name == "CHANGELOG.md":
            continue
        changed = [
            (was, now)
            for was, now in zip(before[name].splitlines(), text.splitlines(), strict=True)
            if was != now
        ]
        assert all(was.replace(old, NEW) == now for was, now in changed), changed
        assert (f"  {name}: {len(changed)}\n" in done.stdout) == bool(changed), name


def test_the_lock_file_fits_afterwards(copy: Path) -> None:
    assert run(copy, NEW).returncode == 0
    done = subprocess.run(
        ["cargo", "metadata", "--locked", "--offline", "--format-version", "1"],  # noqa: S607
        cwd=copy,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr


def test_the_tag_and_the_notes_of_a_release(copy: Path) -> None:
    assert run(copy, NEW, "--date", "2030-01-31").returncode == 0
    assert run(copy, "--check", f"v{NEW}").returncode == 0
    for tag in (NEW, "v9.8.6", f"v{NEW}-rc.1"):
        done = run(copy, "--check", tag)
        assert done.returncode == 1
        assert done.stderr == f"refused: the tag is {tag}, but the files name {NEW}\n"
    assert run(copy, "--notes", NEW).stdout == "- Something new.\n"
    assert run(copy, "--notes", "9.8.6").returncode == 1


def test_the_first_release_has_the_version_of_before(copy: Path) -> None:
    """Its version stands in the files already, so only the changelog is dated."""
    (copy / "CHANGELOG.md").write_text("## Unreleased\n\n- All of it.\n", encoding="utf-8")
    before = texts(copy)
    done = run(copy, workspace_version())
    assert done.returncode == 0, done.stderr
    changed = {name for name, text in texts(copy).items() if text != before[name]}
    assert changed == {"CHANGELOG.md"}


def test_a_candidate_comes_before_the_first_release(copy: Path) -> None:
    (copy / "CHANGELOG.md").write_text("## Unreleased\n\n- All of it.\n", encoding="utf-8")
    release = workspace_version().partition("-")[0]
    assert run(copy, f"{release}-rc.1").returncode == 0
    (copy / "CHANGELOG.md").write_text(f"## Unreleased\n\n- More.\n\n## {release}-rc.1\n\n- All.\n")
    assert run(copy, f"{release}-rc.2").returncode == 0
    assert run(copy, f"{release}-beta.3").returncode == 1
    (copy / "CHANGELOG.md").write_text(f"## Unreleased\n\n- Less.\n\n## {release}-rc.2\n\n- All.\n")
    assert run(copy, release).returncode == 0


WRONG = ["", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-rc1", "1.2.3-dev.1", "1.2.3\n"]


@pytest.mark.parametrize("wrong", [*WRONG, "1.2.3+build", "1.2.3-rc.01", "١.٢.٣", "0.0.0"])
def test_what_is_no_later_version_is_refused(copy: Path, wrong: str) -> None:
    before = texts(copy)
    done = run(copy, wrong)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert texts(copy) == before


@pytest.mark.parametrize(
    ("changelog", "reason"),
    [
        ("# Changelog\n\n## Unreleased\n\n## 0.0.1\n\n- Old.\n", "lists nothing under Unreleased"),
        ("# Changelog\n\n## 0.0.1\n\n- Old.\n", "has 0 headings for Unreleased"),
        (f"## Unreleased\n\n- New.\n\n## {NEW}\n\n- Old.\n", f"already has a heading for {NEW}"),
    ],
)
def test_a_changelog_that_is_not_ready_is_refused(copy: Path, changelog: str, reason: str) -> None:
    (copy / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    before = texts(copy)
    done = run(copy, NEW)
    assert done.returncode == 1
    assert done.stderr.startswith("refused: ")
    assert reason in done.stderr
    assert texts(copy) == before


def test_the_changelog_can_be_released() -> None:
    """Its newest heading is what comes next, or is the version that the files name."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (\S+)(?: - \d{4}-\d\d-\d\d)?$", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1:2] in ([], [workspace_version()])
