"""Serves the code of a document to a visitor and to a user, and checks both pages."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import oracle

ROOT = Path(__file__).parents[1]
USER = {"email": "ada@example.com", "name": "Ada </script> & Co."}
TEMPLATE = '<head>{{ chat_script }}<script src="/loader.js" nonce="{{ nonce }}"></script></head>'
ENVIRONMENT = {"USER": json.dumps(USER), "TEMPLATE": TEMPLATE, "PYLON_APP_ID": "YOUR_APP_ID"}

# The block may take its names from the FastAPI example.
PYTHON = """
import json, os
from app import APP_ID, CSP, IDENTITY_SECRET, WIDGET_ORIGIN
TEMPLATE, pages = os.environ["TEMPLATE"], []
BEFORE
BLOCK
AFTER
for user in (None, json.loads(os.environ["USER"])):
    pages.append(visit(user))
print(json.dumps([[page, dict(headers)] for page, headers in pages]))
"""

# The project of python/README.md, whose blocks are its files.
DJANGO = """
import json, os, re, sys, types
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
call_command("check", fail_level="WARNING", stdout=sys.stderr)
pages, known = [], json.loads(os.environ["USER"])
for user in (None, User(email=known["email"], first_name=known["name"])):
    if user:
        user.profile = types.SimpleNamespace(email_confirmed=True, company_id=7)
    page, api = (Client().get(path, user=user) for path in ("/", "/api"))
    settings = re.search("window.pylon = (.*?);</script>", page.text)[1]
    assert json.loads(settings)["chat_settings"] == api.json()
    pages.append([page.text, dict(page.headers)])
print(json.dumps(pages))
"""

DJANGO_FILES = {
    "settings.py": """
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
MIDDLEWARE = ["urls.log_in"]
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["testserver"]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": ["."],
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
}]
PYLON_CHAT_USER = "chat.chat_user"
""",
    "urls.py": """
from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.urls import path
from views import api_chat_settings
def log_in(get_response):
    def middleware(request):
        request.user = request.META["user"] or AnonymousUser()
        return get_response(request)
    return middleware
home = lambda request: render(request, "page.html")
urlpatterns = [path("", home), path("api", api_chat_settings)]
""",
}

FLASK = """
from flask import Flask, render_template_string
app = Flask("page")
def visit(user):
    client = app.test_client()
    with client.session_transaction() as stored:
        stored.update(user or {})
    response = client.get("/")
    return response.text, response.headers
"""

FLASK_PAGE = """
app.secret_key = "of the test"
app.add_url_rule("/", "page", lambda: render_template_string(TEMPLATE))
"""

FASTAPI = """
import asyncio, re
from base64 import b64encode
from itsdangerous import TimestampSigner
def get(path, user):
    session = b64encode(json.dumps({"user": user}).encode())
    cookie = b"session=" + TimestampSigner("YOUR_SESSION_KEY").sign(session)
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b""}
    sent = []
    async def receive():
        return {"type": "http.request"}
    async def send(message):
        sent.append(message)
    asyncio.run(app({**scope, "headers": [(b"cookie", cookie)]}, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return b"".join(message["body"] for message in sent[1:]).decode(), headers
def visit(user):
    (page, headers), (api, api_headers) = get("/", user), get("/api/chat-settings", user)
    assert headers["cache-control"] == api_headers["cache-control"]
    settings = re.search("window.pylon = (.*?);</script>", page)[1]
    assert json.loads(settings)["chat_settings"] == json.loads(api)
    return page, headers
"""

# Settings in which another field is missing. pydantic shows the input, with the end of long text.
PYDANTIC = """
import os, traceback
os.environ["PYLON_IDENTITY_SECRET"] = SENTINEL
open(".env", "w").write("PYLON_IDENTITY_SECRET=" + SENTINEL)
try:
    exec(BLOCK)
except ValueError as error:
    print(error.errors()[0]["loc"])
    print(traceback.format_exc(), error.errors(), error.json(), repr(error))
from dotenv import load_dotenv
del os.environ["PYLON_IDENTITY_SECRET"]
load_dotenv(".env")
os.environ["DATABASE_URL"] = "sqlite://"
exec(BLOCK)
"""

EXPRESS = """
BLOCK
const outer = express()
outer.use((req, res, next) => {
  if (req.get('x-user')) req.user = JSON.parse(process.env.USER)
  next()
})
const server = outer.use(app).listen(0, '127.0.0.1', async () => {
  const visit = async (headers) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers })
    return [await response.text(), Object.fromEntries(response.headers)]
  }
  console.log(JSON.stringify([await visit(), await visit({ 'x-user': '1' })]))
  server.close()
})
"""

# For a block that takes its names from the Express example.
EXAMPLE = """
import { randomBytes } from 'node:crypto'
import { IdentitySecret, chatSettingsScript } from 'pylon-identity'
import { renderPage } from '../../examples/express/page.js'
const secret = IdentitySecret.fromEnv()
const [appId, sessionSecret, widgetOrigin] = ['YOUR_APP_ID', 'of the test', 'https://widget.usepylon.com']
const demoUsers = new Map([JSON.parse(process.env.USER)].map((user) => [user.email, user]))
const csp = (nonce) => "script-src 'nonce-" + nonce + "'"
"""

FASTIFY = """
BLOCK
const user = JSON.parse(process.env.USER)
app.addHook('onRequest', async (request) => { if (request.headers['x-user']) request.user = user })
app.post('/login', async (_, reply) => {
  reply.setCookie?.('session', user.email, { signed: true })
  return ''
})
const visit = async (cookies, headers) => {
  const response = await app.inject({ url: '/', cookies, headers })
  return [response.body, response.headers]
}
const visitor = await visit({ session: user.email + '.' + 'A'.repeat(43) }) // forged
const login = await app.inject({ method: 'POST', url: '/login' })
const cookies = Object.fromEntries(login.cookies.map(({ name, value }) => [name, value]))
console.log(JSON.stringify([visitor, await visit(cookies, { 'x-user': '1' })]))
"""

GO = """package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

