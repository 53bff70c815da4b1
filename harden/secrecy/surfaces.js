'use strict'

// Shows an identity secret, and errors about it, in every way that Node has.
//
//     surfaces.js real|leaky
//
// Reads hexadecimal lines: a secret, then malformed ones. Prints a line for each surface: its name,
// "shown" or "refused", and in hexadecimal what was shown or said. `leaky` shows a careless stand-in.

const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const { EventEmitter } = require('node:events')
const { readFileSync } = require('node:fs')
const inspector = require('node:inspector')
const { Writable } = require('node:stream')
const util = require('node:util')
const v8 = require('node:v8')
const { BroadcastChannel, MessageChannel, Worker, receiveMessageOnPort } = require('node:worker_threads')

const EMAIL = 'ada@example.com'
const NAME = 'CHAT_SECRET'
const INPUT = readFileSync(0, 'utf8')

const lines = INPUT.trimEnd().split('\n')
// What is not UTF-8 becomes a lone surrogate, as on the way from a file that was cut apart.
const given = lines.map((line) => Buffer.from(line, 'hex').toString().replaceAll('\ufffd', '\ud800'))

/** Keeps what it was given and shows it, as careless code does. */
class Leaky {
  #hex

  constructor(hex) {
    this.hex = this.#hex = hex
    this[Symbol('hex')] = hex
    if (typeof hex !== 'string' || !/^([0-9a-f]{2})+$/.test(hex)) Leaky.refuse(hex)
    this.key = Buffer.from(hex, 'hex')
  }

  static fromEnv(name) {
    return name in process.env ? new Leaky(process.env[name]) : Leaky.refuse(name)
  }

  static refuse(...values) {
    throw Object.assign(new Error(`cannot use ${util.inspect(values)} ${values.map(String)}`), { values })
  }

  sign(...values) { Leaky.refuse(...values) }
  signMany(...values) { Leaky.refuse(...values) }
  verify(...values) { Leaky.refuse(...values) }
  chatSettings(...values) { Leaky.refuse(...values) }
  toString() { return `Leaky(${this.hex})` }
}

const leaky = {
  IdentitySecret: Leaky,
  signMessageWithHmac: Leaky.refuse,
  chatSettingsScript: Leaky.refuse,
  diagnose: (...values) => ({ explanation: `not the hash of ${values}` }),
}

const kind = process.argv[2]
const api = kind === 'leaky' ? leaky : require('../../node')

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

/** What a console writes. */
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

/** What arrives at the other end. */
function posted(message) {
  const { port1, port2 } = new MessageChannel()
  try {
    port1.postMessage(message)
    return util.inspect(receiveMessageOnPort(port2).message, everything)
  } finally {
    port1.close()
  }
}

function broadcast(message) {
  const [sender, receiver] = [new BroadcastChannel('secrets'), new BroadcastChannel('secrets')]
  try {
    sender.postMessage(message)
    return util.inspect(receiveMessageOnPort(receiver).message, everything)
  } finally {
    sender.close()
    receiver.close()
  }
}

/** What arrives in a worker: at its start, or by a message. */
function worker(atStart, message) {
  const program = `
    const { parentPort, workerData: { atStart, port, done } } = require('node:worker_threads')
    const show = (arrived) => {
      port.postMessage(require('node:util').inspect(arrived, { depth: Infinity, showHidden: true }))
      Atomics.store(done, 0, 1)
      Atomics.notify(done, 0)
    }
    if (atStart) show(atStart)
    else parentPort.once('message', show)`
  const done = new Int32Array(new SharedArrayBuffer(4))
  const { port1, port2 } = new MessageChannel()
  const workerData = { atStart, port: port2, done }
  const started = new Worker(program, { eval: true, workerData, transferList: [port2] })
  try {
    if (message) started.postMessage(message)
    Atomics.wait(done, 0, 0, 10_000)
    return receiveMessageOnPort(port1).message
  } finally {
    started.terminate()
    port1.close()
  }
}

