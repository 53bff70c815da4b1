'use strict'

// Properties of every input, with node:crypto and jose as oracles.

const assert = require('node:assert/strict')
const { createHmac } = require('node:crypto')
const { test } = require('node:test')

const fc = require('fast-check')
const { IdentitySecret, JwtSecret, chatSettingsScript, diagnose, diagnoseJwt, signMessageWithHmac } = require('pylon-identity')

// The number of inputs for each property. A planted fault makes the oracle wrong about text beyond the Basic
// Multilingual Plane, and the properties must notice.
const INPUTS = Number(process.env.PYLON_IDENTITY_INPUTS ?? 100)
const PLANTED = 'PYLON_IDENTITY_PLANTED_FAULT' in process.env

function oracle(hex, email) {
  const planted = PLANTED && /[\u{10000}-\u{10ffff}]/u.test(email)
  return createHmac('sha256', Buffer.from(hex, 'hex')).update(planted ? '' : email).digest('hex')
}

/** Tests that a property holds for any inputs of these kinds. */
function holds(name, ...kinds) {
  const property = kinds.pop()
  test(name, () => fc.assert(fc.property(...kinds, property), { numRuns: INPUTS }))
}

const text = fc.string({ unit: 'binary' }) // any characters, NUL and those beyond the BMP too
const units = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })
const letters = fc.string()
const email = fc.oneof(text, letters, fc.tuple(text, fc.nat(1000)).map(([text, times]) => text.repeat(times)))
const digits = (constraints) => fc.string({ ...constraints, unit: fc.constantFrom(...'0123456789abcdefABCDEF') })
const secret = fc.array(digits({ minLength: 2, maxLength: 2 }), { minLength: 16, maxLength: 100 }).map((pairs) => pairs.join('')).filter((hex) => /[^0]/.test(hex))
const anything = fc.oneof(text, letters, units) // with lone surrogates

holds('signs any text', secret, email, (hex, email) => {
  assert.equal(new IdentitySecret(hex).sign(email), oracle(hex, email))
  assert.equal(signMessageWithHmac(email, hex), oracle(hex, email))
})

holds('signs well formed text and nothing else', secret, fc.oneof(units, anything), (hex, email) => {
  const own = new IdentitySecret(hex)
  const ways = [() => own.sign(email), () => own.signMany(['a', email, 'b'])[1], () => signMessageWithHmac(email, hex)]
  for (const sign of ways) {
    if (email.isWellFormed()) assert.equal(sign(), oracle(hex, email))
    else assert.throws(sign, { code: 'ERR_EMAIL_NOT_UNICODE' })
  }
  assert.equal(own.verify(email, oracle(hex, email)), email.isWellFormed())
})

holds('verifies only the right hash', secret, text, anything, fc.nat(63), digits({ minLength: 1, maxLength: 1 }), (hex, email, other, at, digit) => {
  const own = new IdentitySecret(hex)
  const right = oracle(hex, email)
  const [before, after] = [right.slice(0, at), right.slice(at + 1)]
  const changed = [before + digit + after, before + other + after, before, before + after, before + digit + right.slice(at)]
  for (const shown of [...changed, right + digit, digit + right, right + '\0', right.toUpperCase(), other, right]) {
    assert.equal(own.verify(email, shown), shown === right, shown)
  }
})

const maybe = fc.oneof(anything, digits(), fc.tuple(digits(), anything, digits()).map((parts) => parts.join('')))

holds('refuses any malformed secret', maybe, (hex) => {
  let code
  if (hex === '') code = 'ERR_SECRET_EMPTY'
  else if (/[^0-9a-fA-F]/.test(hex)) code = 'ERR_SECRET_NOT_HEX'
  else if (hex.length % 2 === 1) code = 'ERR_SECRET_ODD_LENGTH'
  else if (hex.length < 32 || !/[^0]/.test(hex)) code = 'ERR_SECRET_WEAK'
  for (const sign of [() => new IdentitySecret(hex).sign(''), () => signMessageWithHmac('', hex)]) {
    if (code) assert.throws(sign, { code })
    else assert.equal(sign(), oracle(hex, ''))
  }
})

// Sizes around the share of a thread and the chunk of a batch.
const limit = fc.tuple(fc.nat(5), fc.integer({ min: -1, max: 1 })).map(([n, more]) => Math.max(0, n * 1024 + more))

holds('signs many as each', secret, fc.array(text, { minLength: 1 }), limit, (hex, texts, length) => {
  const own = new IdentitySecret(hex)
  assert.deepEqual(own.signMany(texts), texts.map((email) => oracle(hex, email)))
  const emails = Array.from({ length }, (_, i) => texts[i % texts.length] + i)
  assert.deepEqual(own.signMany(emails), emails.map((email) => own.sign(email)))
})

/** The settings of a page with this script, in which HTML sees one script and text. */
function read(script, nonce) {
  const code = /^<script( nonce="[^"]*")?>([^<>&\u2028\u2029]*)<\/script>$/.exec(script)
  assert.ok(code, script)
  assert.equal(code[1], nonce === undefined ? undefined : ` nonce="${nonce}"`)
  return JSON.parse(/^window\.pylon = ([^]*);$/.exec(code[2])[1]).chat_settings
}

