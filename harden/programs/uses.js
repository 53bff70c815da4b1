'use strict'
// Uses secrets, for the scan of memory and for the measurement of its growth; the commands are those of uses.py.

const assert = require('node:assert/strict')
const { readFileSync, readSync, writeFileSync, writeSync } = require('node:fs')
const { IdentitySecret, chatSettingsScript, diagnose, signMessageWithHmac } = require('../../node')

const EMAIL = 'ada@example.com'
const WRONG = '0'.repeat(64)
let several = 10_000
const kept = []

function use(line) {
  const secret = new IdentitySecret(line.trim())
  assert(secret.verify(EMAIL, secret.sign(EMAIL)))
  assert(!secret.verify(EMAIL, WRONG))
  chatSettingsScript(secret.chatSettings({ appId: 'a', email: EMAIL, name: 'Ada' }), { nonce: 'bm9uY2U=' })
  return secret
}

const STEPS = {
  use,
  many(line) {
    const secret = use(line)
    secret.signMany(new Array(several).fill(EMAIL))
    assert.throws(() => secret.signMany([EMAIL, '\ud800']))
    return secret
  },
  'drop-in': (line) => void signMessageWithHmac(EMAIL, line.trim()),
  diagnose(line) {
    for (const wrong of [WRONG, WRONG + WRONG]) assert(!diagnose(line, EMAIL, wrong).matches)
  },
  env() {
    const secret = IdentitySecret.fromEnv()
    secret.sign(EMAIL)
    return secret
  },
  refused(line) {
    for (const wrong of [line, 5]) assert.throws(() => new IdentitySecret(wrong))
  },
}

function wiping(step, fate) {
  const input = Buffer.alloc(4096)
  const text = input.toString('latin1', 0, readSync(0, input))
  for (const line of text.trim().split('\n')) {
    const secret = STEPS[step](`${line}\n`)
    if (fate === 'kept') kept.push(secret)
    else secret?.[Symbol.dispose]()
  }
  writeSync(1, 'ready\n')
  readSync(0, input)
}

function status(file, name) {
  return Number(new RegExp(`^${name}:[ \\t]+([0-9]+) kB$`, 'm').exec(readFileSync(`/proc/self/${file}`, 'utf8'))[1])
}

async function resident() {
  // Node frees what a collected object held outside of the heap only between two turns of its loop.
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await new Promise(setImmediate)
  }
  return status('smaps_rollup', 'Rss')
}

async function memory(count, leak) {
  several = 2
  const calls = Number(count)
  const line = `${process.env.PYLON_IDENTITY_SECRET}\n`
  const secret = use(line)
  const right = secret.sign(EMAIL)
  const measure = async (kind, calls, call) => {
    const repeat = async (times) => {
      for (let i = 0; i < times; i++) {
        call()
        if (leak) kept.push(new Uint8Array(8))
        if (i % 10_000 === 0) await new Promise(setImmediate) // as a server would
      }
    }
    await repeat(calls / 2) // until V8's own stores are full
    const before = await resident()
    await repeat(calls)
    console.log(kind, calls, before, await resident())
  }
  const hex = line.trim()
  await measure('sign', calls, () => secret.sign(EMAIL))
  await measure('verify', calls, () => secret.verify(EMAIL, right))
  await measure('secrets', calls, () => new IdentitySecret(hex))
  await measure('steps', calls / 1000, () => Object.values(STEPS).forEach((step) => step(line)))
}

async function batch(count, waste) {
  const secret = IdentitySecret.fromEnv()
  const emails = Array.from({ length: Number(count) }, (_, i) => `user${i}@example.com`)
  secret.signMany(emails.slice(0, 20_000))
  await resident()
  writeFileSync('/proc/self/clear_refs', '5')
  const hashes = secret.signMany(emails)
  if (waste) Buffer.alloc(100 * emails.length, 'x')
  const peak = status('status', 'VmHWM')
  console.log(peak - (await resident()))
  assert.equal(hashes.length, emails.length)
}

const [command, ...options] = process.argv.slice(2)
;({ wiping, memory, batch })[command](...options)