/** What a debugger sees: properties, private ones too, and a preview. */
function debuggers(secret) {
  globalThis.inspected = secret
  const session = new inspector.Session()
  session.connect()
  let seen = ''
  const see = (method, options, then) =>
    session.post(method, options, (error, result) => {
      seen += JSON.stringify(error ?? result)
      then?.(result)
    })
  see('Runtime.evaluate', { expression: 'inspected', generatePreview: true }, ({ result: { objectId } }) => {
    see('Runtime.getProperties', { objectId, generatePreview: true, ownProperties: false })
  })
  session.disconnect()
  delete globalThis.inspected
  return seen
}

/** What a program writes that ends by it; this one again, with the name of the end. */
function crash(end) {
  const { stderr } = spawnSync(process.execPath, [__filename, kind, end], { input: INPUT, stdio: 'pipe' })
  return stderr
}

const ENDS = {
  throw: (secret) => { throw secret },
  'throw with a cause': (secret) => { throw new Error('failed', { cause: secret }) },
  'throw with its text': (secret) => { throw new Error(`failed with ${secret}`) },
  'throw with a property': (secret) => { throw Object.assign(new Error('failed'), { secret }) },
  'reject with a cause': (secret) => { Promise.reject(new Error('failed', { cause: secret })) },
  'process.emitWarning': (secret) => process.emitWarning(`failed with ${secret}`, { detail: util.inspect(secret) }),
  'console.log': (secret) => console.error(secret),
}

