"""The npm packages as npm installs them, on this machine's Node and on newer ones."""

from __future__ import annotations

import json
import os
import platform as machine
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import (
    EMAIL,
    EMAIL_HASH,
    ROOT,
    SCRIPT,
    VERSION,
    add_suite,
    attempt,
    npm_main,
    npm_platform,
    platform,
    readme_program,
    run,
)

MODULES = Path(__file__).parent / "node_modules"
ARCH = {"x86_64": "x64", "aarch64": "arm64"}.get(machine.machine(), "")

# The Nodes that package.json here names for this machine, beside the machine's own.
NODES: dict[str, Path | None] = {"the machine's": None} | {
    path.name.split("-")[0]: path / "bin"
    for path in sorted(MODULES.glob(f"node*-{machine.system().lower()}-{ARCH}"))
}

NPM_INSTALL = ["npm", "install", "--offline", "--no-audit", "--no-fund"]


def new_app(folder: Path, user: dict[str, str], *packages: Path) -> Path:
    for package in packages:
        shutil.copy(package, folder)
    (folder / "package.json").write_text('{"private": true}')
    run([*NPM_INSTALL, *(f"./{package.name}" for package in packages)], folder, user)
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, user: dict[str, str]) -> Path:
    """Return a folder in which both packages, and nothing else, are installed."""
    return new_app(tmp_path_factory.mktemp("app"), user, npm_main(), npm_platform())


@pytest.fixture(params=NODES)
def node_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def node(node_name: str, user: dict[str, str]) -> dict[str, str]:
    """Return the environment with a Node of each version."""
    folder = NODES[node_name]
    return user if folder is None else {**user, "PATH": f"{folder}{os.pathsep}{user['PATH']}"}


def test_the_nodes_are_there() -> None:
    # Those of glibc do not run elsewhere.
    if platform().startswith("linux-") and platform().endswith("-gnu"):
        assert {"node22", "node24", "node26"} < set(NODES), "npm ci in packaging/tests"


def test_each_node_is_the_one_it_says(node_name: str, node: dict[str, str], tmp_path: Path) -> None:
    major = int(run(["node", "--print", "process.versions.node.split('.')[0]"], tmp_path, node))
    assert major >= 20 if NODES[node_name] is None else node_name == f"node{major}"


def test_nothing_else_was_installed(app: Path) -> None:
    installed = {path.name for path in (app / "node_modules").iterdir() if path.name[0] != "."}
    assert installed == {"pylon-identity", f"pylon-identity-{platform()}"}


def test_the_platforms_are_optional_and_of_this_version(app: Path) -> None:
    manifest = json.loads((app / "node_modules" / "pylon-identity" / "package.json").read_text())
    assert "dependencies" not in manifest
    assert "scripts" not in manifest
    optional = manifest["optionalDependencies"]
    assert optional[f"pylon-identity-{platform()}"] == VERSION
    assert set(optional.values()) == {VERSION}
    assert len(optional) == 7


def test_quick_start_as_esm(app: Path, node: dict[str, str]) -> None:
    (app / "app.mjs").write_text(readme_program("js"), "utf-8")
    assert run(["node", "app.mjs"], app, node) == SCRIPT + "\n"


def test_commonjs(app: Path, node: dict[str, str]) -> None:
    program = readme_program("js").replace("import {", "const {")
    program = program.replace("} from 'pylon-identity'", "} = require('pylon-identity')")
    assert "require" in program
    (app / "app.cjs").write_text(program, "utf-8")
    assert run(["node", "app.cjs"], app, node) == SCRIPT + "\n"


def test_suite(app: Path, node: dict[str, str], tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    shutil.copytree(app / "node_modules", modules, symlinks=True)
    for path in (ROOT / "node" / "node_modules").iterdir():  # what the tests require
        if not (modules / path.name).exists():
            (modules / path.name).symlink_to(path)
    package = modules / "pylon-identity"
    (modules / "target").mkdir()  # where a test makes its temporary folder
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


TYPESCRIPT = """
import { IdentitySecret, chatSettingsScript, type ChatSettings } from 'pylon-identity'
const secret = new IdentitySecret('5a')
const settings: ChatSettings = secret.chatSettings({ appId: 'a', email: 'b', name: 'c' })
const script: string = chatSettingsScript(settings)
// @ts-expect-error: it is typed, and not any
const wrong: number = secret.sign('b')
console.log(script, wrong)
"""

RESOLUTIONS = {
    "node16": ({"module": "node16", "moduleResolution": "node16"}, ("mts", "cts")),
    "bundler": ({"module": "esnext", "moduleResolution": "bundler"}, ("ts",)),
}


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_typescript(resolution: str, app: Path, tmp_path: Path, user: dict[str, str]) -> None:
    options, suffixes = RESOLUTIONS[resolution]
    (tmp_path / "node_modules").symlink_to(app / "node_modules")
    (tmp_path / "package.json").write_text('{"private": true}')
    for suffix in suffixes:
        (tmp_path / f"app.{suffix}").write_text(TYPESCRIPT)
        (tmp_path / f"readme.{suffix}").write_text(readme_program("js"))
    development = ROOT / "node" / "node_modules"
    types = {"types": ["node"], "typeRoots": [str(development / "@types")]}
    strict = {"strict": True, "lib": ["esnext"], "target": "es2022", "skipLibCheck": False}
    config = {"compilerOptions": {**options, **strict, **types}, "include": ["*.*ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    files = run(
        [development / ".bin" / "tsc", "--noEmit", "--listFiles", "-p", "."], tmp_path, user
    )
    assert "pylon-identity/index.d.ts" in files
    assert all(f"/app.{suffix}\n" in files for suffix in suffixes)


def test_without_the_platform_package_it_says_what_to_do(
    tmp_path: Path, user: dict[str, str]
) -> None:
    app = new_app(tmp_path, user, npm_main())
    done = attempt(["node", "-e", "require('pylon-identity')"], app, user)
    assert done.returncode == 1
    assert platform().rsplit("-", maxsplit=platform().count("-") - 1)[0] in done.stderr
    assert "make build" in done.stderr


def test_on_an_unknown_platform_it_says_which(app: Path, user: dict[str, str]) -> None:
    program = "Object.defineProperty(process, 'arch', { value: 'mips' }); require('pylon-identity')"
    done = attempt(["node", "-e", program], app, user)
    assert done.returncode == 1
    assert f"{machine.system().lower()}-mips" in done.stderr
    assert "make build" in done.stderr


# Only suggestions, which publint does not fail for and which are not wanted.
@pytest.mark.parametrize("package", [npm_main, npm_platform])
def test_publint(package: object) -> None:
    assert callable(package)
    done = lint("publint", "run", "--strict", package())
    assert "Errors:" not in done
    assert "Warnings:" not in done


def test_are_the_types_wrong() -> None:
    printed = lint("attw", "--no-color", "--no-emoji", npm_main())
    assert "No problems found" in printed
    assert "node16 (from ESM)" in printed


def lint(name: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [MODULES / ".bin" / name, *arguments], capture_output=True, encoding="utf-8", cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
