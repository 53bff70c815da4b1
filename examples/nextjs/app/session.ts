import { randomBytes } from 'node:crypto'
import { cookies } from 'next/headers'

// Your own users and login, with hashed passwords, go here. Sign only an address that the user has proved to own.
const demoUsers = new Map([
  ['ada@example.com', { name: 'Ada Lovelace', password: 'demo' }],
  ['grace@example.com', { name: 'Grace Hopper', password: 'demo' }],
  ['mallory@example.com', { name: '</script><script>window.pwned=1</script><!--', password: 'demo' }],
])

// On the server, so that logging out ends them. In production they are in your database.
const SESSION_LIFE = 8 * 60 * 60 * 1000
const MAX_SESSIONS = 10_000
type Sessions = Map<string, { email: string; expires: number }>
// Next may load this module twice, for pages and for routes. Both share globalThis.
const shared = globalThis as { sessions?: Sessions }
const sessions = (shared.sessions ??= new Map()) // by the random id in the cookie, oldest first

export async function currentUser() {
  const session = sessions.get((await cookies()).get('session')?.value ?? '')
  if (!session || Date.now() >= session.expires) return undefined
  const { name } = demoUsers.get(session.email)!
  return { email: session.email, name }
}

/** Returns whether the password is right. */
export async function startSession(email: string, password: string) {
  if (demoUsers.get(email)?.password !== password) return false
  if (sessions.size >= MAX_SESSIONS) sessions.delete(sessions.keys().next().value!)
  const id = randomBytes(32).toString('base64url')
  sessions.set(id, { email, expires: Date.now() + SESSION_LIFE })
  const secure = process.env.DEVELOPMENT !== '1' // not on plain HTTP
  const jar = await cookies()
  jar.set('session', id, { httpOnly: true, sameSite: 'lax', secure, path: '/' })
  return true
}

export async function endSession() {
  const jar = await cookies()
  sessions.delete(jar.get('session')?.value ?? '')
  jar.delete('session')
}

/** Stops other sites from logging a visitor in as another user. Old browsers send Origin only. */
export function fromOurPage({ headers }: Request) {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin'
  const origin = headers.get('origin') ?? ''
  return URL.canParse(origin) && new URL(origin).host === headers.get('host')
}
