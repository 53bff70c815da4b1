"""Tests equal versions everywhere, current vectors, and the demo with your own secret."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import oracle
import pytest

ROOT = Path(__file__).parents[1]


def workspace_version() -> str:
    manifest = (ROOT / "Cargo.toml").read_text()
    match = re.search(r'^\[workspace\.package\]\nversion = "(.+)"$', manifest, re.MULTILINE)
    assert match
    return match[1]


def test_vectors_are_up_to_date() -> None:
    files = oracle.files()
    vectors = {path for path in files if path.suffix == ".tsv"}
    assert set(oracle.VECTORS.glob("*.tsv")) == vectors, "a file too many or missing"
    for path, text in files.items():
        stale = f"{path.name} is stale. To write it again, run: python tests/oracle.py"
        assert path.read_text(encoding="ascii") == text, stale


def test_one_version_everywhere() -> None:
    package = json.loads((ROOT / "node" / "package.json").read_text())
    lock = json.loads((ROOT / "node" / "package-lock.json").read_text())
    crates = (ROOT / "Cargo.toml").read_text()
    found = {
        "the Python package": re.sub(
            r"(a|b|rc)(?=\d+$)",
            lambda kind: {"a": "-alpha.", "b": "-beta.", "rc": "-rc."}[kind[1]],
            version("pylon-identity"),
        ),
        "node/package.json": package["version"],
        "node/package-lock.json": lock["version"],
        "node/package-lock.json, packages": lock["packages"][""]["version"],
    }
    for crate in ("core", "cli"):
        [required] = re.findall(rf'path = "{crate}", version = "(.+?)"', crates)
        found[f"the dependency on {crate}"] = required
    assert set(found.values()) == {workspace_version()}, found


def test_every_public_crate_is_released() -> None:
    command = ["cargo", "metadata", "--no-deps", "--format-version=1", "--offline"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    public = {crate["name"] for crate in json.loads(shown)["packages"] if crate["publish"] != []}
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    [published] = re.findall(r"for crate in (.+); do", workflow)
    assert set(published.split()) == public
    [tried] = re.findall(r"cargo publish --dry-run --locked (.+)", workflow)
    assert set(re.findall(r"--package (\S+)", tried)) == public


def least(pattern: str, *files: str) -> set[str]:
    """Return the texts of the group in the files, each of which must match."""
    matches = [re.search(pattern, (ROOT / file).read_text("utf-8"), re.MULTILINE) for file in files]
    assert all(matches), files
    return {match[1] for match in matches if match}


def test_the_least_versions_agree() -> None:
    readme, script = "README.md", "tests/prerequisites.sh"
    rust = least(r'rust-version = "([\d.]+)"', "Cargo.toml") | least(r"Rust ([\d.]+)", readme)
    assert rust == least(r"at_least ([\d.]+) .*rust", script)
    python = least(r'requires-python = ">=([\d.]+)"', "python/pyproject.toml")
    assert python | least(r"Python ([\d.]+)", readme) == least(r"Python ([\d.]+)", script)
    node = least(r'"node": ">=(\d+)"', "node/package.json") | least(r"Node (\d+)", readme)
    assert node == least(r"at_least (\d+) .*node", script)
    git = ["git", "ls-files", "*go.mod"]
    go_modules = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert least(r"^go ([\d.]+)$", *go_modules) == least(r"^minimum=([\d.]+)$", "tools/setup-go.sh")


def test_the_webassembly_of_node_has_the_sizes_of_the_header() -> None:
    header = (ROOT / "c-abi" / "include" / "pylon_identity.h").read_text("utf-8")
    source = (ROOT / "node" / "wasm.js").read_text("utf-8")
    constants = dict(re.findall(r"^const ([A-Z_]+) = ([\d_]+)n?$", source, re.MULTILINE))

    def stated(pattern: str) -> int:
        [found] = set(re.findall(pattern, header))
        return int(found)

    assert int(constants["HASH_MISMATCH"]) == stated(r"_HASH_MISMATCH = (\d+)")
    assert int(constants["EMAIL_NOT_UNICODE"]) == stated(r"_EMAIL_NOT_UNICODE = (\d+)")
    assert int(constants["WARNINGS"]) == stated(r"_WARNINGS (\d+)")
    assert int(constants["HASH_LENGTH"]) + 1 == stated(r"_EMAIL_HASH_SIZE (\d+)")
    assert int(constants["SECRET_SIZE"]) == 8 * stated(r"uint64_t opaque\[(\d+)\]")
    assert int(constants["EXPLANATION_SIZE"]) >= stated(r"_EXPLANATION_SIZE (\d+)")
    [user] = re.findall(r"struct pylon_identity_jwt_user \{(.*?)\n\}", header, re.DOTALL)
    # A pointer and a length take four bytes each.
    assert int(constants["JWT_USER_SIZE"]) == 8 * len(re.findall(r"pylon_identity_text \w+;", user))


def test_the_test_group_of_the_python_package_is_locked() -> None:
    project = (ROOT / "python" / "pyproject.toml").read_text("utf-8")
    group = re.search(r"(?s)^test = \[(.*?)\]", project, re.MULTILINE)
    assert group
    locked = (ROOT / "requirements" / "dev.in").read_text("utf-8")
    names = {line.split("==")[0] for line in locked.splitlines()}
    assert set(re.findall('"([^"]+)"', group[1])) == names


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "tests" / "demo.py"],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
    )


def test_demo_signs_your_email_with_your_secret(tmp_path: Path) -> None:
    secret_file = tmp_path / "secret"
    secret_file.write_text("5a" * 32 + "\n")
    done = demo(DEMO_EMAIL="jürgen@example.com", DEMO_SECRET_FILE=str(secret_file))
    right = oracle.sign(b"\x5a" * 32, "jürgen@example.com".encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(right) == 8
    assert "5a5a" not in done.stdout + done.stderr


def test_demo_explains_a_wrong_secret_without_showing_it(tmp_path: Path) -> None:
    secret_file = tmp_path / "secret"
    secret_file.write_text("0x" + "5a" * 32)
    done = demo(DEMO_SECRET_FILE=str(secret_file))
    assert done.returncode == 1
    assert "secret_not_hex" in done.stderr
    assert "5a5a" not in done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["cc", "cargo", "python3", "node"])
def test_a_missing_prerequisite_is_one_clear_line(tool: str, tmp_path: Path) -> None:
    for name in ["cc", "cargo", "python3", "node", "npm", "cut", "head", "sort", "tr", "sh"]:
        if name != tool:
            (tmp_path / name).write_text(f'#!/bin/sh\nexec "{shutil.which(name)}" "$@"\n')
            (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [ROOT / "tests" / "prerequisites.sh"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("missing: ")
