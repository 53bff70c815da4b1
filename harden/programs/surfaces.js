'use strict'

// Shows secrets, and the errors about them, in the ways of Node; as surfaces.py does for Python.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const { Writable } = require('node:stream')
const util = require('node:util')
const v8 = require('node:v8')
const api = require('../../node')

const EMAIL = 'ada@example.com'
const NAME = 'CHAT_SECRET'
const INPUT = readFileSync(0, 'utf8')

// Bytes that are not UTF-8 become a lone surrogate, as on the way from a file that was cut apart.
const given = INPUT.trimEnd().split('\n')
  .map((line) => Buffer.from(line, 'hex').toString().replaceAll('\ufffd', '\ud800'))
const [hex] = given

/** A careless stand-in for a secret, for the controls. */
class Leaky {
  constructor(hex) {
    this.hex = hex
  }

  toString() {
    return `Leaky(${this.hex})`
  }
}

const emitted = []

function emit(surface, show) {
  let outcome = 'shown'
  let shown
  try {
    shown = show()
  } catch (error) {
    outcome = 'refused'
    shown = `${error.name}: ${error.message}`
  }
  const data = Buffer.isBuffer(shown) ? shown : Buffer.from(String(shown))
  emitted.push(`${surface}\t${outcome}\t${data.toString('hex')}\n`)
}

// --- ways to show any value ---

const everything = { depth: Infinity, showHidden: true, getters: true, showProxy: true, maxStringLength: Infinity }
const inspect = (value) => util.inspect(value, everything)

/** Returns the output of a console. */
function written(write) {
  let text = ''
  const stream = new Writable({ write: (chunk, _, done) => { text += chunk; done() } })
  write(new console.Console(stream, stream))
  return text
}

const SHOW = {
  text: (it) => [`${it}`, String(it), [it].join()],
  'util.format': (it) => ['%s', '%o', '%O', '%j', '?'].map((format) => util.format(format, it)),
  inspect,
  'inspect without its own way': (it) => util.inspect(it, { ...everything, customInspect: false }),
  descriptors: (it) => inspect([it, Object.getOwnPropertyDescriptors(it)]),
  containers: (it) => inspect([{ it }, new Map([[it, it]]), new Set([it]), new Proxy(it, {}), Promise.resolve(it)]),
  spread: (it) => inspect([{ ...it }, Object.assign({}, it)]),
  JSON: (it) => JSON.stringify({ it }, (_, value) => value),
  console: (it) => written((to) => to.log('it:', it)),
  stack: (it) => (it instanceof Error ? it : new TypeError(`failed with ${it}`)).stack,
  'errors with it': (it) => inspect([new AggregateError([it]), new Error('failed', { cause: it })]),
  'clone: structuredClone': (it) => inspect(structuredClone({ it })),
  'clone: v8.serialize': (it) => v8.serialize([it]),
}

function showAll(name, value) {
  for (const [way, show] of Object.entries(SHOW)) emit(`${name}: ${way}`, () => show(value))
}

const ENDS = {
  throw: (secret) => { throw secret },
  'throw with a cause': (secret) => { throw new Error('failed', { cause: secret }) },
  'reject with a property': (secret) => { Promise.reject(Object.assign(new Error('failed'), { secret })) },
}

/** Shows how a program crashes with the value: this program again, with the name of the end. */
function crash(name, { constructor }) {
  for (const end of Object.keys(ENDS)) {
    const again = [__filename, end, constructor.name]
    emit(`${name}: crash: ${end}`, () => spawnSync(process.execPath, again, { input: INPUT, stdio: 'pipe' }).stderr)
  }
}

// --- calls of everything public, with the secret where it belongs and where it does not ---

const FIELDS = ['appId', 'email', 'name', 'avatarUrl', 'accountId', 'accountExternalId', 'contactExternalId', 'expiresIn', 'now', 'nonce', 'app_id']

/** Yields the functions of the package and of its classes, and the methods of the secrets. */
function* functions(secrets) {
  for (const owner of [api, api.IdentitySecret, api.JwtSecret, ...secrets]) {
    const names = Object.getOwnPropertyNames(secrets.includes(owner) ? Object.getPrototypeOf(owner) : owner)
    for (const name of names.filter((name) => typeof owner[name] === 'function' && name !== 'constructor')) {
      const isClass = /^[A-Z]/.test(name)
      yield [`${owner === api ? 'api' : owner.name ?? owner}.${name}`, (...args) => isClass ? new owner[name](...args) : owner[name](...args)]
    }
  }
}

/** Returns arguments of right and wrong types, most of them with the text in it. */
function values(text, secrets, token) {
  const page = { app_id: text, email: EMAIL, emailHash: text }
  const texts = [text, `'${text}'`, `${text}\ud800`, `VITE_${text}`, `<script>window.pylon = ${JSON.stringify(page)}`]
  if (text !== hex) return [...texts, NAME, page] // once is enough for the rest
  const users = [{ appId: '', email: text }, { appId: text, email: '' }]
  for (const field of FIELDS) users.push({ appId: hex, email: hex, [field]: text }, { appId: hex, email: hex, [field]: secrets[0] })
  return [...texts, Buffer.from(text), Symbol(text), [text, ...secrets], { name: [text] }, page, ...users, ...secrets, NAME, token, '']
}

/** Yields each result and error of the call, for each value in the place of each argument. */
function* results(call, secrets, token) {
  const rest = [[], Array(3).fill(hex), Array(3).fill({ appId: hex, email: hex }), Array(3).fill({ app_id: 'a' })]
  for (const text of given) {
    if (!text.includes('\0')) process.env[NAME] = text // which no variable can hold
    for (const value of values(text, secrets, token)) {
      for (const args of rest.flatMap((others) => [0, 1, 2].map((at) => Object.assign([...others], { [at]: value })))) {
        let result
        try {
          result = call(...args)
        } catch (error) {
          result = error
        }
        yield result
      }
    }
  }
}

/** Shows each error and each diagnosis once. */
function callAll(secrets) {
  const token = secrets[1].signJwt({ appId: 'a', email: EMAIL })
  const seen = new Set()
  for (const [name, call] of functions(secrets)) {
    let failed = /generateSecret|toString|toJSON/.test(name) // which take nothing
    for (const result of results(call, secrets, token)) {
      const isError = result instanceof Error
      failed ||= isError
      const shown = isError ? `${result}` : result?.causes && inspect(result) + JSON.stringify(result)
      if (!shown || seen.has(shown)) continue
      seen.add(shown)
      if (isError) showAll(`error of ${name}() ${seen.size}`, result)
      else emit(`diagnosis of ${name}() ${seen.size}`, () => shown)
    }
    assert(failed, `${name} never failed`)
  }
}

function main() {
  const [end, type] = process.argv.slice(2)
  if (end) {
    ENDS[end](new { Leaky, ...api }[type](hex))
    return
  }
  const secrets = { secret: new api.IdentitySecret(hex), 'JWT secret': new api.JwtSecret(hex) }
  for (const [name, it] of Object.entries({ ...secrets, 'control: secret': new Leaky(hex) })) {
    showAll(name, it)
    crash(name, it)
  }
  showAll('control: error', Object.assign(new Error(hex), { hex }))
  callAll(Object.values(secrets))
  process.stdout.write(emitted.join(''), () => process.exit())
}

main()
