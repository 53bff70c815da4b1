// Runs the lines for other frameworks that the READMEs of the examples print, each for a visitor who is
// logged in and one who is not.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../examples/demo-web/servers.mjs'
import { KEY, SECRET } from './leaks.js'

const EMAIL = 'ada@example.com'
const NAME = 'Ada </script> & Co.'

/** The code block below a heading of a README. */
function block(readme, heading) {
  const [, section] = readFileSync(join(ROOT, 'examples', readme), 'utf8').split(`## ${heading}\n`)
  return /```\w+\n([^]*?)```/.exec(section)[1]
}

const FLASK = (code) => `
import json, os
from app import APP_ID, CSP, IDENTITY_SECRET, WIDGET_ORIGIN
from flask import Flask, render_template_string

app = Flask("readme", static_folder=None)
app.secret_key = "of the test"
${code}
@app.get("/")
def page():
    return render_template_string(os.environ["TEMPLATE"])

@app.post("/login")
def login():
    session.update(email=os.environ["EMAIL"], name=os.environ["NAME"])
    return ""

client = app.test_client()
def visit():
    response = client.get("/")
    return [response.text, dict(response.headers)]
answers = [visit()]
client.post("/login")
print(json.dumps([*answers, visit()]))
`

const DJANGO = (code) => `
import json, os, sys, types
from app import APP_ID, CSP, IDENTITY_SECRET, WIDGET_ORIGIN
import django
from django.conf import settings
from django.http import HttpResponse
from django.template import engines
from django.urls import path

chat = types.ModuleType("chat")
vars(chat).update(APP_ID=APP_ID, CSP=CSP, IDENTITY_SECRET=IDENTITY_SECRET, WIDGET_ORIGIN=WIDGET_ORIGIN)
sys.modules["chat"] = chat
exec(${JSON.stringify(code)}, vars(chat))

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "chat.middleware",
    ],
    ROOT_URLCONF="__main__",
    SECRET_KEY="of the test",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"context_processors": ["chat.context"]},
    }],
)
django.setup()

def page(request):
    return HttpResponse(engines["django"].from_string(os.environ["TEMPLATE"]).render({}, request))

urlpatterns = [path("", page)]

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
client = Client()
def visit():
    response = client.get("/")
    return [response.content.decode(), dict(response.headers)]
answers = [visit()]
client.force_login(User.objects.create_user("ada", os.environ["EMAIL"], first_name=os.environ["NAME"]))
print(json.dumps([*answers, visit()]))
`

const FASTIFY = (code) => `
import { randomBytes } from 'node:crypto'
import { IdentitySecret, chatSettingsScript } from 'pylon-identity'
import { renderPage } from '../../examples/express/page.js'

const secret = IdentitySecret.fromEnv()
const [appId, sessionSecret, widgetOrigin] = ['readme', 'of the test', 'https://widget.usepylon.com']
const demoUsers = new Map([[process.env.EMAIL, { name: process.env.NAME }]])
const csp = (nonce) => "script-src 'nonce-" + nonce + "'"
${code}
app.post('/login', async (request, reply) => reply.setCookie('session', process.env.EMAIL, { signed: true }).send())

const visit = async (cookies) => {
  const { body, headers } = await app.inject({ url: '/', cookies })
  return [body, headers]
}
const { cookies: [{ name, value }] } = await app.inject({ method: 'POST', url: '/login' })
const forged = process.env.EMAIL + '.' + 'A'.repeat(43)
if ((await visit({ [name]: forged }))[0].includes('email_hash')) throw new Error('took a forged session')
console.log(JSON.stringify([await visit(), await visit({ [name]: value })]))
`

/** Runs a program that prints the page and headers for a visitor, and for one who is logged in. */
function run(command, program, folder) {
  const env = {
    ...process.env,
    PATH: [join(ROOT, '.venv/bin'), process.env.PATH].join(delimiter),
    PYLON_APP_ID: 'readme',
    PYLON_IDENTITY_SECRET: SECRET,
    WIDGET_ORIGIN: 'https://widget.usepylon.com',
    TEMPLATE: '<head>{{ chat_script }}<script src="/loader.js" nonce="{{ nonce }}"></script></head>',
    EMAIL,
    NAME,
  }
  const input = { cwd: join(ROOT, folder), env, input: program, encoding: 'utf8' }
  return JSON.parse(execFileSync(command[0], command.slice(1), input)).map(([html, headers]) => {
    const lowercase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
    return { html, headers: Object.fromEntries(lowercase) }
  })
}

function check([visitor, user]) {
  const nonces = [visitor, user].map(({ html, headers }) => {
    assert.equal(headers['cache-control'], 'no-store, private')
    const [, nonce] = /script-src 'nonce-([^']+)'/.exec(headers['content-security-policy'])
    for (const [, attributes] of html.matchAll(/<script ([^>]*)>/g)) {
      assert.ok(attributes.includes(`nonce="${nonce}"`), attributes)
    }
    return nonce
  })
  assert.notEqual(nonces[0], nonces[1])

  const [anonymous, known] = [visitor, user].map(({ html }) => {
    const [, json] = /<script nonce="[^"]+">window\.pylon ?= ?(.*?);<\/script>/.exec(html)
    return JSON.parse(json).chat_settings
  })
  assert.deepEqual(anonymous, { app_id: 'readme' })
  assert.deepEqual(known, {
    app_id: 'readme',
    email: EMAIL,
    name: NAME,
    email_hash: createHmac('sha256', KEY).update(EMAIL).digest('hex'),
  })
}

test('Django', () => {
  check(run(['python', '-'], DJANGO(block('fastapi/README.md', 'Django')), 'examples/fastapi'))
})

test('Flask', () => {
  check(run(['python', '-'], FLASK(block('fastapi/README.md', 'Flask')), 'examples/fastapi'))
})

test('Fastify', () => {
  const node = ['node', '--input-type=module', '-']
  check(run(node, FASTIFY(block('express/README.md', 'Fastify')), 'tests/browser'))
})