func TestPages(t *testing.T) {
	secret, _ := pylonidentity.IdentitySecretFromEnv("")
	var known struct{ Email, Name string }
	_ = json.Unmarshal([]byte(os.Getenv("USER")), &known)
	var pages [][]any
	for _, u := range []*user{nil, {known.Email, known.Name}} {
		w := httptest.NewRecorder()
		userOf := func(*http.Request) *user { return u }
		home(secret, userOf)(w, httptest.NewRequest("GET", "/", nil))
		headers := map[string]string{"Cache-Control": w.Header().Get("Cache-Control")}
		pages = append(pages, []any{w.Body.String(), headers})
	}
	text, _ := json.Marshal(pages)
	_ = os.WriteFile("pages.json", text, 0o600)
}
"""


def check(pages: str) -> None:
    """Check that the user is verified, the visitor is unknown, and neither page is cached."""
    found = []
    for html, headers in json.loads(pages):
        headers = {name.lower(): value for name, value in headers.items()}
        assert headers["cache-control"] == "no-store, private"
        nonces = re.findall(r"'nonce-([^']+)'", headers.get("content-security-policy", ""))
        scripts = re.findall(r"<script ([^>]*)>", html)
        assert all(f'nonce="{nonce}"' in script for nonce in nonces for script in scripts)
        [text] = re.findall(r"<script[^>]*>window\.pylon = (.*?);</script>", html)
        found.append(json.loads(text)["chat_settings"])
    visitor, user = found
    assert visitor == {"app_id": "YOUR_APP_ID"}
    email_hash = oracle.sign(bytes.fromhex(oracle.SECRET), USER["email"].encode())
    assert user.items() >= {**visitor, **USER, "email_hash": email_hash}.items()


Run = Callable[..., str]
Harness = Callable[[str, Path, Run], None]


def python(before: str, after: str = "") -> Harness:
    def harness(code: str, _: Path, run: Run) -> None:
        program = PYTHON.replace("BEFORE", before).replace("AFTER", after).replace("BLOCK", code)
        check(run([sys.executable, "-c", program], ROOT / "examples" / "fastapi", **ENVIRONMENT))

    return harness


def django(_: str, folder: Path, run: Run) -> None:
    """Run all the files of the section together, since one needs the others."""
    readme = (ROOT / "python" / "README.md").read_text("utf-8")
    section = readme[readme.index("## Django") : readme.index("## Flask")]
    blocks = re.findall(r"(?m)^```\w+\n(?:#|\{#) ([\w.]+)((?:.*\n)*?)^```$", section)
    files = dict(DJANGO_FILES)
    for name, block in blocks:
        text = block.partition("\n")[2]
        files[name] = files.get(name, "") + text
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    environment = {**ENVIRONMENT, "PYTHONPATH": str(folder)}
    check(run([sys.executable, "-c", DJANGO], folder, **environment))


def node(program: str, folder: str) -> Harness:
    def harness(code: str, _: Path, run: Run) -> None:
        names = "" if "fromEnv" in code else EXAMPLE
        command = ["node", "--input-type=module", "--eval", names + program.replace("BLOCK", code)]
        check(run(command, ROOT / folder, **ENVIRONMENT))

    return harness


def fastapi(code: str, folder: Path, run: Run) -> None:
    python("", FASTAPI)(code, folder, run)
    (folder / "program.py").write_text(code, encoding="utf-8")
    cache = f"--cache-dir={ROOT / '.mypy_cache'}"
    run([sys.executable, "-m", "mypy", "--strict", cache, "program.py"], folder)


def settings_class(code: str, folder: Path, run: Run) -> None:
    """Run the code, and check that the errors of pydantic do not show the secret."""
    command = [sys.executable, "-c", code]
    email_hash = oracle.sign(bytes.fromhex(oracle.SECRET), USER["email"].encode())
    assert run(command, folder, DATABASE_URL="sqlite://") == f"{email_hash}\n"
    if "pydantic" not in code:
        return
    sentinel = b"SENTINEL".hex() * 4
    program = PYDANTIC.replace("BLOCK", repr(code)).replace("SENTINEL", repr(sentinel))
    missing, *shown, signed = run([sys.executable, "-c", program], folder).splitlines()
    assert missing == "('database_url',)"
    assert signed == oracle.sign(bytes.fromhex(sentinel), USER["email"].encode())
    assert not re.search("53454e|4e454c", " ".join(shown))


def data_frame(code: str, _: Path, __: Run) -> None:
    """Look at the syntax only: tests/stacks/test_bulk.py runs it, with 360 MB of packages."""
    compile(code, "data_frame", "exec")


def net_http(_: str, folder: Path, run: Run) -> None:
    (folder / "pages_test.go").write_text(GO, encoding="utf-8")
    run(["go", "test", "."], folder, **ENVIRONMENT)
    check((folder / "pages.json").read_text(encoding="utf-8"))


HARNESSES: dict[tuple[str, str], Harness] = {
    ("Django", "python"): django,
    ("Django", "html"): django,
    ("Flask", "python"): python(FLASK, FLASK_PAGE),
    ("pandas and Polars", "python"): data_frame,
    ("FastAPI", "python"): fastapi,
    ("Settings classes", "python"): settings_class,
    ("Express", "js"): node(EXPRESS, "examples/express"),
    ("Fastify", "js"): node(FASTIFY, "tests/browser"),
    ("net/http", "go"): net_http,
}
