"""Dependabot watches each folder that has a manifest."""

from __future__ import annotations

import re
import subprocess
from pathlib import PurePath

import pytest
from test_project import ROOT

MANIFESTS = {
    "cargo": "Cargo.lock",
    "pip": "pyproject.toml|.*\\.in",
    "npm": "package-lock\\.json",
    "gomod": "go\\.mod",
    "github-actions": ".*\\.yml",
}


@pytest.mark.parametrize("ecosystem", MANIFESTS)
def test_dependabot_knows_every_manifest(ecosystem: str) -> None:
    config = (ROOT / ".github" / "dependabot.yml").read_text("utf-8")
    entry = re.search(rf"ecosystem: {ecosystem}\n +directories: \[(.+)\]", config)
    assert entry, ecosystem
    watched = {folder.strip(' "') for folder in entry[1].split(",")}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)  # noqa: S607
    paths = [PurePath(line) for line in listed.stdout.splitlines()]
    named = [path for path in paths if re.fullmatch(MANIFESTS[ecosystem], path.name)]
    if ecosystem == "github-actions":  # dependabot finds the workflows from the root
        folders = {"/" for path in named if path.parent.name == "workflows"}
    else:
        folders = {f"/{path.parent}".replace("/.", "/") for path in named}
    assert folders
    assert watched == folders or watched == {"**/*"}
