"""The supply chain: no more crates than listed, all of it locked, and from where it is allowed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Figure
from shared import ROOT, Broken, run

OWN = "github.com/pylon-identity/pylon-identity/"


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


@pytest.mark.quick
def test_the_crates_are_those_listed_control() -> None:
    with pytest.raises(Broken, match=r"pyo3.*not explicitly allowed"):
        deny("python", "harden/core.deny.toml", "bans")


def test_the_crates_are_allowed() -> None:
    """Their licences, sources and versions, as deny.toml says."""
    deny(".", "deny.toml", "bans", "licenses", "sources")
    # Not every licence that is allowed is among the few crates there.
    deny("fuzz", "deny.toml", "--allow=license-not-encountered", "bans", "licenses", "sources")


# --- the locks ---


def cargo_lock(text: str) -> int:
    """Return the number of crates; a crate without a source is a folder of ours."""
    crates = text.count("\nsource = ")
    assert crates == text.count("\nchecksum = "), "a crate without a hash"
    return crates


def requirements(wanted: str, locked: str) -> int:
    """Return the number of packages; pip refuses any whose hash is not in the file."""
    entries = re.split(r"^(?=[A-Za-z0-9])", locked, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries), "a Python package without a hash"
    pins = {re.split(r"[\s;]", re.sub(r"\[.*?\]", "", entry))[0].lower() for entry in entries}
    for line in re.findall("^[^#].*", wanted, re.MULTILINE):
        pin = re.sub(r"\[.*?\]", "", line.split(";")[0]).strip().lower()
        assert pin in pins, f"{pin} is not locked; run: make lock"
    return len(entries)


def package_lock(text: str) -> int:
    """Return the number of packages; a package that is not in node_modules is a folder of ours."""
    packages = json.loads(text)["packages"].items()
    fetched = [of for path, of in packages if "node_modules/" in path and not of.get("link")]
    assert all("integrity" in of for of in fetched), "an npm package without a hash"
    return len(fetched)


def go_modules(text: str) -> int:
    """Return the number of modules that are not ours, of which there are none."""
    required = re.findall(r"^(?:require\s+|\t)([\w./-]+) v", text, re.MULTILINE)
    foreign = [path for path in required if not path.startswith(OWN)]
    assert not foreign, f"not our own: {foreign}"
    return len(foreign)


def texts(pattern: str) -> dict[Path, str]:
    paths = [ROOT / name for name in run(["git", "ls-files", "--", pattern]).splitlines()]
    assert paths
    return {path: path.read_text("utf-8") for path in paths}


@pytest.mark.quick
def test_everything_is_locked_with_its_hash(figure: Figure) -> None:
    cargo = sum(map(cargo_lock, texts("*Cargo.lock").values()))
    npm = sum(map(package_lock, texts("*package-lock.json").values()))
    wanted = texts("requirements/*.in")
    python = sum(
        requirements(text, path.with_suffix(".txt").read_text("utf-8"))
        for path, text in wanted.items()
    )
    figure(f"{cargo} crates, {python} Python and {npm} npm packages")
    for text in texts("*go.mod").values():
        go_modules(text)
    for path, text in texts("*package.json").items():
        locked = path.with_name("package-lock.json").exists()
        assert locked or "ependencies" not in text, f"{path} has dependencies, but no lock file"


@pytest.mark.quick
def test_everything_is_locked_with_its_hash_control() -> None:
    wanted = (ROOT / "requirements" / "go.in").read_text("utf-8")
    locked = (ROOT / "requirements" / "go.txt").read_text("utf-8")
    npm = (ROOT / "node" / "package-lock.json").read_text("utf-8")
    cargo = (ROOT / "Cargo.lock").read_text("utf-8")
    with pytest.raises(AssertionError, match="a crate without a hash"):
        cargo_lock(re.sub(r"\nchecksum = .*", "", cargo, count=1))
    with pytest.raises(AssertionError, match="a Python package without a hash"):
        requirements(wanted, re.sub(r"--hash=.*", "", locked))
    with pytest.raises(AssertionError, match="make lock"):
        requirements(wanted.replace("==", "==9"), locked)
    with pytest.raises(AssertionError, match="an npm package without a hash"):
        package_lock(npm.replace('"integrity"', '"other"', 1))
    with pytest.raises(AssertionError, match=r"example\.com/y"):
        go_modules("module x\n\nrequire example.com/y v1.0.0\n")
