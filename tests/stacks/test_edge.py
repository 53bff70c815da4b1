"""The npm packages where no addon can be loaded: Workers, Next's edge, Deno and Bun."""

from __future__ import annotations

import json
import os
import re
import shutil
from http.client import HTTPConnection
from pathlib import Path
from platform import libc_ver

import pytest
from dist import ARCH, ROOT
from installed import EMAIL_HASH, MODULES, run
from test_bundlers import NEXT, get, log_in, serve

# The runtimes of package.json are for this one.
pytestmark = pytest.mark.skipif(libc_ver()[0] != "glibc", reason="needs Linux with glibc")

EXAMPLE = ROOT / "examples" / "worker"

PROGRAM = Path(__file__).with_name("edge-program.mjs")


def check(printed: str, backend: str) -> None:
    found = json.loads(printed)
    escaped = r"\\ud83e\\udd80\\u003c"
    assert re.search(rf'"name":"{escaped}","email_hash":"{EMAIL_HASH}"', found.pop("script"))
    assert found.pop("clone") in ("number", "undefined")  # the code of a DOMException
    assert found == {
        "backend": backend,
        "hash": EMAIL_HASH,
        "many": EMAIL_HASH,
        "verified": True,
        "causes": ["hash_uppercase"],
        "shown": 'IdentitySecret(hidden) "IdentitySecret(hidden)"',
        "malformed": "ERR_SECRET_NOT_HEX",
        "missing": "ERR_SECRET_MISSING",
        "claimed": "ada@example.com",
        "expired": "ERR_JWT_EXPIRED",
        "wiped": "ERR_SECRET_NOT_READY",
    }


@pytest.fixture
def project(app: Path, tmp_path: Path) -> Path:
    """Return a folder with the installed packages and the program."""
    folder = tmp_path / "project"
    shutil.copytree(app / "node_modules", folder / "node_modules", symlinks=True)
    shutil.copy(app / "package.json", folder)
    shutil.copy(PROGRAM, folder / "program.mjs")
    return folder


def bundle(project: Path, user: dict[str, str]) -> Path:
    """Bundle a Worker with wrangler, and return the folder with nothing but its output."""
    env = {**user, "WRANGLER_SEND_METRICS": "false", "WRANGLER_LOG_PATH": str(project / "logs")}
    wrangler = MODULES / ".bin" / "wrangler"
    run([wrangler, "deploy", "--dry-run", "--outdir", "out"], project, env)
    moved = project.parent / "moved"
    (project / "out").rename(moved)
    shutil.rmtree(project)
    assert len(list(moved.glob("*.wasm"))) == 1
    shutil.copy(PROGRAM.with_name("worker-server.mjs"), moved)
    (moved / "node_modules").symlink_to(MODULES)
    return moved


def test_example_worker(app: Path, tmp_path: Path, user: dict[str, str]) -> None:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(app / "node_modules", project / "node_modules", symlinks=True)
    date = json.loads((EXAMPLE / "wrangler.jsonc").read_text("utf-8"))["compatibility_date"]
    env = {**user, "COMPATIBILITY_DATE": date}
    with serve("worker-server.mjs", bundle(project, user), env) as connection:
        assert EMAIL_HASH not in get(connection, "/")
        cookie = log_in(connection)
        assert EMAIL_HASH in get(connection, "/api/chat-settings", cookie)
        assert re.search(
            rf"<script nonce=[^>]*>window\.pylon = .*{EMAIL_HASH}", get(connection, "/", cookie)
        )
        assert log_out(connection, cookie, "cross-site") == 403
        assert log_out(connection, cookie, "same-origin") == 303
        assert EMAIL_HASH not in get(connection, "/", cookie)


def log_out(connection: HTTPConnection, cookie: str, site: str) -> int:
    headers = {"Cookie": cookie, "Sec-Fetch-Site": site}
    connection.request("POST", "/logout", headers=headers)
    response = connection.getresponse()
    response.read()
    return response.status


# Workers of before 2025-05-05 have no FinalizationRegistry.
@pytest.mark.parametrize("date", ["2023-01-01", "2026-05-01"])
def test_worker(date: str, project: Path, user: dict[str, str]) -> None:
    (project / "worker.js").write_text("""
        import { results } from './program.mjs'
        export default { fetch: (request, env) => new Response(results(env)) }
    """)
    (project / "wrangler.json").write_text(
        json.dumps({"name": "worker", "main": "worker.js", "compatibility_date": date})
    )
    env = {**user, "COMPATIBILITY_DATE": date}
    with serve("worker-server.mjs", bundle(project, user), env) as connection:
        check(get(connection, "/"), "wasm")


@pytest.mark.parametrize("bundler", ["turbopack", "webpack"])
def test_next_edge(bundler: str, app: Path, tmp_path: Path, user: dict[str, str]) -> None:
    project = tmp_path / "project"
    modules = project / "node_modules"
    shutil.copytree(NEXT / "node_modules", modules, symlinks=True, copy_function=os.link)
    shutil.rmtree(modules / "pylon-identity")
    for package in (app / "node_modules").glob("pylon-identity*"):
        shutil.copytree(package, modules / package.name)
    for name in ("package.json", "next.config.ts", "tsconfig.json"):
        shutil.copy(NEXT / name, project)
    (project / "app" / "edge").mkdir(parents=True)
    shutil.copy(PROGRAM, project / "app" / "edge" / "program.mjs")
    (project / "app" / "edge" / "route.js").write_text("""
        import { results } from './program.mjs'
        export const runtime = 'edge'
        export const GET = () => new Response(results(process.env))
    """)
    (project / "app" / "layout.js").write_text(
        "export default ({ children }) => <html><body>{children}</body></html>"
    )
    env = {**user, "NEXT_TELEMETRY_DISABLED": "1"}
    build = {name: value for name, value in env.items() if name != "PYLON_IDENTITY_SECRET"}
    run(["node", "node_modules/next/dist/bin/next", "build", f"--{bundler}"], project, build)
    moved = tmp_path / "moved"
    (project / ".next" / "standalone").rename(moved)
    shutil.rmtree(project)
    with serve("server.js", moved, env) as connection:
        check(get(connection, "/edge"), "wasm")


RUNTIMES = {
    "deno": ["deno", "run", "--no-prompt", "--allow-read", "--allow-env"],
    "bun": ["bin/bun", "run"],
}


@pytest.mark.parametrize("has_addon", [True, False])
@pytest.mark.parametrize("name", RUNTIMES)
def test_runtime(name: str, has_addon: bool, project: Path, user: dict[str, str]) -> None:
    (project / "app.mjs").write_text("""
        import { results } from './program.mjs'
        console.log(results(process.env))
    """)
    program, *options = RUNTIMES[name]
    if not has_addon:
        [addon] = (project / "node_modules").glob("pylon-identity-*")
        shutil.rmtree(addon)
    elif name == "deno":
        options.append("--allow-ffi")
    runtime = MODULES / f"{name}-linux-{ARCH}" / program
    env = {**user, "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    check(run([runtime, *options, "app.mjs"], project, env), "native" if has_addon else "wasm")
