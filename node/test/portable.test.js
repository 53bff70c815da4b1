'use strict'

// The tests of the other suites over the WebAssembly module, and tests of the module itself.

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { describe, test } = require('node:test')

const start = require('../wasm.js')

// This sets --no-addons, here and in the processes of the tests.
process.env.PYLON_IDENTITY_INPUTS ??= '20' // it is slower
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --no-addons --no-warnings`
const { dlopen, emitWarning } = process
process.dlopen = () => {
  throw new Error('There are no addons.')
}
process.emitWarning = () => {}
assert.equal(require('pylon-identity').backend, 'wasm')
Object.assign(process, { dlopen, emitWarning })
const addon = require('../addon.js')

describe('over WebAssembly', () => {
  for (const suite of ['api', 'properties', 'vectors']) require(`./${suite}.test.js`)
})

const compiled = new WebAssembly.Module(readFileSync(require.resolve('../core.wasm')))
const HEX = '53454e54494e454c'.repeat(4)
const EMAIL = 'ada@example.com'
const HASH = require('node:crypto').createHmac('sha256', Buffer.from(HEX, 'hex')).update(EMAIL).digest('hex')

/** Starts the core, whose functions call `before` first, with the exports of each instance. */
function watch(t, before) {
  const instances = []
  let core
  const { Instance } = WebAssembly
  t.mock.method(WebAssembly, 'Instance', function (module) {
    const { exports } = new Instance(module)
    instances.push(exports)
    const watched = Object.entries(exports).map(([name, value]) => [
      name,
      typeof value !== 'function' ? value : (...args) => {
        if (core !== undefined) before(name)
        return value(...args)
      },
    ])
    return { exports: Object.fromEntries(watched) }
  })
  core = start(compiled)
  return { core, instances }
}

test('it has the functions and constants of the addon', () => {
  const core = start(compiled)
  const { runCommandLine, ...rest } = addon
  assert.deepEqual(Object.keys(core).sort(), Object.keys(rest).sort())
  for (const name of ['EMAIL_NOT_UNICODE', 'JWT_SECRET_VARIABLE', 'SECRET_VARIABLE', 'VERSION']) assert.equal(core[name], addon[name])
  let known = 0
  for (let number = 1; number < 100; number++) {
    for (const variable of [undefined, 'A', 'A'.repeat(16), 'ü'.repeat(8), 'A_'.repeat(15), 'A_'.repeat(16)]) {
      const expected = addon.explain(number, variable)
      if (expected !== '') assert.equal(core.explain(number, variable), expected)
      known += expected !== ''
    }
  }
  assert.ok(known >= 60)
})

for (const isJwt of [false, true]) {
  test(`nothing of the ${isJwt ? 'JWT' : 'identity'} secret stays in the memory of the module`, (t) => {
    const raw = isJwt ? Buffer.from(HEX) : Buffer.from(HEX, 'hex')
    const wanted = { digits: HEX.slice(0, 16), key: raw.subarray(0, 8), pads: [0x36, 0x5c].map((pad) => Buffer.from(raw.map((byte) => byte ^ pad)).subarray(0, 8)) }
    const found = () =>
      instances.flatMap(({ memory }) => {
        const bytes = Buffer.from(memory.buffer)
        return [wanted.digits, wanted.key, ...wanted.pads, ...(wanted.state ?? [])].filter((part) => bytes.includes(part))
      })
    const during = new Map()
    const { core, instances } = watch(t, (name) => during.set(name, Math.max(found().length, during.get(name) ?? 0)))
    const secret = core.parse(HEX, isJwt)
    assert.deepEqual(found(), [])
    const words = Buffer.from(secret.key)
    wanted.state = [words.subarray(8, 16), words.subarray(48, 56)]
    const long = 'ü'.repeat(5000)
    const token = isJwt && core.signJwt(secret, 'app', EMAIL, '', '', '', 0, 5)
    const calls = isJwt
      ? {
          jwt_secret_init: () => core.parse(HEX, true),
          jwt_secret_init_from_env: () => core.parseVariable('A', `${HEX}\n`, true),
          sign_jwt: () => core.signJwt(secret, 'app', EMAIL, long, '', '', 0, 5),
          verify_jwt: () => core.verifyJwt(secret, token, 'app', 5),
          diagnose_jwt: () => core.diagnoseJwt(HEX, 'app', token.slice(0, -1), EMAIL, 5),
          diagnose_page: () => core.diagnosePage(HEX, JSON.stringify({ app_id: 'app', jwt: token })),
        }
      : {
          secret_init: () => core.parse(HEX, false),
          secret_init_from_env: () => core.parseVariable('A', `${HEX}\n`, false),
          sign: () => core.sign(secret, EMAIL),
          verify: () => core.verify(secret, long, HASH),
          chat_settings_hash: () => core.signForChatSettings(secret, 'app', EMAIL),
          sign_message_with_hmac: () => core.signMessageWithHmac(EMAIL, HEX),
          diagnose: () => core.diagnose(HEX, EMAIL, HASH.slice(1)),
        }
    for (const [name, call] of Object.entries(calls)) {
      during.clear()
      call()
      assert.ok(during.get(`pylon_identity_${name}`) > 0, name) // during the call the key is found
      assert.deepEqual(found(), [], name)
    }
    core.parse(isJwt ? `${HEX} ` : `${HEX}0`, isJwt)
    core.diagnose(`${HEX} `, long, HEX)
    core.diagnoseJwt(`${HEX} `, 'app', long, HEX, 5)
    assert.deepEqual(found(), [])
    core.wipe(secret)
    assert.ok(secret.key.every((byte) => byte === 0))
  })
}

test('an instance that fails is wiped and not used again', (t) => {
  let failing
  const { core, instances } = watch(t, (name) => {
    if (name === failing) throw new WebAssembly.RuntimeError('unreachable')
  })
  const secret = core.parse(HEX, false)
  failing = 'pylon_identity_sign'
  assert.throws(() => core.sign(secret, EMAIL), /unreachable/)
  failing = undefined
  assert.equal(core.sign(secret, EMAIL), HASH)
  assert.equal(instances.length, 2)
  assert.ok(new Uint8Array(instances[0].memory.buffer).every((byte) => byte === 0))
})

test('the memory is bounded', (t) => {
  const { core, instances } = watch(t, () => {})
  const secret = core.parse(HEX, false)
  const huge = 'x'.repeat(2 ** 29 - 24) // the longest text
  for (const call of [() => core.sign(secret, huge), () => core.verify(secret, EMAIL, huge), () => core.diagnose(huge, '', '')]) {
    assert.throws(call, { name: 'RangeError', code: 'ERR_MEMORY_ALLOCATION_FAILED' })
  }
  const started = instances.length
  core.sign(secret, 'x'.repeat(1_000_000))
  for (let i = 0; i < 1000; i++) assert.equal(core.sign(secret, EMAIL), HASH)
  assert.equal(instances.length, started + 2) // the first has failed, and the next has grown
  assert.ok(instances.at(-1).memory.buffer.byteLength < 1 << 20)
})
