// The example applications in a real browser, with a stand-in for Pylon that verifies on its own side.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { APPS, DJANGO, NEXT, ROOT, start, startApp } from '../../examples/demo-web/servers.mjs'
import { identifyByJwt, startWidget } from '../../examples/demo-web/widget.mjs'
import { launch } from './browser.js'
import { KEY, SECRET, leaks } from './leaks.js'
import { record } from './record.js'

const APP_ID = 'app-of-the-tests'
const WIDGET = 'https://widget.usepylon.com'
const MARKUP = '</script><script>window.pwned=1</script><!--'
const SCREENSHOTS = join(ROOT, 'target/screenshots')

const hashOf = (email) => createHmac('sha256', KEY).update(email).digest('hex')
const settingsOf = (email, name) => ({ app_id: APP_ID, email, name, email_hash: hashOf(email) })
const ADA = settingsOf('ada@example.com', 'Ada Lovelace')

let browser, widget

before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  widget = await startWidget(SECRET)
  browser = await launch()
})

after(async () => {
  await browser?.close()
  widget?.stop()
})

/** Runs `use` with a page of a new visitor, and the list of the errors in its console. */
async function visit(use, options) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(10_000)
  try {
    const problems = []
    await context.exposeBinding('reportViolation', (_, directive) => problems.push(`violates ${directive}`))
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => window.reportViolation(event.effectiveDirective))
    })
    context.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    context.on('weberror', (error) => problems.push(String(error.error())))
    await use(await context.newPage(), problems, context)
  } finally {
    await context.close()
  }
}

async function logIn(page, origin, email) {
  await page.goto(origin)
  await page.fill('[name=email]', email)
  await page.fill('[name=password]', 'demo')
  await page.click('button')
  await page.waitForSelector('#name')
}

/** The widget's verdict on the visitor, after it has asked its service. */
async function verdict(page) {
  const chat = await page.waitForSelector('#chat')
  return chat.getAttribute('data-verdict')
}

/** Changes the settings as in the browser's console, and boots the widget again. */
async function change(page, changes) {
  await page.evaluate(async (changes) => {
    Object.assign(window.pylon.chat_settings, changes)
    await window.Pylon('boot')
  }, changes)
  return verdict(page)
}

/** Logs in without a browser, and returns the cookies and the header lines that set them. */
async function session(origin, email, headers = { Origin: origin }) {
  const body = new URLSearchParams({ email, password: 'demo' })
  const response = await fetch(`${origin}/login`, { method: 'POST', body, headers, redirect: 'manual' })
  assert.equal(response.status, 303)
  const set = response.headers.getSetCookie()
  return { cookie: set.map((header) => header.split(';')[0]).join('; '), set }
}

const cspOf = (response) =>
  Object.fromEntries(
    response.headers.get('Content-Security-Policy').split('; ').map((directive) => {
      const [name, ...values] = directive.split(' ')
      return [name, values]
    }),
  )

