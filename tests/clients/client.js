'use strict'

// Answers the tests across languages through the Node API; see tests/languages.py.

const { readFileSync } = require('node:fs')

const { IdentitySecret, diagnose, signMessageWithHmac } = require('../../node')

const text = (digits) => Buffer.from(digits, 'hex').toString()

function answer(secret, email, hash, more) {
  if (more !== undefined) {
    const { causes, explanation } = diagnose(secret, email, hash)
    return [causes.join(), Buffer.from(explanation).toString('hex')]
  }
  try {
    const parsed = new IdentitySecret(secret)
    const hashes = [parsed.sign(email), ...parsed.signMany([email]), signMessageWithHmac(email, secret)]
    return ['ok', parsed.verify(email, hash), ...hashes]
  } catch (error) {
    return ['error', error.code.replace(/^ERR_/, '').toLowerCase(), error.message]
  }
}

const lines = readFileSync(0, 'ascii').split('\n').slice(0, -1)
console.log(lines.map((line) => answer(...line.split('\t').map(text)).join('\t')).join('\n'))