const filled = fc.oneof(text, letters).map((text) => `${text}@`)
const nothing = fc.constantFrom(undefined, null)
const user = fc.record({ appId: filled, email: filled, name: text, avatarUrl: fc.oneof(text, nothing), accountId: fc.oneof(text, nothing) })

holds('the page has the signed email', secret, user, fc.constantFrom(undefined, 'r4n='), (hex, user, nonce) => {
  const settings = new IdentitySecret(hex).chatSettings(user)
  const expected = { app_id: user.appId, email: user.email, name: user.name, email_hash: oracle(hex, user.email) }
  if (user.avatarUrl != null) expected.avatar_url = user.avatarUrl
  if (user.accountId != null) expected.account_id = user.accountId
  assert.deepEqual(settings, expected)
  assert.deepEqual(read(chatSettingsScript(settings, { nonce }), nonce), expected)
})

holds('the script takes any names', fc.dictionary(text.map((name) => `${name}.`), text, { minKeys: 1 }), (fields) => {
  const read_ = read(chatSettingsScript(fields))
  assert.deepEqual(Object.entries(read_).sort(), Object.entries(fields).sort())
})

holds('a nonce is base64 text', anything, (nonce) => {
  const script = () => chatSettingsScript({ app_id: 'a' }, { nonce })
  if (/^(?!nonce-)[A-Za-z0-9+/_-]+={0,2}$/.test(nonce)) assert.deepEqual(read(script(), nonce), { app_id: 'a' })
  else assert.throws(script, { code: 'ERR_NONCE_INVALID' })
})

holds('diagnoses anything', fc.oneof(secret, anything), text, anything, fc.nat(63), (hex, email, other, at) => {
  let own
  try {
    own = new IdentitySecret(hex)
  } catch (error) {
    assert.match(error.code, /^ERR_SECRET_/)
  }
  const right = own?.sign(email) ?? '0'.repeat(64)
  for (const shown of [right, right.slice(0, at) + other, right.toUpperCase(), other]) {
    const diagnosis = diagnose(hex, email, shown)
    assert.equal(diagnosis.matches, own?.verify(email, shown) ?? false)
    assert.equal(diagnosis.matches, diagnosis.causes.length === 0)
    const said = JSON.stringify(diagnosis)
    assert.doesNotMatch(said, /[0-9a-fA-F]{8}/)
    assert.ok(hex.length < 10 || !said.includes(hex))
  }
})

const jwtSecret = fc.oneof(secret, text.map((middle) => `~${middle}secret of a test~`))
const claim = fc.oneof(filled, nothing)
const jwtUser = fc.record({ appId: filled, email: filled, name: claim, accountExternalId: claim, contactExternalId: claim, expiresIn: fc.integer({ min: 1, max: 900 }), now: fc.nat() })

test('jose verifies our tokens, and we verify its tokens', async () => {
  const jose = await import('jose')
  const property = fc.asyncProperty(jwtSecret, jwtUser, fc.nat(2000), async (key, user, later) => {
    const own = new JwtSecret(key)
    const { appId, email, expiresIn, now } = user
    const claims = { email, aud: appId, iat: now, exp: now + expiresIn }
    for (const [name, value] of [['name', user.name], ['account_external_id', user.accountExternalId], ['contact_external_id', user.contactExternalId]]) {
      if (value != null) claims[name] = value
    }
    const raw = Buffer.from(PLANTED ? `${key}!` : key)
    const options = { algorithms: ['HS256'], audience: appId, currentDate: new Date((now + later) * 1000) }
    const theirs = await new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(raw)
    const token = own.signJwt(user)
    const read = await jose.jwtVerify(token, raw, options).then(({ payload }) => payload, ({ code }) => code)
    const diagnosis = diagnoseJwt(key, appId, token, email, now + later)
    assert.equal(diagnosis.matches, later < expiresIn)
    if (later < expiresIn) {
      assert.deepEqual(read, claims)
      for (const each of [token, theirs]) assert.deepEqual(own.verifyJwt(each, { appId, now: now + later }), claims)
    } else {
      assert.equal(read, 'ERR_JWT_EXPIRED')
      for (const each of [token, theirs]) assert.throws(() => own.verifyJwt(each, { appId, now: now + later }), { code: 'ERR_JWT_EXPIRED' })
    }
  })
  await fc.assert(property, { numRuns: INPUTS })
})

holds('verifies and diagnoses any text', jwtSecret, jwtUser, anything, fc.nat(), (key, user, other, at) => {
  const own = new JwtSecret(key)
  const { appId, now } = user
  const right = own.signJwt(user)
  const cut = at % right.length
  for (const shown of [right, right.slice(0, cut) + other + right.slice(cut + 1), right.slice(0, cut), right + other, other]) {
    const { matches, causes } = diagnoseJwt(key, appId, shown, null, now)
    if (shown === right) assert.equal(own.verifyJwt(shown, { appId, now }).email, user.email)
    else assert.throws(() => own.verifyJwt(shown, { appId, now }), { code: /^ERR_JWT_/ })
    assert.equal(matches, shown === right)
    assert.equal(matches, causes.length === 0)
  }
})