function* objects(secret) {
  const config = { user: { name: 'ada', secret } }
  yield ['String', () => String(secret)]
  yield ['template', () => `${secret}`]
  yield ['concatenation', () => '' + secret]
  yield ['join', () => [secret].join()]
  yield ['toString', () => secret.toString()]
  yield ['localeString', () => [secret].toLocaleString()]
  for (const format of ['%s', '%o', '%O', '%j']) yield [`format ${format}`, () => util.format(format, secret)]
  yield ['format without', () => util.format('secret:', secret)]
  for (const [name, value] of Object.entries({
    itself: secret,
    'an array': [secret],
    'an object': config,
    'a map': new Map([['secret', secret]]),
    'a map key': new Map([[secret, 1]]),
    'a set': new Set([secret]),
    'a proxy': new Proxy(secret, {}),
    'a getter': { get secret() { return secret } },
    'a heir': Object.create(null, { secret: { value: secret, enumerable: false } }),
    'a symbol': { [Symbol('secret')]: secret },
    'an error': Object.assign(new Error('failed'), { secret }),
    'a cause': new Error('failed', { cause: secret }),
    'an AggregateError': new AggregateError([secret], 'failed'),
    'a promise': Promise.resolve(secret),
  })) {
    for (const customInspect of [true, false]) {
      yield [`inspect ${name} ${customInspect}`, () => util.inspect(value, { ...everything, customInspect })]
    }
  }
  yield ['inspect as it is', () => util.inspect(secret)]
  yield ['inspect compact', () => util.inspect(config, { compact: false, breakLength: 1, sorted: true, colors: true })]
  for (const method of ['log', 'info', 'debug', 'warn', 'error', 'trace', 'group', 'dir', 'dirxml']) {
    yield [`console.${method}`, () => written((to) => to[method](secret))]
  }
  yield ['console.table', () => written((to) => to.table([secret]))]
  yield ['console.assert', () => written((to) => to.assert(false, secret))]
  yield ['console.count', () => written((to) => to.count(secret))]
  yield ['debuglog', () => written((to) => to.log(util.formatWithOptions({ colors: true }, '%O', config)))]
  yield ['JSON', () => JSON.stringify(secret)]
  yield ['JSON inside', () => JSON.stringify(config, null, 2)]
  yield ['JSON with a replacer', () => JSON.stringify(config, (_, value) => value)]
  yield ['keys', () => Object.keys(secret).map((key) => util.inspect(secret[key]))]
  yield ['entries', () => util.inspect(Object.entries(secret), everything)]
  yield ['for in', () => { const seen = []; for (const key in secret) seen.push(util.inspect(secret[key])); return seen }]
  yield ['own names', () => Object.getOwnPropertyNames(secret).map((key) => util.inspect(secret[key]))]
  yield ['own symbols', () => [util.inspect(secret), Object.getOwnPropertySymbols(secret).map((key) => util.inspect(secret[key]))]]
  yield ['descriptors', () => util.inspect(Object.getOwnPropertyDescriptors(secret), everything)]
  yield ['Reflect.ownKeys', () => Reflect.ownKeys(secret).map((key) => util.inspect(secret[key]))]
  yield ['spread', () => util.inspect({ ...secret }, everything)]
  yield ['rest', () => { const { sign, ...rest } = secret; return util.inspect(rest) }]
  yield ['Object.assign', () => util.inspect(Object.assign({}, secret), everything)]
  yield ['Object.create', () => util.inspect(Object.create(secret).hex ?? Object.create(secret))]
  yield ['fromEntries', () => JSON.stringify(Object.fromEntries(Object.entries(secret)))]
  yield ['URLSearchParams', () => new URLSearchParams({ secret }).toString()]
  yield ['error message', () => new Error(secret).message]
  yield ['error stack', () => new TypeError(`failed with ${secret}`).stack]
  yield ['inspect an error', () => util.inspect(new Error(`failed with ${util.inspect(secret)}`))]
  yield ['EventEmitter', () => thrown(() => new EventEmitter().emit('error', secret)).stack]
  yield ['assert.equal', () => thrown(() => assert.equal(secret, 1)).message]
  yield ['assert.deepEqual', () => thrown(() => assert.deepStrictEqual(config, {})).message]
  yield ['assert.deepEqual properties', () => util.inspect(thrown(() => assert.deepEqual([secret], 1)), everything)]
  yield ['assert.fail', () => thrown(() => assert.fail(String(secret))).stack]
  yield ['debugger', () => debuggers(secret)]
  yield ['report', () => JSON.stringify(process.report.getReport(Object.assign(new Error(`with ${secret}`), { secret })))]
  for (const end of Object.keys(ENDS)) yield [`crash: ${end}`, () => crash(end)]

  yield ['clone: structuredClone', () => util.inspect(structuredClone(secret), everything)]
  yield ['clone: structuredClone inside', () => util.inspect(structuredClone(config), everything)]
  yield ['clone: structuredClone in a map', () => util.inspect(structuredClone(new Map([[1, secret]])), everything)]
  yield ['clone: structuredClone of an error', () =>
    util.inspect(structuredClone([new Error('failed'), { ...secret }]), everything)]
  yield ['clone: v8.serialize', () => v8.serialize(secret)]
  yield ['clone: v8.serialize inside', () => v8.serialize([config])]
  yield ['clone: v8.serialize and back', () => util.inspect(v8.deserialize(v8.serialize(secret)), everything)]
  yield ['clone: postMessage', () => posted(secret)]
  yield ['clone: postMessage inside', () => posted(config)]
  yield ['clone: BroadcastChannel', () => broadcast(secret)]
  yield ['clone: worker.postMessage', () => worker(null, secret)]
  yield ['clone: workerData', () => worker(secret)]
}