for (const app of [...APPS, DJANGO, NEXT]) {
  describe(app.name, () => {
    const settings = { PYLON_IDENTITY_SECRET: SECRET, PYLON_APP_ID: APP_ID }
    const servers = []
    let origin, production

    // Everything that a browser receives passes a recorder.
    async function serve(more) {
      const server = await startApp(app, { NODE_ENV: undefined, ...settings, ...more })
      const recorder = await record(server.origin)
      servers.push({ server, recorder })
      return recorder.origin
    }

    before(async () => {
      origin = await serve({ WIDGET_ORIGIN: widget.origin, DEVELOPMENT: '1' })
      production = await serve({})
    })

    after(async () => {
      for (const { server, recorder } of servers) {
        recorder.stop()
        await server.stop()
      }
    })

    test('an honest user is verified', () =>
      visit(async (page, problems) => {
        await logIn(page, origin, ADA.email)
        assert.equal(await verdict(page), 'verified')
        assert.equal(await page.textContent('#name'), ADA.name)
        assert.deepEqual(widget.asked.at(-1), ADA)
        assert.deepEqual(problems, [])
        await page.screenshot({ path: join(SCREENSHOTS, `${app.folder}.png`) })
      }))

    test('a user who edits the page in the console is refused', () =>
      visit(async (page) => {
        await logIn(page, origin, ADA.email)
        assert.equal(await verdict(page), 'verified')
        assert.equal(await change(page, { email: 'grace@example.com' }), 'refused')
        assert.deepEqual(widget.asked.at(-1), { ...ADA, email: 'grace@example.com' })
        assert.equal(await change(page, { email_hash: undefined }), 'refused')
        assert.equal(await change(page, { email_hash: '' }), 'refused')
        assert.equal(await change(page, ADA), 'verified')
      }))

    test('a visitor is anonymous before logging in and after logging out', () =>
      visit(async (page, problems) => {
        await page.goto(origin)
        assert.equal(await verdict(page), 'anonymous')
        await logIn(page, origin, ADA.email)
        assert.equal(await verdict(page), 'verified')
        await page.click('text=Log out')
        await page.waitForSelector('[name=password]')
        assert.equal(await verdict(page), 'anonymous')
        assert.deepEqual(widget.asked.at(-1), { app_id: APP_ID })
        assert.deepEqual(problems, [])
      }))

    test('a name made of markup stays text', () =>
      visit(async (page, problems) => {
        await logIn(page, origin, 'mallory@example.com')
        assert.equal(await verdict(page), 'verified')
        assert.equal(await page.textContent('#name'), MARKUP)
        assert.deepEqual(widget.asked.at(-1), settingsOf('mallory@example.com', MARKUP))
        assert.equal(await page.evaluate(() => window.pwned), undefined)
        assert.deepEqual(problems, [])
      }))

    test('a script without the nonce does not run, and is noticed', () =>
      visit(async (page, problems) => {
        await page.goto(origin)
        await verdict(page)
        await page.evaluate(async () => {
          const violation = new Promise((resolve) => addEventListener('securitypolicyviolation', resolve))
          const script = document.createElement('script')
          script.textContent = 'window.injected = 1'
          document.body.append(script)
          if (!window.injected) await violation
        })
        assert.equal(await page.evaluate(() => window.injected), undefined)
        assert.ok(problems.includes('violates script-src-elem'), problems.join())
      }))

    test('other sites cannot log visitors in', () =>
      visit(async (page) => {
        await page.goto(widget.origin)
        const answer = page.waitForResponse(`${origin}/login`)
        const arrived = page.waitForURL(`${origin}/login`)
        await page.evaluate((action) => {
          const form = document.createElement('form')
          Object.assign(form, { action, method: 'post' })
          form.innerHTML = '<input name=email value=ada@example.com><input name=password value=demo>'
          document.body.append(form)
          form.submit()
        }, `${origin}/login`)
        assert.equal((await answer).status(), 403)
        await arrived
        await page.goto(origin)
        assert.equal(await verdict(page), 'anonymous')
      }))

    test('a wrong password logs nobody in', () =>
      visit(async (page) => {
        await page.goto(origin)
        await page.fill('[name=email]', ADA.email)
        await page.fill('[name=password]', 'wrong')
        await page.click('button')
        await page.waitForSelector('p[role=alert]') // Next has its own alert in each page
        assert.equal(await verdict(page), 'anonymous')
        await page.goto(origin)
        assert.equal(await verdict(page), 'anonymous')
      }))

    test('the endpoint serves the email of the session, not one that the request names', async () => {
      const url = `${origin}/api/chat-settings`
      const { cookie } = await session(origin, ADA.email)
      for (const query of ['', '?email=grace@example.com', '?email=']) {
        const response = await fetch(url + query, { headers: { cookie } })
        assert.equal(response.headers.get('Cache-Control'), 'no-store, private')
        assert.match(response.headers.get('Content-Type'), /^application\/json/)
        assert.deepEqual(await response.json(), ADA)
      }
      for (const headers of [{}, { cookie: `${cookie.slice(0, -4)}AAAA` }]) {
        const response = await fetch(`${url}?email=${ADA.email}`, { headers })
        assert.equal(response.status, 401)
        assert.equal(response.headers.get('Cache-Control'), 'no-store, private')
        assert.doesNotMatch(await response.text(), /email_hash|[0-9a-f]{64}/)
      }
    })

    test('a login from another site is refused, also without Sec-Fetch-Site', async () => {
      const { host, port } = new URL(origin)
      const body = new URLSearchParams({ email: ADA.email, password: 'demo' })
      const refused = [
        {},
        { Origin: 'null' },
        { Origin: 'https://evil.example' },
        { Origin: `http://127.0.0.1:${Number(port) + 1}` },
        { Origin: `http://${host}.evil.example` },
        { Origin: origin, 'Sec-Fetch-Site': 'cross-site' },
        { Origin: origin, 'Sec-Fetch-Site': 'same-site' },
      ]
      for (const path of ['login', 'logout']) {
        for (const headers of refused) {
          const response = await fetch(`${origin}/${path}`, { method: 'POST', body, headers, redirect: 'manual' })
          assert.equal(response.status, 403, `${path} ${JSON.stringify(headers)}`)
          assert.deepEqual(response.headers.getSetCookie(), [])
        }
      }
    })

    test('a cookie is refused after logging out', async () => {
      const { cookie } = await session(origin, ADA.email)
      const status = async () => (await fetch(`${origin}/api/chat-settings`, { headers: { cookie } })).status
      assert.equal(await status(), 200)
      await fetch(`${origin}/logout`, { method: 'POST', headers: { cookie, Origin: origin }, redirect: 'manual' })
      assert.equal(await status(), 401)
    })

    test('malformed requests get no stack trace', async () => {
      const type = 'application/x-www-form-urlencoded'
      const requests = [
        ['/login', { method: 'POST', body: 'email=%E0%A4%A', headers: { Origin: origin, 'Content-Type': type } }],
        ['/login', { method: 'POST', body: 'a=1', headers: { Origin: origin, 'Content-Type': `${type}; charset=x` } }],
        ['/login', { method: 'POST', body: 'a&'.repeat(9999), headers: { Origin: origin, 'Content-Type': type } }],
        ['/%E0%A4%A', {}],
        ['/', { headers: { cookie: 'session=%E0%A4%A; session=j:{' } }],
      ]
      for (const [path, request] of requests) {
        const text = await (await fetch(origin + path, request)).text()
        assert.doesNotMatch(text, /\bat .*:\d+:\d+|node_modules|Traceback|goroutine/)
      }
    })

    test('in production, the cookie and the headers are as strict as promised', async () => {
      const headers = { 'X-Forwarded-Proto': 'https', Origin: production } // as from a proxy that speaks HTTPS
      const { cookie, set } = await session(production, ADA.email, headers)
      assert.notEqual(set.length, 0)
      for (const header of set) {
        const attributes = header.toLowerCase().split('; ')
        for (const attribute of ['httponly', 'samesite=lax', 'secure']) {
          assert.ok(attributes.includes(attribute), header)
        }
      }

      const nonces = new Set()
      for (const visitor of [{ cookie }, { cookie }, {}]) {
        const response = await fetch(production, { headers: { ...headers, ...visitor } })
        assert.equal(response.headers.get('Cache-Control'), 'no-store, private')
        assert.equal(response.headers.get('X-Content-Type-Options'), 'nosniff')
        const { 'script-src': [nonceSource, ...scriptSources], ...csp } = cspOf(response)
        assert.deepEqual(scriptSources, app === NEXT ? ["'self'", WIDGET] : [WIDGET]) // it loads parts of itself later
        assert.deepEqual(csp, {
          'default-src': ["'self'"],
          'base-uri': ["'none'"],
          'object-src': ["'none'"],
          'frame-ancestors': ["'none'"],
          'form-action': ["'self'"],
          'connect-src': ["'self'", WIDGET, 'https://*.usepylon.com', 'wss://*.pusher.com'],
          'style-src': ["'self'", "'unsafe-inline'", 'https://*.usepylon.com'],
          'font-src': ["'self'", 'https://*.usepylon.com'],
          'img-src': [
            "'self'",
            'https://*.usepylon.com',
            'https://pylon-avatars.s3.us-west-1.amazonaws.com',
            'https://d3vl36l12sfx26.cloudfront.net',
          ],
        })
        const [, nonce] = /^'nonce-([A-Za-z0-9+/=]{22,})'$/.exec(nonceSource)
        // The settings, and after them the loader, which reads them when it starts.
        const html = await response.text()
        const all = html.split('<script ').slice(1)
        for (const script of all) assert.ok(script.split('>')[0].includes(`nonce="${nonce}"`), script)
        const first = all.findIndex((script) => script.includes('>window.pylon'))
        const scripts = app === NEXT ? all.slice(first, first + 3) : all // between the scripts of Next
        assert.equal(scripts.length, 3)
        assert.ok(scripts[0].startsWith(`nonce="${nonce}">window.pylon`), scripts[0])
        assert.ok(scripts[1].startsWith(`nonce="${nonce}">`), scripts[1])
        assert.ok(scripts[2].startsWith(`src="${WIDGET}/widget/${APP_ID}" nonce="${nonce}" async>`), scripts[2])
        nonces.add(nonce)
      }
      assert.equal(nonces.size, 3)
    })

    test('in production, the widget works from its real address', () =>
      visit(
        async (page, problems, context) => {
          // The stand-in answers in the place of Pylon; the browser still applies the CSP.
          await context.route(`${WIDGET}/**`, async (route) => {
            const url = route.request().url().replace(WIDGET, widget.origin)
            await route.fulfill({ response: await route.fetch({ url }) })
          })
          await logIn(page, production, ADA.email)
          assert.equal(await verdict(page), 'verified')
          assert.deepEqual(widget.asked.at(-1), ADA)
          assert.deepEqual(problems, [])
        },
        { extraHTTPHeaders: { 'X-Forwarded-Proto': 'https' } },
      ))

    test('nothing that a server sent or logged holds the secret', () => {
      for (const { server, recorder } of servers) {
        const received = String(recorder.received())
        assert.ok(received.includes(ADA.email_hash)) // the recorder works
        assert.doesNotMatch(received, /^content-encoding:/im)
        assert.notEqual(server.log().length, 0)
        assert.deepEqual(leaks(recorder.received()), [])
        assert.deepEqual(leaks(server.log()), [])
      }
    })
  })
}

