// Starts the example applications, each as its README does, on free ports of this machine.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const APPS = [
  { name: 'FastAPI', folder: 'fastapi', command: ['python', 'app.py'] },
  { name: 'Express', folder: 'express', command: ['node', 'app.js'] },
  { name: 'Go net/http', folder: 'go-http', command: [join(ROOT, 'target/examples/go-http')] },
]

// The tests start this too; make demo-web has only one application for each language.
export const DJANGO = { name: 'Django', folder: 'django', command: ['python', 'app.py'] }

// make test-browser builds it, and moves it away from its sources, as in a container.
export const NEXT = {
  name: 'Next.js',
  folder: 'nextjs',
  command: ['node', join(ROOT, 'target/examples/nextjs/server.js')],
}

/** A free port, for servers that cannot choose one. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

/** Starts a server that prints its address; `log()` is all that it printed since. */
export async function start([command, ...args], cwd, settings) {
  const PATH = [join(ROOT, '.venv/bin'), process.env.PATH].join(delimiter)
  const env = { ...process.env, NODE_ENV: 'production', PATH, ...settings }
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)

  const output = []
  const log = () => Buffer.concat(output)
  const origin = await new Promise((resolve, reject) => {
    const failed = (error) => reject(new Error(`${command} ${args.join(' ')}: ${error}\n${log()}`))
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output.push(chunk)
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(log()) ?? []
        if (address) resolve(address)
      })
    }
    child.once('error', failed)
    child.once('close', (code) => failed(`ended with ${code} before it served`))
  })

  const stop = async (signal = 'SIGKILL') => { // the examples have nothing to save
    process.off('exit', kill)
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await closed
  }
  return { origin, log, stop }
}

/** `settings` are environment variables; one that is undefined is not set. */
export async function startApp(app, settings) {
  const port = app.folder === NEXT.folder ? { PORT: await freePort(), HOSTNAME: '127.0.0.1' } : { PORT: '0' }
  const defaults = { DEVELOPMENT: undefined, WIDGET_ORIGIN: undefined, NEXT_TELEMETRY_DISABLED: '1' }
  const server = await start(app.command, join(ROOT, 'examples', app.folder), { ...port, ...defaults, ...settings })
  return { ...app, ...server }
}
