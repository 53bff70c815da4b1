'use strict'

// Shows secrets, and errors about them, in the ways that Node has; as surfaces.py does for Python.

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
const jwtSecret = new api.JwtSecret(hex)

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

/** Returns the output of a console. */
function written(write) {
  let text = ''
  const stream = new Writable({ write: (chunk, _, done) => { text += chunk; done() } })
  write(new console.Console(stream, stream))
  return text
}

function thrown(call) {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

const everything = { depth: Infinity, showHidden: true, getters: true, showProxy: true, maxStringLength: Infinity }
const inspect = (value) => util.inspect(value, everything)

/** Returns the output of a program that ends by it: this program again, with the name of the end. */
function crash(end, it) {
  return spawnSync(process.execPath, [__filename, end, it.constructor.name], { input: INPUT, stdio: 'pipe' }).stderr
}

const ENDS = {
  throw: (secret) => { throw secret },
  'throw with a cause': (secret) => { throw new Error('failed', { cause: secret }) },
  'reject with a property': (secret) => { Promise.reject(Object.assign(new Error('failed'), { secret })) },
}

// Ways to show any value.
const SHOW = {
  String,
  template: (it) => `${it}`,
  join: (it) => [it].join(),
  'util.format': (it) => ['%s', '%o', '%O', '%j', '?'].map((format) => util.format(format, it)),
  inspect: (it) => util.inspect(it),
  'inspect everything': inspect,
  'inspect without its own way': (it) => util.inspect(it, { ...everything, customInspect: false }),
  'own keys': (it) => Reflect.ownKeys(it).map((key) => inspect([key, it[key], it])),
  descriptors: (it) => inspect([it, Object.getOwnPropertyDescriptors(it)]),
  'console.log': (it) => written((to) => to.log('it:', it)),
  'console.error': (it) => written((to) => to.error(it)),
}
const SHOW_SECRET = {
  ...SHOW,
  'inspect in containers': (it) =>
    inspect([[it], { it }, new Map([[it, it]]), new Set([it]), new Proxy(it, {}), Promise.resolve(it)]),
  'inspect in errors': (it) => inspect([new AggregateError([it]), Object.assign(new Error('failed'), { it })]),
  JSON: (it) => JSON.stringify({ it }, (_, value) => value),
  spread: (it) => inspect({ ...it }),
  'Object.assign': (it) => inspect(Object.assign({}, it)),
  'error stack': (it) => new TypeError(`failed with ${it}`).stack,
  ...Object.fromEntries(Object.keys(ENDS).map((end) => [`crash: ${end}`, (it) => crash(end, it)])),
  'clone: structuredClone': (it) => inspect(structuredClone({ it })),
  'clone: v8.serialize': (it) => v8.serialize([it]),
}
const SHOW_ERROR = {
  ...SHOW,
  message: (it) => it.message,
  stack: (it) => it.stack,
  JSON: (it) => JSON.stringify([it.message, it]),
  structuredClone: (it) => inspect(structuredClone(new Error(it.message, { cause: it.stack }))),
}

const MALFORMED = {
  IdentitySecret: (value) => new api.IdentitySecret(value),
  'drop-in': (value) => api.signMessageWithHmac(EMAIL, value),
  fromEnv(value) {
    process.env[NAME] = value
    return api.IdentitySecret.fromEnv(NAME)
  },
}
// A JWT secret is any text: only what is around it is malformed.
const MALFORMED_JWT = {
  JwtSecret: (value) => new api.JwtSecret(/[\s'"]$|\ud800/.test(value) ? value : ` ${value}`),
  'JwtSecret.fromEnv': (value) => api.JwtSecret.fromEnv(NAME, { [NAME]: value.includes('\ud800') ? value : `'${value.trim()}'` }),
}
// Calls that fail, with the secret where it belongs and where it does not.
const WRONG = {
  'fromEnv, as the name': () => api.IdentitySecret.fromEnv(hex),
  'fromEnv, in the name': () => api.IdentitySecret.fromEnv(`VITE_${hex}`),
  'fromEnv, itself': (it) => api.IdentitySecret.fromEnv(it),
  'a buffer': () => new api.IdentitySecret(Buffer.from(`${hex} `)),
  'a symbol': () => new api.IdentitySecret(Symbol(hex)),
  itself: (it) => new api.IdentitySecret([it]),
  'drop-in, itself': (it) => api.signMessageWithHmac(EMAIL, it),
  'drop-in, swapped': () => api.signMessageWithHmac(hex, EMAIL),
  'sign itself': (it) => it.sign(it),
  'sign a lone surrogate': (it) => it.sign(`${hex}\ud800`),
  'sign a buffer': (it) => it.sign(Buffer.from(hex)),
  'signMany of text': (it) => it.signMany(hex),
  'signMany with itself': (it) => it.signMany([hex, it]),
  'verify a buffer': (it) => it.verify(EMAIL, Buffer.from(hex)),
  'settings, no email': (it) => it.chatSettings({ appId: hex, email: '', name: hex }),
  'settings, no app': (it) => it.chatSettings({ appId: '', email: hex, name: '' }),
  'settings, itself': (it) => it.chatSettings({ appId: 'a', email: 'b@c', name: it }),
  'JWT fromEnv, as the name': () => api.JwtSecret.fromEnv(hex),
  'a JWT secret in a buffer': () => new api.JwtSecret(Buffer.from(hex)),
  'a JWT, itself': () => jwtSecret.signJwt({ appId: 'a', email: 'b@c', name: jwtSecret }),
  'a JWT, no email': () => jwtSecret.signJwt({ appId: hex, email: '', contactExternalId: hex }),
  'a JWT, wrong lifetime': () => jwtSecret.chatSettings({ appId: hex, email: hex, expiresIn: hex }),
  'a JWT, wrong time': () => jwtSecret.signJwt({ appId: hex, email: hex, now: hex }),
  'verify a JWT': () => jwtSecret.verifyJwt(`${hex}.${hex}.${hex}`, { appId: hex }),
  'verify a JWT, other app': () => jwtSecret.verifyJwt(jwtSecret.signJwt({ appId: 'a', email: EMAIL }), { appId: hex }),
  'verify a JWT, itself': () => jwtSecret.verifyJwt(jwtSecret, { appId: hex }),
  'diagnose a JWT, itself': () => api.diagnoseJwt(jwtSecret, 'a', hex),
  'script, wrong type': () => api.chatSettingsScript({ name: [hex] }),
  'script, as the nonce': () => api.chatSettingsScript({ app_id: 'a' }, { nonce: `${hex}!` }),
}

function* failures(secret) {
  for (const [i, value] of given.entries()) {
    for (const [call, fails] of Object.entries(MALFORMED)) {
      // No variable can hold a NUL, and white space is trimmed.
      const possible = call !== 'fromEnv' || (!value.includes('\0') && value.trim() !== hex)
      if (i > 0 && possible) yield [`${call}, malformed ${i}`, () => fails(value)]
    }
  }
  for (const [i, value] of given.entries()) {
    for (const [call, fails] of Object.entries(MALFORMED_JWT)) yield [`${call}, malformed ${i}`, () => fails(value)]
  }
  for (const [call, fails] of Object.entries(WRONG)) yield [call, () => fails(secret)]
}

function showAll(ways, name, value) {
  for (const [way, show] of Object.entries(ways)) emit(`${name}: ${way}`, () => show(value))
}

function main() {
  const [end, type] = process.argv.slice(2)
  if (end) {
    ENDS[end](new { Leaky, ...api }[type](hex))
    return
  }
  const secret = new api.IdentitySecret(hex)
  for (const [name, it] of Object.entries({ secret, 'JWT secret': jwtSecret })) {
    showAll(SHOW_SECRET, name, it)
    showAll(SHOW_SECRET, `control: ${name}`, new Leaky(hex))
  }
  showAll(SHOW_ERROR, 'control: error', Object.assign(new Error(hex), { hex }))
  for (const [call, fails] of failures(secret)) {
    const error = thrown(fails)
    if (!error.code?.startsWith('ERR_')) throw error // of another call than was meant
    showAll(SHOW_ERROR, `error of ${call}`, error)
  }
  for (const [i, value] of given.entries()) {
    for (const wrong of ['0'.repeat(64), value]) {
      const page = { app_id: wrong, email: EMAIL, emailHash: wrong }
      for (const [what, diagnosis] of [
        ['diagnosis', api.diagnose(value, EMAIL, wrong)],
        ['diagnosis of a page', api.diagnosePage(value, page)],
        ['diagnosis of a JWT', api.diagnoseJwt(value, wrong, jwtSecret.signJwt({ appId: 'a', email: EMAIL }), wrong.toWellFormed())],
        ['diagnosis of a wrong JWT', api.diagnoseJwt(value, 'a', wrong)],
        ['diagnosis of HTML', api.diagnosePage(value, `<script>window.pylon = ${JSON.stringify(page)}`)],
      ]) {
        emit(`${what} ${i} ${wrong === value}`, () => inspect(diagnosis) + JSON.stringify(diagnosis))
      }
    }
  }
  process.stdout.write(emitted.join(''), () => process.exit())
}

main()
