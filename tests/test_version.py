"""`make version` sets one version everywhere, so that no registry gets another one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_project import ROOT, workspace_version


def versions(root: Path) -> dict[str, str]:
    """Return each place with our version: manifests, lock files and requirements."""
    found = {}
    for path in root.rglob("Cargo.*"):
        text = path.read_text("utf-8")
        name = path.relative_to(root)
        if path.name == "Cargo.lock":  # our crates have no source
            pattern = r'name = "(.+)"\nversion = "(.+)"\n(?!source)'
        else:
            pattern = r'^(\[workspace\.package\]\n|pylon-identity.* path .*, )version = "(.+?)"'
        for crate, version in re.findall(pattern, text, re.MULTILINE):
            if version != "0.0.0":  # the fuzz targets, which are never released
                found[f"{name}: {crate}"] = version
    for path in root.rglob("package*.json"):
        manifest = json.loads(path.read_text("utf-8"))
        for key, package in {"": manifest, **manifest.get("packages", {})}.items():
            if package.get("name") == "pylon-identity":
                found[f"{path.relative_to(root)}: {key}"] = package["version"]
    for path in root.rglob("pylon_identity.h"):
        header = path.read_text("utf-8")
        found[str(path.relative_to(root))] = re.findall(r'_VERSION "(.+)"', header)[0]
        numbers = re.findall(r"_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)
        assert ".".join(numbers) == found[str(path.relative_to(root))].split("-")[0]
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the files that git knows: a release is made from them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def set_version(root: Path, version: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([root / "tools" / "version.sh", version], capture_output=True, text=True)


@pytest.mark.parametrize("new", ["9.8.7", "9.8.7-rc.1"])
def test_make_version_changes_every_version(copy: Path, new: str) -> None:
    assert set(versions(copy).values()) == {workspace_version()}
    assert len(versions(copy)) > 15
    done = set_version(copy, new)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(versions(copy).values()) == {new}
    changelog = (copy / "CHANGELOG.md").read_text("utf-8")
    assert re.search(
        rf"^## Unreleased\n\n## {re.escape(new)} - \d{{4}}-\d\d-\d\d$", changelog, re.M
    )
    locked = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1"]
    for folder in (copy, copy / "fuzz"):
        subprocess.run(locked, cwd=folder, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("wrong", ["", "1.2", "v1.2.3", "01.2.3", "1.2.3-rc1", "1.2.3+build"])
def test_a_wrong_version_changes_nothing(copy: Path, wrong: str) -> None:
    assert set_version(copy, wrong).returncode == 1
    assert set(versions(copy).values()) == {workspace_version()}


def test_an_empty_changelog_changes_nothing(copy: Path) -> None:
    (copy / "CHANGELOG.md").write_text("## Unreleased\n\n## 0.0.1\n\n- Old.\n", encoding="utf-8")
    done = set_version(copy, "9.8.7")
    assert "lists nothing under Unreleased" in done.stderr
    assert set(versions(copy).values()) == {workspace_version()}
