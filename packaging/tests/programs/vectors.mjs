// The shared vectors through the installed package.
//
//     node vectors.mjs DIRECTORY_OF_THE_VECTORS
//
// Prints each file and how many of its cases passed; the first that fails ends it.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { IdentitySecret, chatSettingsScript, diagnose, signMessageWithHmac } from 'pylon-identity'

function each(file, check) {
  const lines = readFileSync(path.join(process.argv[2], file), 'ascii').trimEnd().split('\n').slice(2)
  for (const line of lines) check(...line.split('\t'))
  console.log(file, lines.length)
}

const text = (digits) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(digits, 'hex'))
const withCode = (code) => ({ name: 'Error', code: `ERR_${code.toUpperCase()}` })

each('sign.tsv', (name, hex, unit, repeat, hash) => {
  const email = text(unit).repeat(Number(repeat))
  const secret = new IdentitySecret(hex)
  assert.equal(secret.sign(email), hash, name)
  assert.deepEqual(secret.signMany([email, email]), [hash, hash], name)
  assert.equal(secret.verify(email, hash), true, name)
  assert.equal(signMessageWithHmac(email, hex), hash, name)
})

each('verify.tsv', (name, hex, email, hash, expected) => {
  assert.equal(new IdentitySecret(hex).verify(text(email), text(hash)), expected === 'true', name)
})

each('malformed_secrets.tsv', (name, hex, code) => {
  assert.throws(() => new IdentitySecret(text(hex)), withCode(code), name)
  assert.throws(() => signMessageWithHmac('', text(hex)), withCode(code), name)
})

each('diagnose.tsv', (name, hex, email, hash, causes) => {
  const diagnosis = diagnose(text(hex), text(email), text(hash))
  assert.equal(diagnosis.causes.join() || 'none', causes, name)
  assert.equal(diagnosis.matches, causes === 'none', name)
})

each('env.tsv', (name, variable, value, outcome) => {
  delete process.env.PYLON_IDENTITY_SECRET
  if (value !== '-') process.env[variable] = text(value)
  const read = () => IdentitySecret.fromEnv(variable)
  if (outcome === 'ok') assert.equal(read().sign(''), new IdentitySecret(text(value).trim()).sign(''), name)
  else assert.throws(read, withCode(outcome), name)
  delete process.env[variable]
})

const FIELDS = ['appId', 'email', 'name', 'avatarUrl', 'accountId', 'accountExternalId']

each('settings.tsv', (name, hex, ...columns) => {
  const script = columns.pop()
  const nonce = columns.pop()
  const given = FIELDS.map((field, i) => [field, columns[i]]).filter(([, value]) => value !== '-')
  const user = Object.fromEntries(given.map(([field, value]) => [field, text(value)]))
  const options = nonce === '-' ? undefined : { nonce: text(nonce) }
  const make = () => chatSettingsScript(new IdentitySecret(hex).chatSettings(user), options)
  if (/_(empty|invalid)$/.test(script)) assert.throws(make, withCode(script), name)
  else assert.equal(make(), text(script), name)
})