describe('Express with IDENTITY=jwt', () => {
  // The same text is the secret, as it is and not decoded.
  const environment = { IDENTITY: 'jwt', PYLON_JWT_SECRET: SECRET, PYLON_IDENTITY_SECRET: undefined }
  let service, server, recorder, origin

  before(async () => {
    service = await startWidget(SECRET, identifyByJwt)
    const more = { PYLON_APP_ID: APP_ID, WIDGET_ORIGIN: service.origin, DEVELOPMENT: '1' }
    server = await startApp(APPS.find((app) => app.folder === 'express'), { ...environment, ...more })
    recorder = await record(server.origin)
    origin = recorder.origin
  })

  after(async () => {
    recorder?.stop()
    await server?.stop()
    service?.stop()
  })

  /** The claims of a token whose signature node:crypto confirms. */
  function claimsOf(token) {
    const [header, payload, signature] = token.split('.')
    assert.equal(createHmac('sha256', SECRET).update(`${header}.${payload}`).digest('base64url'), signature)
    return JSON.parse(Buffer.from(payload, 'base64url'))
  }

  test('an honest user is verified by the JWT alone, and a user who edits the page is refused', () =>
    visit(async (page, problems) => {
      await page.goto(origin)
      assert.equal(await verdict(page), 'anonymous')
      assert.deepEqual(service.asked.at(-1), { app_id: APP_ID })
      await logIn(page, origin, ADA.email)
      assert.equal(await verdict(page), 'verified')
      assert.equal(await page.textContent('#name'), ADA.name)
      const { app_id: appId, jwt, ...rest } = service.asked.at(-1)
      assert.deepEqual([appId, rest], [APP_ID, {}])
      const { iat, exp, ...who } = claimsOf(jwt)
      assert.deepEqual(who, { email: ADA.email, aud: APP_ID, name: ADA.name })
      assert.equal(exp - iat, 600)

      const other = identifyByJwt(SECRET, { app_id: 'another', jwt })
      assert.equal(other.verdict, 'refused')
      const nobody = jwt.replace(/\..*\./, `.${Buffer.from('{}').toString('base64url')}.`)
      for (const jwt of [nobody, '', 'undefined']) assert.equal(await change(page, { jwt }), 'refused')
      assert.equal(await change(page, { jwt, email: 'grace@example.com' }), 'refused')
      assert.equal(await change(page, { email: ADA.email, email_hash: ADA.email_hash }), 'refused')
      assert.equal(await change(page, { email_hash: undefined }), 'verified')
      assert.equal(await change(page, { jwt: undefined }), 'refused')
      assert.deepEqual(problems, [])
    }))

  test('the page fetches another token before the first one expires', () =>
    visit(async (page, problems) => {
      await page.clock.install()
      await logIn(page, origin, 'mallory@example.com')
      assert.equal(await verdict(page), 'verified')
      const first = service.asked.at(-1).jwt
      const { iat, exp } = claimsOf(first)
      while (Date.now() / 1000 < iat + 1) await new Promise((resolve) => setTimeout(resolve, 50))
      await page.clock.fastForward((exp - iat - 300) * 1000)
      await page.waitForFunction((first) => window.pylon.chat_settings.jwt !== first, first, { polling: 100 })
      assert.equal(await change(page, {}), 'verified')
      const second = service.asked.at(-1).jwt
      assert.ok(claimsOf(second).iat > iat)
      assert.equal(claimsOf(second).name, MARKUP)
      const [old, fresh] = [first, second].map((jwt) => identifyByJwt(SECRET, { app_id: APP_ID, jwt }, exp).verdict)
      assert.deepEqual([old, fresh], ['refused', 'verified'])
      assert.equal(await page.evaluate(() => window.pwned), undefined)
      assert.deepEqual(problems, [])
    }))

  test('the endpoint serves a token of the session only, and nothing holds the secret', async () => {
    const url = `${origin}/api/chat-settings?email=grace@example.com`
    const { cookie } = await session(origin, ADA.email)
    const response = await fetch(url, { headers: { cookie } })
    assert.equal(response.headers.get('Cache-Control'), 'no-store, private')
    assert.equal(claimsOf((await response.json()).jwt).email, ADA.email)
    const refused = await fetch(url)
    assert.equal(refused.status, 401)
    assert.doesNotMatch(await refused.text(), /ey[\w-]+\./)
    assert.ok(String(recorder.received()).includes('"jwt":"ey')) // the recorder works
    assert.deepEqual(leaks(recorder.received()), [])
    assert.deepEqual(leaks(server.log()), [])
  })
})

