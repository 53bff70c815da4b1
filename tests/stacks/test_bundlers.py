"""The npm packages in the tools that people build and test with.

The output of a build is moved before it runs, so that it finds nothing in its old place.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from dist import ROOT
from installed import EMAIL, EMAIL_HASH, MODULES, NODES, run

NEXT = ROOT / "examples" / "nextjs"

COMMONJS = """
const { IdentitySecret } = require('pylon-identity')
console.log(IdentitySecret.fromEnv().sign('ada@example.com'))
"""
ESM = COMMONJS.replace("const {", "import {").replace("= require('", "from '").replace("y')", "y'")

# The commands of the package's README.
README = (ROOT / "node" / "README.md").read_text("utf-8")
SECTION = README.partition("## Bundlers\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (.+) \| `(.+)` \| (.+) \|$", SECTION, re.MULTILINE)
BUNDLERS = {name: (command, place) for name, command, place in ROWS}
NITRO_BUILD, _ = BUNDLERS.pop("Nitro, the server of Nuxt")
SINGLE_EXECUTABLE, _ = BUNDLERS.pop("Node's single executable")
BUNDLERS["ncc, CommonJS"] = (BUNDLERS["ncc"][0].replace(".mjs", ".cjs"), "the output")

NITRO = """
import { IdentitySecret } from 'pylon-identity'

let secret: IdentitySecret | undefined
export default defineEventHandler(() => {
  secret ??= IdentitySecret.fromEnv()
  return secret.sign('ada@example.com')
})
"""

REALM = """
const { statSync } = require('node:fs')
const { IdentitySecret, chatSettingsScript, diagnose } = require('pylon-identity')

function thrown(call) {
  try {
    call()
  } catch (error) {
    return error
  }
}

