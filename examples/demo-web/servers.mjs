// Starts the example applications, each as its README does, on free ports of this machine.

import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const APPS = [
  { name: 'FastAPI', folder: 'fastapi', command: ['python', 'app.py'] },
  { name: 'Express', folder: 'express', command: ['node', 'app.js'] },
  { name: 'Go net/http', folder: 'go-http', command: [join(ROOT, 'target/examples/go-http')] },
]

// Tested like the others; make demo-web has one application for each language.
export const DJANGO = { name: 'Django', folder: 'django', command: ['python', 'app.py'] }

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
  const defaults = { PORT: '0', DEVELOPMENT: undefined, WIDGET_ORIGIN: undefined }
  const server = await start(app.command, join(ROOT, 'examples', app.folder), { ...defaults, ...settings })
  return { ...app, ...server }
}
