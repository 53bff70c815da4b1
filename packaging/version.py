"""Sets the version everywhere it stands, and says what it changed.

make version VERSION=1.2.3    (or: python packaging/version.py 1.2.3 --date 2030-01-31)

Nothing is written unless everything can be. The release workflow also calls it:

    --check v1.2.3    fails unless that is the tag of the version in the files, with a changelog
    --notes 1.2.3     prints what the changelog says of a version
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# The three kinds of pre-release that PyPI has as well.
NUMBER = "(0|[1-9][0-9]*)"
VERSION = re.compile(rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-(alpha|beta|rc)\.{NUMBER})?")

# Folders with files of others, or that are built.
SKIPPED = {".git", ".venv", "dist", "node_modules", "target"}

UNRELEASED = "## Unreleased"


class RefusedError(Exception):
    """The version cannot be set, and why."""


def order(version: str) -> tuple[object, ...]:
    """Return what sorts as the versions do: a pre-release comes before its release."""
    match = VERSION.fullmatch(version)
    if match is None:
        raise RefusedError(
            f"{version!r} is no version; write 1.2.3, 1.2.3-alpha.1, 1.2.3-beta.1 or 1.2.3-rc.1"
        )
    major, minor, patch, kind, number = match.groups()
    return (int(major), int(minor), int(patch), kind or "released", int(number or 0))


def current() -> str:
    manifest = (ROOT / "Cargo.toml").read_text("utf-8")
    match = re.search(r'^\[workspace\.package\]\nversion = "(.+)"$', manifest, re.MULTILINE)
    if match is None:
        raise RefusedError("Cargo.toml has no version under [workspace.package]")
    return match[1]


def replace(pattern: str, old: str, new: str, text: str) -> tuple[str, int]:
    """Replace the old version where the pattern, in which OLD stands for it, has its group."""
    expression = re.compile(pattern.replace("OLD", re.escape(old)), re.MULTILINE)
    return expression.subn(lambda match: match[1] + new + match[2], text)


def manifests() -> Iterator[Path]:
    """Find every npm manifest and lock file: those of the examples name the package too."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(set(folders) - SKIPPED)
        for file in ("package.json", "package-lock.json"):
            if file in files:
                yield Path(folder, file)


def edits(old: str, new: str) -> Iterator[tuple[Path, str, int]]:
    """Return every file that names the version, its new text, and how often that names it."""
    cargo = ROOT / "Cargo.toml"
    text, package = replace(
        r'^(\[workspace\.package\]\nversion = ")OLD(")$', old, new, cargo.read_text("utf-8")
    )
    text, crates = replace(r'^(pylon-identity-.* path = .*version = ")OLD(")', old, new, text)
    if package != 1 or crates == 0:
        raise RefusedError(f"Cargo.toml does not name {old} as it should")
    yield cargo, text, package + crates

    # Our crates have no source in the lock files.
    for lock in (ROOT / "Cargo.lock", ROOT / "fuzz" / "Cargo.lock"):
        text, count = replace(
            r'(^\[\[package\]\]\nname = ".+"\nversion = ")OLD("\n(?!source))',
            old,
            new,
            lock.read_text("utf-8"),
        )
        if count == 0:
            raise RefusedError(f"{lock.relative_to(ROOT)} does not name {old} as it should")
        yield lock, text, count

    main = 0
    for path in manifests():
        text = path.read_text("utf-8")
        text, own = replace(
            r'("name": "pylon-identity[a-z0-9-]*",\s+"version": ")OLD(")', old, new, text
        )
        text, needed = replace(r'("pylon-identity[a-z0-9-]*": ")OLD(")', old, new, text)
        main += own if path.parent == ROOT / "node" else 0
        if own + needed:
            yield path, text, own + needed
    if main != 3:
        raise RefusedError(f"node/package.json and its lock file do not name {old} as they should")


def notes(version: str) -> str:
    """Return what the changelog says of a version, without its heading."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.split(r"^(?=## )", changelog, flags=re.MULTILINE)
    found = [text for text in sections if re.match(rf"## {re.escape(version)}(?:\s|$)", text)]
    if len(found) != 1:
        raise RefusedError(f"CHANGELOG.md has {len(found)} headings for {version}, not one")
    return found[0].partition("\n")[2].strip()


def dated_changelog(new: str, date: datetime.date) -> str:
    """Return the changelog with what is unreleased under the new version."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if re.search(rf"^## {re.escape(new)}(?:\s|$)", changelog, re.MULTILINE):
        raise RefusedError(f"CHANGELOG.md already has a heading for {new}")
    for released in re.findall(r"^## (\d\S*)", changelog, re.MULTILINE):
        if order(new) < order(released):
            raise RefusedError(
                f"{new} is older than {released}, which CHANGELOG.md says is released"
            )
    if not re.search(r"^[-*] ", notes("Unreleased"), re.MULTILINE):
        raise RefusedError("CHANGELOG.md lists nothing under Unreleased: say what is new first")
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n\n## {new} - {date}", 1)


def set_version(new: str, date: datetime.date) -> None:
    order(new)  # refuses what is no version
    old = current()
    planned = list(edits(old, new)) if new != old else []
    planned.append((ROOT / "CHANGELOG.md", dated_changelog(new, date), 1))
    for path, text, _ in planned:
        path.write_text(text, encoding="utf-8", newline="\n")
    for path, _, count in planned:
        print(f"  {path.relative_to(ROOT).as_posix()}: {count}")
    print(f"{old} -> {new}, on {date}")


def check(tag: str) -> None:
    version = current()
    if tag != f"v{version}":
        raise RefusedError(f"the tag is {tag}, but the files name {version}")
    if not notes(version):
        raise RefusedError(f"CHANGELOG.md says nothing of {version}")
    for path, _, _ in edits(version, version):
        print(f"  {path.relative_to(ROOT).as_posix()} names {version}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Sets the version everywhere it stands.")
    parser.add_argument("version", nargs="?", help="for example 1.2.3 or 1.2.3-rc.1")
    parser.add_argument(
        "--date",
        type=datetime.date.fromisoformat,
        default=datetime.datetime.now(datetime.timezone.utc).date(),
        help="the date in the changelog, today if not given",
    )
    parser.add_argument("--check", metavar="TAG", help="fail unless the files name its version")
    parser.add_argument("--notes", metavar="VERSION", help="print its part of the changelog")
    given = parser.parse_args()
    if sum(map(bool, (given.version, given.check, given.notes))) != 1:
        parser.error("give a version, --check or --notes (make version VERSION=1.2.3)")
    try:
        if given.check:
            check(given.check)
        elif given.notes:
            print(notes(given.notes))
        else:
            set_version(given.version, given.date)
    except RefusedError as error:
        sys.exit(f"refused: {error}")


if __name__ == "__main__":
    main()
