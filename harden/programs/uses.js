'use strict'
// Uses secrets while another process looks at its memory; the commands are those of uses.py.

const assert = require('node:assert/strict')
const { createInterface } = require('node:readline')
const { IdentitySecret, JwtSecret, chatSettingsScript, diagnose, diagnoseJwt, diagnosePage, signMessageWithHmac } = require('../../node')

const EMAIL = 'ada@example.com'
const WRONG = '0'.repeat(64)
const [lines, kept, leaked, emails] = [[], [], [], []]
let hashes

const STEPS = {
  keep: (line) => kept.push(new IdentitySecret(line), new JwtSecret(line)),
  parse: (line) => new IdentitySecret(line),
  use(line) {
    const secret = new IdentitySecret(line)
    assert(secret.verify(EMAIL, secret.sign(EMAIL)))
    assert(!secret.verify(EMAIL, WRONG))
    chatSettingsScript(secret.chatSettings({ appId: 'a', email: EMAIL, name: 'Ada' }), { nonce: 'bm9uY2U=' })
    secret[Symbol.dispose]()
  },
  many(line) {
    const secret = new IdentitySecret(line)
    secret.signMany(new Array(5000).fill(EMAIL))
    assert.throws(() => secret.signMany([EMAIL, '\ud800']))
    secret[Symbol.dispose]()
  },
  'drop-in': (line) => signMessageWithHmac(EMAIL, line),
  diagnose(line) {
    for (const wrong of [WRONG, WRONG + WRONG]) assert(!diagnose(`${line}\n`, EMAIL, wrong).matches)
    assert(!diagnosePage(`${line}\n`, { app_id: 'a', email: EMAIL, email_hash: WRONG }).matches)
  },
  // The digits are the key of a JWT as they are.
  jwt(line) {
    const secret = new JwtSecret(line)
    const { jwt } = secret.chatSettings({ appId: 'a', email: EMAIL, name: 'Ada' })
    assert.equal(secret.verifyJwt(jwt, { appId: 'a' }).email, EMAIL)
    secret[Symbol.dispose]()
    assert(!diagnoseJwt(`${line}\n`, 'a', jwt).matches)
    assert(!diagnoseJwt(line, 'a', jwt.slice(1)).matches)
    assert.throws(() => new JwtSecret(`${line}\n`))
  },
  env() {
    const secret = IdentitySecret.fromEnv()
    secret.sign(EMAIL)
    secret[Symbol.dispose]()
  },
  refused: (line) => assert.throws(() => new IdentitySecret(`${line}\n`)),
  sign: () => kept[0].sign(EMAIL),
  verify: () => kept[0].verify(EMAIL, WRONG),
  emails: () => emails.push(`user${emails.length}@example.com`),
  batch: () => { hashes = kept[0].signMany(emails) },
  leak: () => leaked.push(new Uint8Array(8)),
  waste: () => Buffer.alloc(10 ** 8, 'x'),
  collect: () => globalThis.gc?.(),
  forget() {},
}

async function main() {
  let ready = false
  for await (const line of createInterface(process.stdin)) {
    if (!ready) {
      ready = line === ''
      if (ready) process.stdout.write('done\n')
      else lines.push(line)
      continue
    }
    const [step, times] = line.split(' ')
    for (const secret of lines) {
      for (let i = 0; i < times; i++) {
        STEPS[step](secret)
        if (i % 10_000 === 0) await new Promise(setImmediate) // as a server would
      }
    }
    process.stdout.write('done\n')
  }
  assert(!hashes || hashes.length === emails.length)
}

main()