test('next dev gives no warning', async () => {
  const command = ['node', 'node_modules/next/dist/bin/next', 'dev', '--hostname', '127.0.0.1']
  const settings = { NODE_ENV: undefined, PYLON_IDENTITY_SECRET: SECRET, PYLON_APP_ID: APP_ID }
  const more = { WIDGET_ORIGIN: widget.origin, DEVELOPMENT: '1' }
  const server = await startApp({ ...NEXT, command }, { ...settings, ...more })
  try {
    await visit(async (page, problems) => {
      page.setDefaultTimeout(60_000) // it compiles
      await logIn(page, server.origin, ADA.email)
      assert.equal(await verdict(page), 'verified')
      // React compares the page with its own, and keeps a note at each element.
      await page.waitForFunction(() => Object.keys(document.querySelector('h1')).some((key) => key.startsWith('__react')))
      assert.deepEqual(problems, [])
    })
  } finally {
    await server.stop('SIGTERM')
  }
})

test('a leak of the secret would be noticed', async () => {
  const leaky = `
    const secret = process.env.PYLON_IDENTITY_SECRET
    const server = require('http').createServer((_, response) => {
      console.error(Buffer.from(secret, 'hex'))
      response.setHeader('X-Debug', secret).end(Buffer.from(secret, 'hex').toString('base64'))
    })
    server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port))`
  const server = await start(['node', '-e', leaky], ROOT, { PYLON_IDENTITY_SECRET: SECRET })
  const recorder = await record(server.origin)
  try {
    await visit((page) => page.goto(recorder.origin))
    assert.deepEqual(leaks(recorder.received()), ['hex', 'base64'])
    assert.deepEqual(leaks(server.log()), ['hex with spaces'])
  } finally {
    recorder.stop()
    await server.stop()
  }
  assert.deepEqual(leaks(Buffer.from(SECRET.slice(16, 40).toUpperCase())), ['hex'])
  assert.deepEqual(leaks(KEY.subarray(8, 24)), ['bytes'])
  assert.deepEqual(leaks(Buffer.from(`[${KEY.join(' ')}]`)), ['numbers'])
})

