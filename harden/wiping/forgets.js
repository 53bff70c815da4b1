'use strict'
// Uses secrets in one way, forgets them, and waits to be looked at; see `wiping.py`.

const assert = require('node:assert')
const { readSync, writeSync } = require('node:fs')
const { IdentitySecret, diagnose, signMessageWithHmac } = require('../../node')

const EMAIL = 'ada@example.com'
const WRONG = '0'.repeat(64)

const [step, fate] = process.argv.slice(2)
const kept = []

function use(digits) {
  if (step === 'drop-in') return signMessageWithHmac(EMAIL, digits)
  if (step === 'diagnose') {
    assert(!diagnose(`${digits}\n`, EMAIL, WRONG).matches)
    return assert(!diagnose(`${digits}\n`, EMAIL, WRONG + WRONG).matches)
  }
  const secret = step === 'env' ? IdentitySecret.fromEnv() : new IdentitySecret(digits)
  assert(secret.verify(EMAIL, secret.sign(EMAIL)))
  assert(!secret.verify(EMAIL, WRONG))
  if (step === 'many') secret.signMany(new Array(10_000).fill(EMAIL))
  else assert(['sign and verify', 'env'].includes(step))
  if (fate === 'kept') kept.push(secret)
  else secret[Symbol.dispose]()
}

const input = Buffer.alloc(4096)
const size = readSync(0, input)
input.toString('latin1', 0, size).trim().split('\n').forEach(use)
writeSync(1, 'ready\n')
readSync(0, input)