test('errors and arrays are those of the tests', () => {
  // The runner has a realm of its own: Node's errors are of another one.
  expect(thrown(() => statSync('missing')) instanceof Error).toBe(false)

  const secret = IdentitySecret.fromEnv()
  expect(secret.sign('ada@example.com')).toBe('HASH')
  for (const [call, type] of [
    [() => new IdentitySecret('0x00'), Error],
    [() => IdentitySecret.fromEnv('VITE_SECRET'), Error],
    [() => secret.sign('\\ud800'), Error],
    [() => secret.chatSettings({ appId: '', email: 'ada@example.com' }), Error],
    [() => chatSettingsScript({}), Error],
    [() => secret.sign(5), TypeError],
  ]) {
    const error = thrown(call)
    expect(error.code).toMatch(/^ERR_/)
    expect(error instanceof type).toBe(true)
  }
  const settings = secret.chatSettings({ appId: 'app', email: 'ada@example.com' })
  expect(settings instanceof Object).toBe(true)
  expect(chatSettingsScript(settings)).toContain('HASH')
  for (const array of [secret.signMany(['ada@example.com']), diagnose('', '', '').causes]) {
    expect(Array.isArray(array)).toBe(true)
    expect(array instanceof Array).toBe(true)
  }
})
""".replace("HASH", EMAIL_HASH)


@pytest.fixture
def project(app: Path, tmp_path: Path) -> Path:
    """Return a folder with the installed packages and programs that use them."""
    folder = tmp_path / "project"
    shutil.copytree(app / "node_modules", folder / "node_modules", symlinks=True)
    shutil.copy(app / "package.json", folder)
    (folder / "app.cjs").write_text(COMMONJS)
    (folder / "app.mjs").write_text(ESM)
    return folder


def move(project: Path, output: str) -> Path:
    """Keep only the output, in another folder."""
    moved = project.parent / "moved"
    (project / output).rename(moved)
    shutil.rmtree(project)
    return moved


def bundle(command: str, project: Path, user: Mapping[str, str]) -> None:
    program, *options = shlex.split(command)
    modules = ROOT / "node" / "node_modules" if program == "esbuild" else MODULES
    # npm's package of Bun is a placeholder before its install script, which is not run.
    [path] = (
        [modules / ".bin" / program] if program != "bun" else MODULES.glob("bun-linux-*/bin/bun")
    )
    run([path, *options], project, user)


@contextmanager
def serve(program: str, folder: Path, env: Mapping[str, str]) -> Iterator[HTTPConnection]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = {"PORT": str(port), "HOST": "127.0.0.1", "HOSTNAME": "127.0.0.1"}
    command = ["node", program]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**env, **where},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as server:
        assert server.stdout
        try:
            printed = ""
            while f":{port}" not in printed:
                line = server.stdout.readline()
                assert line, printed  # it has ended
                printed += line
            yield HTTPConnection("127.0.0.1", port, timeout=60)
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # and workerd, which it may have started


def get(connection: HTTPConnection, path: str, cookie: str = "") -> str:
    connection.request("GET", path, headers={"Cookie": cookie})
    return connection.getresponse().read().decode()


def log_in(connection: HTTPConnection) -> str:
    """Return the cookie of a session of the example."""
    headers = {"Origin": f"http://127.0.0.1:{connection.port}"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST", "/login", f"email={EMAIL}&password=demo", headers)
    response = connection.getresponse()
    response.read()
    assert response.status == 303
    return (response.getheader("Set-Cookie") or "").split(";")[0]


@pytest.mark.parametrize("name", BUNDLERS)
def test_bundler(name: str, project: Path, app: Path, user: dict[str, str]) -> None:
    command, place = BUNDLERS[name]
    bundle(command, project, user)
    moved = move(project, "dist" if command.startswith("nft") else "out")
    assert bool(list(moved.rglob("*.node"))) == (place == "the output")
    if place == "the executable":
        assert run([moved / "app"], moved, user) == f"{EMAIL_HASH}\n"
        return
    if place != "the output":
        (moved / "package.json").write_text('{"type": "module"}')
        shutil.copytree(app / "node_modules", moved / "node_modules")
    [built] = [path for path in moved.iterdir() if path.suffix in (".cjs", ".js", ".mjs")]
    assert run(["node", built], moved, user) == f"{EMAIL_HASH}\n"


def test_vite_that_bundles_packages(project: Path, app: Path, user: dict[str, str]) -> None:
    config = "export default { ssr: { noExternal: true, external: ['pylon-identity'] } }"
    assert "`ssr.external: ['pylon-identity']`" in SECTION
    (project / "vite.config.mjs").write_text(config)
    bundle(BUNDLERS["Vite"][0], project, user)
    moved = move(project, "out")
    shutil.copytree(app / "node_modules", moved / "node_modules")
    assert run(["node", "app.mjs"], moved, user) == f"{EMAIL_HASH}\n"


def test_single_executable(project: Path, user: dict[str, str]) -> None:
    [config] = re.findall(r"`(\{.+\})`", SECTION)
    (project / "sea.json").write_text(config)
    bundle(SINGLE_EXECUTABLE, project, user)
    newest = NODES[list(NODES)[-1]]
    run([newest / "node" if newest else "node", "--build-sea", "sea.json"], project, user)
    moved = move(project, "out")
    (moved / "app.js").unlink()
    assert run([moved / "app"], moved, user) == f"{EMAIL_HASH}\n"


def test_nitro(project: Path, user: dict[str, str]) -> None:
    (project / "routes").mkdir()
    (project / "routes" / "index.ts").write_text(NITRO)
    bundle(NITRO_BUILD, project, user)
    with serve("server/index.mjs", move(project, ".output"), user) as connection:
        assert get(connection, "/") == EMAIL_HASH


@pytest.mark.parametrize("bundler", ["turbopack", "webpack"])
def test_next(bundler: str, app: Path, tmp_path: Path, user: dict[str, str]) -> None:
    """The example, with the packed packages. There is no secret while it is built."""
    project = tmp_path / "project"
    shutil.copytree(NEXT, project, ignore=shutil.ignore_patterns("node_modules", ".next"))
    modules = project / "node_modules"
    shutil.copytree(NEXT / "node_modules", modules, symlinks=True, copy_function=os.link)
    shutil.rmtree(modules / "pylon-identity")
    for package in (app / "node_modules").glob("pylon-identity*"):
        shutil.copytree(package, modules / package.name)
    env = {**user, "NEXT_TELEMETRY_DISABLED": "1", "PYLON_APP_ID": "app"}
    build = {name: value for name, value in env.items() if name != "PYLON_IDENTITY_SECRET"}
    run(["node", "node_modules/next/dist/bin/next", "build", f"--{bundler}"], project, build)
    moved = move(project, ".next/standalone")
    assert list(moved.glob("node_modules/pylon-identity-*/*.node"))
    with serve("server.js", moved, env) as connection:
        cookie = log_in(connection)
        assert EMAIL_HASH in get(connection, "/api/chat-settings", cookie)
        page = get(connection, "/", cookie)
        assert re.search(rf"<script[^>]*>window\.pylon = .*{EMAIL_HASH}", page)


RUNNERS = {"jest": ["jest"], "vitest": ["vitest", "run", "--globals", "--pool", "vmThreads"]}


@pytest.mark.parametrize("name", RUNNERS)
def test_runner(name: str, project: Path, user: dict[str, str]) -> None:
    (project / "realm.test.js").write_text(REALM)
    program, *options = RUNNERS[name]
    newest = NODES[list(NODES)[-1]]
    path = user["PATH"] if newest is None else f"{newest}{os.pathsep}{user['PATH']}"
    run([MODULES / ".bin" / program, *options], project, {**user, "PATH": path})
