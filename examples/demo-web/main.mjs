// make demo-web: the three example applications, a stand-in for Pylon, and one page. The page shows an honest user, a
// dishonest user, and a hash that was computed wrongly.

import { createServer } from 'node:http'
import { diagnose } from '../../node/node.js'
import { MISTAKES } from './mistakes.mjs'
import { renderPage } from './page.mjs'
import { APPS, startApp } from './servers.mjs'
import { startWidget } from './widget.mjs'

const SECRET = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex')

const post = (url, body, headers) => fetch(url, { method: 'POST', body, headers, redirect: 'manual' })

/** Logs in to the application as its login form does, and returns the settings that it signs. */
async function settingsFrom(app) {
  const form = new URLSearchParams({ email: 'ada@example.com', password: 'demo' })
  const { headers } = await post(`${app.origin}/login`, form, { Origin: app.origin })
  const cookie = headers.getSetCookie().map((header) => header.split(';')[0]).join('; ')
  return (await fetch(`${app.origin}/api/chat-settings`, { headers: { cookie } })).json()
}

async function tryOut(app, widget) {
  const identify = async (settings) => (await post(`${widget.origin}/identify`, JSON.stringify(settings))).json()
  const settings = await settingsFrom(app)
  const { code, email, emailHash } = MISTAKES[app.folder](SECRET)
  return {
    app,
    settings,
    honest: await identify(settings),
    tampered: await identify({ ...settings, email: 'grace@example.com' }),
    mistake: { code, ...diagnose(SECRET, email, emailHash) },
  }
}

process.once('SIGINT', () => process.exit()) // the applications stop with this process
process.once('SIGTERM', () => process.exit())

const widget = await startWidget(SECRET)
const environment = {
  PYLON_IDENTITY_SECRET: SECRET,
  PYLON_APP_ID: 'demo',
  WIDGET_ORIGIN: widget.origin,
  DEVELOPMENT: '1',
}
const apps = await Promise.all(APPS.map((app) => startApp(app, environment)))

const server = createServer(async (request, response) => {
  if (request.url !== '/') return response.writeHead(404).end()
  try {
    const results = await Promise.all(apps.map((app) => tryOut(app, widget)))
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
    response.setHeader('Cache-Control', 'no-store, private')
    response.end(renderPage(results))
  } catch (error) {
    console.error(error)
    response.writeHead(500).end('Something went wrong; the terminal says what.')
  }
})
server.listen(process.env.PORT || 0, '127.0.0.1', () => {
  console.log(`\n  Open http://127.0.0.1:${server.address().port} in your browser. Ctrl-C stops everything.\n`)
})
