// Pylon's chat with verified users, on Express. README.md says how to run it.

import { randomBytes } from 'node:crypto'
import cookieSession from 'cookie-session'
import express from 'express'
import { IdentitySecret, chatSettingsScript } from 'pylon-identity'
import { renderPage } from './page.js'

const secret = IdentitySecret.fromEnv() // once, when the server starts
const appId = process.env.PYLON_APP_ID
const sessionSecret = process.env.SESSION_SECRET || randomBytes(32).toString('hex')
const widgetOrigin = process.env.WIDGET_ORIGIN || 'https://widget.usepylon.com'
const development = process.env.DEVELOPMENT === '1' // on plain HTTP, so no Secure cookies

if (!appId) throw new Error("Set PYLON_APP_ID to the app ID from Pylon's dashboard.")

const csp = (nonce) =>
  "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; " +
  `form-action 'self'; script-src 'nonce-${nonce}' ${widgetOrigin}; ` +
  `connect-src 'self' ${widgetOrigin} https://*.usepylon.com wss://*.pusher.com; ` +
  "style-src 'unsafe-inline' https://*.usepylon.com; " +
  'font-src https://*.usepylon.com; img-src https://*.usepylon.com'

// Your own users and login, with hashed passwords, go here.
const demoUsers = new Map([
  ['ada@example.com', { name: 'Ada Lovelace', password: 'demo' }],
  ['grace@example.com', { name: 'Grace Hopper', password: 'demo' }],
  ['mallory@example.com', { name: '</script><script>window.pwned=1</script><!--', password: 'demo' }],
])

/** Signs the email of the session, and never one that the request names. */
function chatSettings(req) {
  const { email } = req.session
  const user = demoUsers.get(email)
  return user && secret.chatSettings({ appId, email, name: user.name })
}

function sendPage(req, res, error) {
  const nonce = randomBytes(16).toString('base64')
  const user = chatSettings(req)
  const settingsScript = chatSettingsScript(user ?? { app_id: appId }, { nonce })
  res.set('Content-Security-Policy', csp(nonce))
  res.send(renderPage({ user, nonce, settingsScript, widget: `${widgetOrigin}/widget/${appId}`, error }))
}

const app = express()
app.disable('x-powered-by')
app.set('trust proxy', 'loopback') // which says whether the browser came by HTTPS
app.use(cookieSession({ name: 'session', keys: [sessionSecret], sameSite: 'lax', secure: !development }))
app.use(express.urlencoded())

app.use((req, res, next) => {
  res.set('Cache-Control', 'no-store, private') // the hash is for this user only
  res.set('X-Content-Type-Options', 'nosniff')
  // SameSite keeps others from using the session, and this from logging people in as someone else.
  const site = req.get('Sec-Fetch-Site') ?? 'same-origin'
  if (req.method === 'POST' && site !== 'same-origin') res.status(403).send('Post from our own pages only.')
  else next()
})

app.get('/', (req, res) => sendPage(req, res))

app.post('/login', (req, res) => {
  const { email, password } = req.body ?? {}
  const user = demoUsers.get(email)
  if (!user || password !== user.password) return sendPage(req, res.status(401), 'Wrong email or password.')
  req.session = { email }
  res.redirect(303, '/')
})

app.post('/logout', (req, res) => {
  req.session = null
  res.redirect(303, '/')
})

// For single-page apps, which assign the answer to window.pylon.chat_settings.
app.get('/api/chat-settings', (req, res) => {
  const settings = chatSettings(req)
  if (settings) res.json(settings)
  else res.status(401).json({ error: 'Log in first.' })
})

const server = app.listen(process.env.PORT || 3000, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Listening on http://127.0.0.1:${server.address().port}`)
})
