"""The supply chain: no more crates than listed, all of it locked, and from where it is allowed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Figure
from shared import ROOT, run


def deny(manifest: str, config: str, *options: str) -> str:
    command = ["cargo-deny", "--color=never", "--locked", f"--config={config}"]
    command += [f"--manifest-path={manifest}/Cargo.toml", "check", "--hide-inclusion-graph"]
    return run([*command, *options]).strip().splitlines()[-1]


# --- the list ---


@pytest.mark.quick
def test_the_crates_are_those_listed() -> None:
    deny("core", "harden/core.deny.toml", "bans")
    for package in ("rust", "cli", "c-abi", "python", "node"):
        deny(package, "harden/shipped.deny.toml", "bans")


def test_the_crates_are_allowed() -> None:
    """Their licences, sources and versions, as deny.toml says."""
    deny(".", "deny.toml", "bans", "licenses", "sources")
    # Not every licence that is allowed is among the few crates there.
    deny("fuzz", "deny.toml", "--allow=license-not-encountered", "bans", "licenses", "sources")


# --- the locks (cargo --locked, pip --require-hashes and Go refuse by themselves; npm does not) ---


def package_lock(text: str) -> int:
    """Return the number of packages that npm fetches: no folder of ours, no part of a package."""
    packages = json.loads(text)["packages"].items()
    fetched = [
        of
        for path, of in packages
        if "node_modules/" in path
        and not (of.get("link") or of.get("inBundle") or of.get("resolved", "").startswith("file:"))
    ]
    assert all("integrity" in of for of in fetched), "an npm package without a hash"
    return len(fetched)


def go_module(text: str) -> None:
    assert not re.search(r"^\s*require\b", text, re.MULTILINE), "the Go package needs a module"


def files(pattern: str) -> dict[Path, str]:
    paths = [ROOT / name for name in run(["git", "ls-files", "--", pattern]).splitlines()]
    assert paths
    return {path: path.read_text("utf-8") for path in paths}


@pytest.mark.quick
def test_everything_is_locked_with_its_hash(figure: Figure) -> None:
    crates = sum(text.count("\nchecksum = ") for text in files("*Cargo.lock").values())
    wheels = sum(text.count("==") for text in files("requirements/*.txt").values())
    npm = sum(map(package_lock, files("*package-lock.json").values()))
    figure(f"{crates} crates, {wheels} Python and {npm} npm packages")
    [go] = files("go/go.mod").values()
    go_module(go)
    for path, text in files("*package.json").items():
        locked = path.with_name("package-lock.json").exists()
        assert locked or "ependencies" not in text, f"{path} has dependencies, but no lock file"
    assert "--require-hashes" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.quick
def test_everything_is_locked_with_its_hash_control() -> None:
    npm = (ROOT / "node" / "package-lock.json").read_text("utf-8")
    with pytest.raises(AssertionError, match="an npm package without a hash"):
        package_lock(npm.replace('"integrity"', '"other"', 1))
    with pytest.raises(AssertionError, match="needs a module"):
        go_module("module x\n\nrequire example.com/y v1.0.0\n")
