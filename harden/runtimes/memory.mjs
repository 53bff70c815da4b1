// How much memory calls of the Node package take: `memory CALLS` prints for each kind how many there were, and
// how many kB the process held before and after; `batch COUNT` what signing many emails took at most, beyond
// the emails and the hashes. With a third argument memory is leaked or wasted on purpose.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'

import { IdentitySecret, chatSettingsScript, diagnose, signMessageWithHmac } from '../../node/index.js'

const hex = process.env.HARDEN_SECRET
const email = 'ada@example.com'
const secret = new IdentitySecret(hex)
const hash = secret.sign(email)
const kept = []

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

async function measure(kind, calls, call, leak) {
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

async function memory(calls, leak) {
  await measure('sign', calls, () => secret.sign(email), leak)
  await measure('verify', calls, () => secret.verify(email, hash), leak)
  await measure('secrets', calls, () => new IdentitySecret(hex).sign(email), leak)
  const user = { appId: 'app-1', email, name: 'Ada' }
  const others = () => {
    chatSettingsScript(secret.chatSettings(user), { nonce: 'r4nd0m' })
    signMessageWithHmac(email, hex)
    for (const wrong of ['0x', 5]) assert.throws(() => new IdentitySecret(wrong))
    assert.throws(() => secret.signMany([email, '\ud800']))
    diagnose(hex, email, hash.slice(1))
    secret.signMany([email, email])
  }
  await measure('others', calls / 500, others, leak)
}

async function batch(count, waste) {
  const emails = Array.from({ length: count }, (_, i) => `user${i}@example.com`)
  secret.signMany(emails.slice(0, 20_000))
  await resident()
  writeFileSync('/proc/self/clear_refs', '5')
  const hashes = secret.signMany(emails)
  if (waste) Buffer.alloc(100 * count, 'x')
  const peak = status('status', 'VmHWM')
  console.log(count, peak - (await resident()))
  assert.equal(hashes.length, emails.length)
}

await { memory, batch }[process.argv[2]](Number(process.argv[3]), process.argv.length > 4)
