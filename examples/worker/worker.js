// Pylon's chat with verified users, on Cloudflare Workers. README.md says how to run it.

import { IdentitySecret, chatSettingsScript } from 'pylon-identity'
import { renderPage } from './page.js'

let secret // parsed with the first request, which brings the environment

const csp = (nonce, widgetOrigin) =>
  "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; " +
  `form-action 'self'; script-src 'nonce-${nonce}' ${widgetOrigin}; ` +
  `connect-src 'self' ${widgetOrigin} https://*.usepylon.com wss://*.pusher.com; ` +
  "style-src 'self' 'unsafe-inline' https://*.usepylon.com; " +
  "font-src 'self' https://*.usepylon.com; img-src 'self' https://*.usepylon.com " +
  'https://pylon-avatars.s3.us-west-1.amazonaws.com https://d3vl36l12sfx26.cloudfront.net'

// Your own users and login, with hashed passwords, go here.
const demoUsers = new Map([
  ['ada@example.com', { name: 'Ada Lovelace', password: 'demo' }],
  ['grace@example.com', { name: 'Grace Hopper', password: 'demo' }],
  ['mallory@example.com', { name: '</script><script>window.pwned=1</script><!--', password: 'demo' }],
])

// On the server, so that logging out ends them: KV here, in production your database.
const SESSION_LIFE = 8 * 60 * 60 // seconds

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('')

const sessionId = (request) => /(?:^|; )session=([0-9a-f]{64})(?:;|$)/.exec(request.headers.get('Cookie'))?.[1]

const cookie = (id, life, env) =>
  `session=${id}; Path=/; Max-Age=${life}; HttpOnly; SameSite=Lax${env.DEVELOPMENT === '1' ? '' : '; Secure'}`

/** Signs the email of the session, and never one that the request names. */
async function chatSettings(request, env) {
  const id = sessionId(request)
  const email = id && (await env.SESSIONS.get(id))
  const user = demoUsers.get(email)
  secret ??= IdentitySecret.fromEnv('PYLON_IDENTITY_SECRET', env)
  // Sign only an address that the user has proved to own: a confirmed sign-up or a confirmed change.
  return user && secret.chatSettings({ appId: env.PYLON_APP_ID, email, name: user.name })
}

async function page(request, env, error) {
  const nonce = random()
  const widgetOrigin = env.WIDGET_ORIGIN || 'https://widget.usepylon.com'
  const user = await chatSettings(request, env)
  const settingsScript = chatSettingsScript(user ?? { app_id: env.PYLON_APP_ID }, { nonce })
  const html = renderPage({ user, nonce, settingsScript, widget: `${widgetOrigin}/widget/${env.PYLON_APP_ID}`, error })
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': csp(nonce, widgetOrigin) }
  return new Response(html, { status: error ? 401 : 200, headers })
}

/** Stops other sites from logging a visitor in as another user. Old browsers send Origin only. */
function fromOurPage(request) {
  const site = request.headers.get('Sec-Fetch-Site')
  if (site !== null) return site === 'same-origin'
  const origin = request.headers.get('Origin') ?? ''
  return URL.canParse(origin) && new URL(origin).host === request.headers.get('Host')
}

const routes = {
  'GET /': (request, env) => page(request, env),

  async 'POST /login'(request, env) {
    const form = await request.formData().catch(() => new FormData())
    const email = form.get('email')
    const user = demoUsers.get(email)
    if (!user || form.get('password') !== user.password) return page(request, env, 'Wrong email or password.')
    const id = random()
    await env.SESSIONS.put(id, email, { expirationTtl: SESSION_LIFE })
    return new Response(null, { status: 303, headers: { Location: '/', 'Set-Cookie': cookie(id, SESSION_LIFE, env) } })
  },

  async 'POST /logout'(request, env) {
    const id = sessionId(request)
    if (id) await env.SESSIONS.delete(id)
    return new Response(null, { status: 303, headers: { Location: '/', 'Set-Cookie': cookie('', 0, env) } })
  },

  // For single-page apps, which assign the answer to window.pylon.chat_settings.
  async 'GET /api/chat-settings'(request, env) {
    const settings = await chatSettings(request, env)
    return settings ? Response.json(settings) : Response.json({ error: 'Log in first.' }, { status: 401 })
  },
}

export default {
  async fetch(request, env) {
    const route = routes[`${request.method} ${new URL(request.url).pathname}`]
    let response
    if (route === undefined) response = new Response('Not found.', { status: 404 })
    else if (request.method === 'POST' && !fromOurPage(request)) {
      response = new Response('Post from our own pages only.', { status: 403 })
    } else response = await route(request, env)
    response.headers.set('Cache-Control', 'no-store, private') // the hash is for this user only
    response.headers.set('X-Content-Type-Options', 'nosniff')
    return response
  },
}