function* failures(secret) {
  for (const [i, value] of given.entries()) {
    if (i === 0) continue
    yield [`IdentitySecret, malformed ${i}`, () => new api.IdentitySecret(value)]
    yield [`drop-in, malformed ${i}`, () => api.signMessageWithHmac(EMAIL, value)]
    // No variable can hold a NUL, and white space is trimmed.
    if (!value.includes('\0') && value.trim() !== given[0]) {
      process.env[NAME] = value
      yield [`fromEnv, malformed ${i}`, () => api.IdentitySecret.fromEnv(NAME)]
      delete process.env[NAME]
    }
  }
  const [hex] = given
  yield ['fromEnv, as the name', () => api.IdentitySecret.fromEnv(hex)]
  yield ['fromEnv, in the name', () => api.IdentitySecret.fromEnv(`VITE_${hex}`)]
  yield ['fromEnv, itself', () => api.IdentitySecret.fromEnv(secret)]
  yield ['a buffer', () => new api.IdentitySecret(Buffer.from(`${hex} `))]
  yield ['an array', () => new api.IdentitySecret([hex, hex])]
  yield ['an object', () => new api.IdentitySecret({ hex })]
  yield ['a function', () => new api.IdentitySecret(new Function(`return '${hex}'`))]
  yield ['a symbol', () => new api.IdentitySecret(Symbol(hex))]
  yield ['itself', () => new api.IdentitySecret([secret])]
  yield ['drop-in, itself', () => api.signMessageWithHmac(EMAIL, secret)]
  yield ['drop-in, swapped', () => api.signMessageWithHmac(hex, EMAIL)]
  yield ['drop-in, a lone surrogate', () => api.signMessageWithHmac(`${hex}\ud800`, hex)]
  yield ['sign itself', () => secret.sign(secret)]
  yield ['sign a lone surrogate', () => secret.sign(`${hex}\ud800`)]
  yield ['sign a buffer', () => secret.sign(Buffer.from(hex))]
  yield ['signMany of text', () => secret.signMany(hex)]
  yield ['signMany with itself', () => secret.signMany([hex, secret])]
  yield ['signMany of a lone surrogate', () => secret.signMany([`${hex}\ud800`])]
  yield ['verify itself', () => secret.verify(secret, '')]
  yield ['verify a buffer', () => secret.verify(EMAIL, Buffer.from(hex))]
  yield ['settings, no email', () => secret.chatSettings({ appId: hex, email: '', name: hex })]
  yield ['settings, no app', () => secret.chatSettings({ appId: '', email: hex, name: '' })]
  yield ['settings, itself', () => secret.chatSettings({ appId: 'a', email: 'b', name: secret })]
  yield ['settings, text', () => secret.chatSettings(hex)]
  yield ['script, wrong type', () => api.chatSettingsScript({ name: [hex] })]
  yield ['script, itself', () => api.chatSettingsScript({ name: secret })]
  yield ['script, text', () => api.chatSettingsScript(hex)]
  yield ['script, as the nonce', () => api.chatSettingsScript({}, { nonce: `${hex}!` })]
}

const SHOW_ERROR = {
  String,
  message: (error) => error.message,
  stack: (error) => error.stack,
  inspect: (error) => util.inspect(error, everything),
  'inspect as it is': (error) => util.inspect(error, { ...everything, customInspect: false }),
  cause: (error) => util.inspect(new Error('failed', { cause: error })),
  'console.error': (error) => written((to) => to.error('failed:', error)),
  JSON: (error) => JSON.stringify([error.message, error]),
  'own names': (error) => Object.getOwnPropertyNames(error).map((key) => util.inspect(error[key], everything)),
  structuredClone: (error) => util.inspect(structuredClone(new Error(error.message, { cause: error.stack })), everything),
  'v8.serialize': (error) => v8.serialize(error.stack),
}

function main() {
  const secret = new api.IdentitySecret(given[0])
  const end = ENDS[process.argv[3]]
  if (end) {
    end(secret)
    return
  }
  for (const [surface, show] of objects(secret)) emit(surface, show)
  for (const [call, fails] of failures(secret)) {
    const error = thrown(fails)
    if (kind === 'real' && !error.code?.startsWith('ERR_')) throw error // of another call than was meant
    for (const [way, show] of Object.entries(SHOW_ERROR)) emit(`error of ${call}: ${way}`, () => show(error))
  }
  for (const [i, value] of given.entries()) {
    for (const wrong of ['0'.repeat(64), value]) {
      const diagnosis = api.diagnose(value, EMAIL, wrong)
      emit(`diagnosis ${i} ${wrong === value}: inspect`, () => util.inspect(diagnosis, everything))
      emit(`diagnosis ${i} ${wrong === value}: JSON`, () => JSON.stringify(diagnosis))
    }
  }
  process.stdout.write(emitted.join(''), () => process.exit())
}

main()