test('the stand-in for Pylon survives any body', async () => {
  const url = `${widget.origin}/identify`
  const bodies = ['', '{', 'null', '7', '[]', '{"email":{"toString":1}}', Buffer.from([0xff, 0xfe]), 'x'.repeat(5_000_000)]
  for (const body of bodies) assert.ok((await fetch(url, { method: 'POST', body })).status < 500)
  const { port } = new URL(url)
  const socket = connect(port, '127.0.0.1')
  socket.end('POST /identify HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{')
  await once(socket.resume(), 'close')
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(ADA) })
  assert.equal((await answer.json()).verdict, 'verified')
})

test('make demo-web shows all three, and stops them all', async () => {
  const demo = await start(['node', 'examples/demo-web/main.mjs'], ROOT, { PORT: undefined })
  try {
    let apps
    await visit(
      async (page, problems) => {
        await page.goto(demo.origin)
        for (const { folder } of APPS) {
          const show = (selector) => page.textContent(`#${folder} ${selector}`)
          assert.equal(await show('.honest [data-verdict=verified]'), 'Hello Ada Lovelace, it is really you.')
          assert.equal(await show('.tampered [data-verdict=refused]'), 'You are not grace@example.com.')
          assert.match(await show('.explanation'), /does not match/)
        }
        assert.deepEqual(await page.$$eval('.causes', (all) => all.map((causes) => causes.innerText.split(' '))), [
          ['secret_used_as_text', 'email_case'],
          ['secret_empty_key'],
          ['email_case', 'hash_base64'],
        ])
        assert.deepEqual(problems, [])
        await page.screenshot({ path: join(SCREENSHOTS, 'demo-web.png') })
        assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), 800) // all in the picture

        apps = await page.$$eval('header a', (links) => links.map((link) => link.href))
        const [opened] = await Promise.all([page.context().waitForEvent('page'), page.click('#express a')])
        await logIn(opened, apps[1], 'ada@example.com')
        assert.equal(await verdict(opened), 'verified')
      },
      { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 },
    )
    for (const app of apps) assert.equal((await fetch(app)).status, 200)
    await demo.stop('SIGINT')
    for (const app of apps) await assert.rejects(fetch(app), TypeError)
  } finally {
    await demo.stop('SIGTERM')
  }
})
