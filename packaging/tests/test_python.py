"""The wheel and the sdist as pip installs them, into an empty environment of each Python here."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import (
    EMAIL,
    EMAIL_HASH,
    ROOT,
    SCRIPT,
    SECRET,
    VERSION,
    add_suite,
    attempt,
    note,
    readme_program,
    run,
    sdist,
    tool,
    wheel,
)

# CPython with the stable ABI of 3.10 and able to make virtual environments.
DESCRIBE = """
import ensurepip, sys, sysconfig, venv
fits = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
if fits and sys.version_info >= (3, 10):
    print("%d.%d" % sys.version_info[:2])
"""


def interpreters() -> dict[str, Path]:
    """Return one Python of each minor version from 3.10 on."""
    candidates = sorted((Path.home() / ".pyenv" / "versions").glob("*/bin/python"))
    for name in ["python3", *(f"python3.{minor}" for minor in range(10, 20))]:
        if found := shutil.which(name):
            candidates.append(Path(found))
    pythons: dict[str, Path] = {}
    for candidate in candidates:
        # Isolated from the environment that make sets up.
        done = attempt([candidate, "-I", "-c", DESCRIBE], ROOT, {"PATH": os.environ["PATH"]})
        if done.returncode == 0 and done.stdout.strip():
            pythons.setdefault(done.stdout.strip(), candidate)
    return dict(sorted(pythons.items(), key=lambda item: tuple(map(int, item[0].split(".")))))


PYTHONS = interpreters()


def test_there_is_a_python_to_try() -> None:
    note(f"tried on Python {', '.join(PYTHONS)}")
    assert PYTHONS


def environments() -> Iterator[object]:
    for version in PYTHONS:
        yield pytest.param(("wheel", version), id=f"wheel on {version}")
    # Building takes a while, and the outcome differs from the wheel's only in who compiled it.
    yield pytest.param(("sdist", max(PYTHONS, default="", key=lambda v: int(v[2:]))), id="sdist")


@pytest.fixture(scope="module", params=list(environments()))
def python(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]
) -> Path:
    """Return the Python of an environment in which the package, and nothing else, is installed."""
    kind, version = request.param
    folder = tmp_path_factory.mktemp("environment")
    run([PYTHONS[version], "-I", "-m", "venv", folder], folder, user)
    installed = folder / "bin" / "python"
    install: list[str | Path] = [installed, "-m", "pip", "install", "--quiet"]
    if kind == "wheel":
        run([*install, "--no-index", wheel()], folder, user)
    else:
        # With Rust and the network, for maturin and the crates; but with nothing of this build.
        made_by_make = ("VIRTUAL_ENV", "PYO3_PYTHON", "PYTHON", "CARGO_TARGET_DIR", "MAKEFLAGS")
        builder = {key: os.environ[key] for key in os.environ if key not in made_by_make}
        run([*install, sdist()], folder, builder)
    return installed


def test_quick_start(python: Path, tmp_path: Path, user: dict[str, str]) -> None:
    (tmp_path / "app.py").write_text(readme_program("python"), "utf-8")
    assert run([python, "app.py"], tmp_path, user) == SCRIPT + "\n"


@pytest.fixture(scope="module")
def pytest_folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], tuple[str, bool]]:
    """Return a function that finds pytest for a Python, and says if all suites can run there."""

    def find(python: Path) -> tuple[str, bool]:
        version = run([python, "-c", "import sys; print(sys.version_info[:2])"], ROOT, os.environ)
        if version.strip() == str(sys.version_info[:2]):
            return sysconfig.get_path("purelib"), True
        folder = tmp_path_factory.mktemp("pytest")
        locked = re.findall(
            r"^[\w.-]+==[^\\]+", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE
        )
        (folder / "locked.txt").write_text("\n".join(locked))
        install = [python, "-m", "pip", "install", "--quiet", "--target", folder / "site"]
        run([*install, "--constraint", folder / "locked.txt", "pytest"], folder, os.environ)
        return str(folder / "site"), False

    return find


def test_suite(
    python: Path,
    tmp_path: Path,
    user: dict[str, str],
    pytest_folders: Callable[[Path], tuple[str, bool]],
) -> None:
    """All suites where their requirements are installed; elsewhere the vectors."""
    folder = add_suite("python/tests", tmp_path / "python" / "tests", tmp_path)
    site, everything = pytest_folders(python)
    names = [] if everything else ["test_vectors.py"]
    options = ["-q", "-W", "error", "-p", "no:cacheprovider"]
    env = {**user, "PYTHONPATH": site, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    printed = run([python, "-m", "pytest", *options, *names], folder, env)
    assert re.search(r"^\d+ passed", printed, re.MULTILINE), printed


def test_command_line(python: Path, tmp_path: Path, user: dict[str, str]) -> None:
    for command in ([python.with_name("pylon-identity")], [python, "-m", "pylon_identity"]):
        assert run([*command, "sign", EMAIL], tmp_path, user) == f"{EMAIL_HASH}\n"
        assert attempt([*command, "verify", EMAIL, "0" * 64], tmp_path, user).returncode == 1
        assert VERSION in run([*command, "--version"], tmp_path, user)


def test_nothing_comes_from_the_checkout(
    python: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    program = """if True:
        import importlib.util, json, sys
        from importlib.metadata import distribution
        import pylon_identity, pylon_identity._native as native
        package = distribution("pylon-identity")
        modules = [m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
        others = [n for n in ("shared", "oracle", "bench", "seal") if importlib.util.find_spec(n)]
        print(json.dumps({
            "files": [pylon_identity.__file__, native.__file__],
            "anywhere": sys.path + modules,
            "importable": others,
            "requires": package.requires,
            "version": package.version,
        }))
    """
    found = json.loads(run([python, "-c", program], tmp_path, user))
    environment = python.parents[1]
    assert all(Path(file).is_relative_to(environment) for file in found["files"])
    assert not [place for place in found["anywhere"] if in_checkout(Path(place), environment)]
    assert found["importable"] == []
    assert found["requires"] is None
    assert found["version"] == VERSION


def in_checkout(path: Path, environment: Path) -> bool:
    # make keeps the environments of the tests in target/, inside the checkout.
    return path.is_relative_to(ROOT) and not path.is_relative_to(environment)


def test_nothing_else_was_installed(python: Path, tmp_path: Path, user: dict[str, str]) -> None:
    listed = json.loads(run([python, "-m", "pip", "list", "--format=json"], tmp_path, user))
    assert {package["name"] for package in listed} - {"pip", "setuptools"} == {"pylon-identity"}
    run([python, "-m", "pip", "check"], tmp_path, user)


def test_types(python: Path, tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(readme_program("python") + "\nreveal_type(secret.sign('a'))\n", "utf-8")
    cache = f"--cache-dir={tmp_path}"
    assert '"str"' in tool("mypy", "--strict", cache, "--python-executable", python, program)


def test_without_a_secret_it_says_what_to_do(
    python: Path, tmp_path: Path, user: dict[str, str]
) -> None:
    (tmp_path / "app.py").write_text(readme_program("python"), "utf-8")
    without = {key: value for key, value in user.items() if key != "PYLON_IDENTITY_SECRET"}
    done = attempt([python, "app.py"], tmp_path, without)
    assert done.returncode == 1
    assert "IdentityError" in done.stderr
    assert SECRET not in done.stderr
