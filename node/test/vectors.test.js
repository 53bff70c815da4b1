'use strict'

// The shared vectors through the Node package.

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { IdentitySecret, signMessageWithHmac } = require('pylon-identity')

/** Runs `check` on each case of a file, and fails if the file holds another number than ran. */
function each(file, check) {
  test(file, () => {
    const text = readFileSync(path.join(__dirname, '../../tests/vectors', file), 'ascii')
    const [count, , ...lines] = text.trimEnd().split('\n')
    let ran = 0
    for (const line of lines) {
      const [name, ...columns] = line.split('\t')
      check(name, ...columns)
      ran += 1
    }
    assert.equal(`cases\t${ran}`, count)
  })
}

const text = (digits) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(digits, 'hex'))

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
  const expected = { name: 'Error', code: `ERR_${code.toUpperCase()}` }
  assert.throws(() => new IdentitySecret(text(hex)), expected, name)
  assert.throws(() => signMessageWithHmac('ada@example.com', text(hex)), expected, name)
})
