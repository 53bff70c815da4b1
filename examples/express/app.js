// Pylon's chat with verified users, on Express. README.md says how to run it.

import { randomBytes } from 'node:crypto'
import cookieParser from 'cookie-parser'
import express from 'express'
import { IdentitySecret, JwtSecret, chatSettingsScript } from 'pylon-identity'
import { renderPage } from './page.js'

// The option that is chosen in Pylon's dashboard. Each has a secret of its own, and the same calls.
const useJwt = process.env.IDENTITY === 'jwt'
const secret = (useJwt ? JwtSecret : IdentitySecret).fromEnv() // once, when the server starts
const appId = process.env.PYLON_APP_ID
const widgetOrigin = process.env.WIDGET_ORIGIN || 'https://widget.usepylon.com'
const development = process.env.DEVELOPMENT === '1' // for plain HTTP: cookies without Secure

if (!appId) throw new Error("Set PYLON_APP_ID to the app ID from Pylon's dashboard.")

const csp = (nonce) =>
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

// On the server, so that logging out ends them. In production they are in your database.
const SESSION_LIFE = 8 * 60 * 60 * 1000
const MAX_SESSIONS = 10_000
const sessions = new Map() // by the random id in the cookie, oldest first
const cookieOptions = { httpOnly: true, sameSite: 'lax', secure: !development }

function startSession(res, email) {
  if (sessions.size >= MAX_SESSIONS) sessions.delete(sessions.keys().next().value)
  const id = randomBytes(32).toString('base64url')
  sessions.set(id, { email, expires: Date.now() + SESSION_LIFE })
  res.cookie('session', id, cookieOptions)
}

/** The user of the session, and never one that the request names. */
function sessionUser(req) {
  const session = sessions.get(req.cookies.session)
  if (!session || Date.now() >= session.expires) return undefined
  return { email: session.email, name: demoUsers.get(session.email).name }
}

/** Sign only an address that the user has proved to own: a confirmed sign-up or a confirmed change. */
const chatSettings = ({ email, name }) => secret.chatSettings({ appId, email, name })

function sendPage(req, res, error) {
  const nonce = randomBytes(16).toString('base64')
  const user = sessionUser(req)
  const settingsScript = chatSettingsScript(user ? chatSettings(user) : { app_id: appId }, { nonce })
  const widget = `${widgetOrigin}/widget/${appId}`
  res.set('Content-Security-Policy', csp(nonce))
  res.send(renderPage({ user, nonce, settingsScript, widget, error, expires: useJwt }))
}

/** Stops other sites from logging a visitor in as another user. Old browsers send Origin only. */
function fromOurPage(req) {
  const site = req.get('Sec-Fetch-Site')
  if (site !== undefined) return site === 'same-origin'
  const origin = req.get('Origin') ?? ''
  return URL.canParse(origin) && new URL(origin).host === req.get('Host')
}

const app = express()
app.disable('x-powered-by')
app.use((req, res, next) => {
  res.set('Cache-Control', 'no-store, private') // the hash or the JWT is for this user only
  res.set('X-Content-Type-Options', 'nosniff')
  if (req.method === 'POST' && !fromOurPage(req)) res.status(403).send('Post from our own pages only.')
  else next()
})

app.use(cookieParser())
app.use(express.urlencoded())

app.get('/', (req, res) => sendPage(req, res))

app.post('/login', (req, res) => {
  const { email, password } = req.body ?? {}
  const user = demoUsers.get(email)
  if (!user || password !== user.password) return sendPage(req, res.status(401), 'Wrong email or password.')
  startSession(res, email)
  res.redirect(303, '/')
})

app.post('/logout', (req, res) => {
  sessions.delete(req.cookies.session)
  res.clearCookie('session', cookieOptions).redirect(303, '/')
})

// For single-page apps, which assign the answer to window.pylon.chat_settings, and for another JWT.
app.get('/api/chat-settings', (req, res) => {
  const user = sessionUser(req)
  if (user) res.json(chatSettings(user))
  else res.status(401).json({ error: 'Log in first.' })
})

// Express would send the stack trace unless NODE_ENV is production.
app.use((error, req, res, next) => {
  if (res.headersSent) return next(error)
  const status = error.status ?? 500
  if (status >= 500) console.error(error)
  res.status(status).type('text').send('The request failed.')
})

const server = app.listen(process.env.PORT || 3000, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Listening on http://127.0.0.1:${server.address().port}`)
})
