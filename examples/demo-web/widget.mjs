// Stands in for Pylon: serves the widget's loader, and verifies the user of the page. For a hash it uses only
// node:crypto, so that it does not depend on the library that it checks.

import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { JwtSecret } from '../../node/node.js'

// Like the real loader, it reads window.pylon when it boots. It runs in the page, where anyone can change it.
function loader() {
  const service = new URL(document.currentScript.src).origin
  const bubble = document.createElement('div')
  bubble.id = 'chat'
  bubble.style.cssText =
    'position:fixed; right:24px; bottom:24px; padding:12px 18px; border-radius:18px 18px 4px 18px;' +
    'font:15px/1.4 system-ui,sans-serif; color:#fff; box-shadow:0 6px 24px #0003'
  const colours = { verified: '#16794a', anonymous: '#5b6475', refused: '#b3261e' }

  const waiting = [...window.Pylon.q] // the earlier calls of the page
  window.Pylon = async (command) => {
    if (command !== 'boot') throw new Error(`unknown command: ${command}`)
    const body = JSON.stringify(window.pylon.chat_settings)
    const { verdict, text } = await (await fetch(`${service}/identify`, { method: 'POST', body })).json()
    bubble.dataset.verdict = verdict
    bubble.style.background = colours[verdict]
    bubble.textContent = text
    document.body.append(bubble)
  }
  const boot = async () => {
    await window.Pylon('boot')
    for (const call of waiting) await window.Pylon(...call)
  }
  if (document.body) boot()
  else addEventListener('DOMContentLoaded', boot)
}

const ANONYMOUS = { verdict: 'anonymous', text: 'Hello, who are you?' }
const verified = (name) => ({ verdict: 'verified', text: `Hello ${name}, it is really you.` })

/** The service's answer to these chat settings, if its dashboard says "HMAC email hash". */
export function identify(secretHex, settings) {
  const { email, name, email_hash: emailHash } = settings
  if (email === undefined && emailHash === undefined) return ANONYMOUS
  const right = createHmac('sha256', Buffer.from(secretHex, 'hex')).update(String(email)).digest()
  const claimed = Buffer.from(String(emailHash), 'hex')
  return claimed.length === right.length && timingSafeEqual(claimed, right)
    ? verified(name)
    : { verdict: 'refused', text: `You are not ${email}.` }
}

/** The same if it says "JWT". Values beside the token must equal its claims. */
export function identifyByJwt(secretText, settings, now) {
  const secret = new JwtSecret(secretText)
  const { app_id: appId, jwt, email_hash: emailHash, ...beside } = settings
  if (jwt === undefined && emailHash === undefined && beside.email === undefined) return ANONYMOUS
  try {
    const claims = secret.verifyJwt(String(jwt), { appId: String(appId), now })
    const agrees = (name) => beside[name] === undefined || beside[name] === claims[name]
    const agree = ['email', 'name', 'account_external_id'].every(agrees)
    if (agree && emailHash === undefined) return verified(claims.name)
  } catch {} // refused by its code
  return { verdict: 'refused', text: 'You cannot prove who you are.' }
}

/** The settings that a page sent, or undefined if the body is no small JSON object in UTF-8. */
async function readSettings(request) {
  const chunks = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += chunk.length
      if (size <= 100_000) chunks.push(chunk) // the rest is read and dropped
    }
    if (size > 100_000) return undefined
    const settings = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
    const { email, email_hash: hash } = settings
    const isText = (value) => value === undefined || typeof value === 'string'
    return isText(email) && isText(hash) ? settings : undefined
  } catch {
    return undefined // or the browser hung up
  }
}

/** Starts the stand-in on a free port of this machine. `asked` collects the settings that pages sent. */
export async function startWidget(secret, judge = identify) {
  const asked = []
  const server = createServer(async (request, response) => {
    if (request.url.startsWith('/widget/')) {
      response.setHeader('Content-Type', 'text/javascript; charset=utf-8')
      response.end(`(${loader})()`)
    } else if (request.url === '/identify' && request.method === 'POST') {
      const settings = await readSettings(request)
      if (!settings) return response.writeHead(400).end()
      asked.push(settings)
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(judge(secret, settings)))
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { origin: `http://127.0.0.1:${server.address().port}`, asked, stop }
}
