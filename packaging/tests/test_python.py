"""The wheel and the sdist as pip installs them, into an empty environment of each Python here."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from dist import ROOT, VERSION
from installed import (
    EMAIL,
    EMAIL_HASH,
    SCRIPT,
    add_suite,
    attempt,
    package,
    readme_program,
    run,
    tool,
)

# Fails without ensurepip, which makes environments. A free-threaded Python has the flag t.
SHOW_ABI = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2] + sys.abiflags)"
FREE_THREADED = "3.14t"


def interpreters() -> dict[str, Path]:
    """Return one Python of each minor version from 3.10 on."""
    versions = {f"3.{minor}" for minor in range(10, 20)} | {FREE_THREADED}
    candidates = sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python"))
    candidates += [Path(shutil.which(f"python{v}") or "python3") for v in ["3", *versions]]
    pythons: dict[str, Path] = {}
    for candidate in candidates:
        done = attempt([candidate, "-I", "-c", SHOW_ABI], ROOT, {"PATH": os.environ["PATH"]})
        if done.returncode == 0 and done.stdout.strip() in versions:
            pythons.setdefault(done.stdout.strip(), candidate)
    return pythons


PYTHONS = interpreters()
# Building takes a while, and the outcome differs from the wheel's only in who compiled it.
NEWEST = max(PYTHONS.keys() - {FREE_THREADED}, key=lambda version: int(version[2:]))
INSTALLED = [("wheel", version) for version in PYTHONS if version != FREE_THREADED]
INSTALLED += [("free-threaded wheel", FREE_THREADED)] if FREE_THREADED in PYTHONS else []
INSTALLED += [("sdist", NEWEST)]


@pytest.fixture(scope="module", params=INSTALLED, ids=" on ".join)
def python(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]
) -> Path:
    """Return the Python of an environment in which the package, and nothing more, is installed."""
    kind, version = request.param
    folder = tmp_path_factory.mktemp("environment")
    run([PYTHONS[version], "-I", "-m", "venv", folder], folder, user)
    installed = folder / "bin" / "python"
    install: list[str | Path] = [installed, "-m", "pip", "install", "--quiet"]
    if kind != "sdist":
        run([*install, "--no-index", package(kind)], folder, user)
    else:
        # With Rust and the network, for maturin and the crates; but with nothing of this build.
        made_by_make = ("VIRTUAL_ENV", "PYO3_PYTHON", "PYTHON", "CARGO_TARGET_DIR", "MAKEFLAGS")
        builder = {key: os.environ[key] for key in os.environ if key not in made_by_make}
        run([*install, package("sdist")], folder, builder)
    return installed


def test_quick_start(python: Path, tmp_path: Path, user: dict[str, str]) -> None:
    (tmp_path / "app.py").write_text(readme_program("python"), "utf-8")
    # Free-threaded Python warns of a module for which it has to enable the GIL.
    assert run([python, "-W", "error", "app.py"], tmp_path, user) == SCRIPT + "\n"


def test_suite(python: Path, tmp_path: Path, user: dict[str, str]) -> None:
    """All tests on the Python of make, which has their requirements; elsewhere the vectors."""
    site, names = Path(sysconfig.get_path("purelib")), []
    here = run([sys.executable, "-c", SHOW_ABI], tmp_path, user)
    if run([python, "-c", SHOW_ABI], tmp_path, user) != here:
        site, names = tmp_path / "site", ["test_vectors.py"]
        locked = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
        [version] = re.findall(r"^pytest==(\S+)", locked, re.MULTILINE)
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--target", site]
        run([*install, f"pytest=={version}"], tmp_path, os.environ)
    folder = add_suite("python/tests", tmp_path / "python" / "tests", tmp_path)
    env = {**user, "PYTHONPATH": str(site), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    printed = run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names], folder, env)
    assert re.search(r"^[1-9]\d* passed", printed, re.MULTILINE), printed


def test_command_line(python: Path, tmp_path: Path, user: dict[str, str]) -> None:
    for command in ([python.with_name("pylon-identity")], [python, "-m", "pylon_identity"]):
        assert run([*command, "sign", EMAIL], tmp_path, user) == f"{EMAIL_HASH}\n"
        assert attempt([*command, "verify", EMAIL, "0" * 64], tmp_path, user).returncode == 1
        assert VERSION in run([*command, "--version"], tmp_path, user)


def test_nothing_comes_from_the_checkout(
    python: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    program = """if True:
        from importlib.metadata import distribution
        import pylon_identity, pylon_identity._native as native
        package = distribution("pylon-identity")
        print(pylon_identity.__file__, native.__file__, package.requires, package.version)
    """
    *files, requires, version = run([python, "-c", program], tmp_path, user).split()
    assert all(Path(file).is_relative_to(python.parents[1]) for file in files)
    assert (requires, version) == ("None", VERSION)


def test_types(python: Path, tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(readme_program("python") + "\nreveal_type(secret.sign('a'))\n", "utf-8")
    cache = f"--cache-dir={tmp_path}"
    assert '"str"' in tool("mypy", "--strict", cache, "--python-executable", python, program)
