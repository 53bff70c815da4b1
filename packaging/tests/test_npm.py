"""The npm packages as npm installs them, on this machine's Node and on newer ones."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from dist import GLIBC, ROOT
from installed import (
    EMAIL,
    EMAIL_HASH,
    MODULES,
    NODES,
    SCRIPT,
    add_suite,
    attempt,
    package,
    readme_program,
    run,
)


@pytest.fixture(params=NODES)
def node(request: pytest.FixtureRequest, user: dict[str, str]) -> dict[str, str]:
    """Return the environment with a Node of each version."""
    folder = NODES[request.param]
    return user if folder is None else {**user, "PATH": f"{folder}{os.pathsep}{user['PATH']}"}


def test_the_nodes_are_there() -> None:
    if GLIBC:  # they do not run elsewhere
        assert {"node22", "node24", "node26"} < set(NODES), "npm ci in tests/stacks"


def test_quick_start_as_esm(app: Path, node: dict[str, str]) -> None:
    (app / "app.mjs").write_text(readme_program("js"), "utf-8")
    assert run(["node", "app.mjs"], app, node) == SCRIPT + "\n"


def test_suite(
    app: Path, node: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    modules = tmp_path / "node_modules"
    shutil.copytree(app / "node_modules", modules, symlinks=True)
    for path in (ROOT / "node" / "node_modules").iterdir():  # for the tests
        if not (modules / path.name).exists():
            (modules / path.name).symlink_to(path)
    package = modules / "pylon-identity"
    # Tests install the package again: from the files beside them, in a folder outside of these.
    [addon] = modules.glob("pylon-identity-*/*.node")
    shutil.copy(addon, package)
    (modules / "target").symlink_to(tmp_path_factory.mktemp("target"))
    add_suite("node/test", package / "test", modules)
    names = sorted(path.relative_to(package) for path in package.glob("test/*.test.js"))
    printed = run(["node", "--test", "--test-reporter=tap", *names], package, node)
    assert re.search(r"^# pass [1-9]", printed, re.MULTILINE), printed


def test_worker_threads(app: Path, node: dict[str, str]) -> None:
    """An addon is loaded again in each worker, in the same process."""
    (app / "workers.cjs").write_text("""
        const { Worker, isMainThread, parentPort } = require('node:worker_threads')
        const { IdentitySecret } = require('pylon-identity')
        const hash = IdentitySecret.fromEnv().sign('ada@example.com')
        if (isMainThread) {
          console.log(hash)
          for (let i = 0; i < 2; i++) new Worker(__filename).on('message', (m) => console.log(m))
        } else parentPort.postMessage(hash)
    """)
    assert run(["node", "workers.cjs"], app, node).split() == [EMAIL_HASH] * 3


def test_npx(app: Path, node: dict[str, str]) -> None:
    npx = ["npx", "--no-install", "pylon-identity"]
    assert run([*npx, "sign", EMAIL], app, node) == f"{EMAIL_HASH}\n"
    assert attempt([*npx, "verify", EMAIL, "0" * 64], app, node).returncode == 1


@pytest.mark.parametrize("kind", ["npm main package", "npm platform package"])
def test_publint(kind: str) -> None:
    run([MODULES / ".bin" / "publint", "run", "--strict", package(kind)], ROOT, os.environ)


def test_are_the_types_wrong() -> None:
    run([MODULES / ".bin" / "attw", package("npm main package")], ROOT, os.environ)
