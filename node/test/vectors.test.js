'use strict'

// The shared vectors through the Node package.

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const { IdentitySecret, JwtSecret, chatSettingsJson, chatSettingsScript, diagnose, diagnoseJwt, diagnosePage, signMessageWithHmac } = require('pylon-identity')

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

each('diagnose.tsv', (name, hex, email, hash, causes) => {
  const diagnosis = diagnose(text(hex), text(email), text(hash))
  assert.deepEqual(diagnosis.causes, causes === 'none' ? [] : causes.split(','), name)
  assert.equal(diagnosis.matches, causes === 'none', name)
})

each('diagnose_page.tsv', (name, hex, page, matches, causes) => {
  const diagnosis = diagnosePage(text(hex), text(page))
  assert.deepEqual(diagnosis.causes, causes === 'none' ? [] : causes.split(','), name)
  assert.equal(String(diagnosis.matches), matches, name)
})

each('other_settings.tsv', (name, setting, kind, value, expected) => {
  const convert = { text: String, number: (digits) => Number(digits.replace('inf', 'Infinity')), boolean: (word) => word === 'true' }
  const settings = Object.fromEntries([['app_id', 'app-1'], [setting, convert[kind](text(value))]])
  const error = { settings_invalid: 'ERR_SETTINGS_INVALID', app_id_empty: 'ERR_APP_ID_EMPTY' }[expected]
  if (error) {
    assert.throws(() => chatSettingsJson(settings), { code: error }, name)
    assert.throws(() => chatSettingsScript(settings), { code: error }, name)
  } else {
    const json = `{"app_id":"app-1","${setting}":${expected}}`
    assert.equal(chatSettingsJson(settings), json, name)
    assert.ok(chatSettingsScript(settings).includes(json), name)
  }
})

each('env.tsv', (name, variable, value, outcome, shown) => {
  delete process.env.PYLON_IDENTITY_SECRET
  if (value !== '-') process.env[variable] = text(value)
  try {
    if (outcome === 'ok') {
      const expected = new IdentitySecret(text(value).trim()).sign('')
      assert.equal(IdentitySecret.fromEnv(variable).sign(''), expected, name)
      assert.equal(IdentitySecret.fromEnv(variable, { [variable]: text(value) }).sign(''), expected, name)
    } else {
      const begin = shown === 'shown' ? `^${variable}: [A-Z]` : '^[A-Z][a-z ]'
      const expected = { code: `ERR_${outcome.toUpperCase()}`, message: new RegExp(begin) }
      assert.throws(() => IdentitySecret.fromEnv(variable), expected, name)
      const given = value === '-' ? {} : { [variable]: text(value) }
      assert.throws(() => IdentitySecret.fromEnv(variable, given), expected, name)
    }
  } finally {
    delete process.env[variable]
  }
})

const FIELDS = ['appId', 'email', 'name', 'avatarUrl', 'accountId', 'accountExternalId']
const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

each('settings.tsv', (name, hex, ...columns) => {
  const script = columns.pop()
  const nonce = columns.pop()
  const given = FIELDS.map((field, i) => [field, columns[i]]).filter(([, value]) => value !== '-')
  const user = Object.fromEntries(given.map(([field, value]) => [field, text(value)]))
  const secret = new IdentitySecret(hex)
  const options = nonce === '-' ? undefined : { nonce: text(nonce) }
  const make = () => chatSettingsScript(secret.chatSettings(user), options)
  if (/_(empty|invalid)$/.test(script)) {
    assert.throws(make, { code: `ERR_${script.toUpperCase()}` }, name)
    return
  }
  assert.equal(make(), text(script), name)
  const expected = Object.fromEntries(Object.entries(user).map(([field, value]) => [snakeCase(field), value]))
  expected.email_hash = secret.sign(user.email)
  assert.deepEqual(secret.chatSettings(user), expected, name)
})

const given = (column, convert = text) => (column === '-' ? undefined : convert(column))

/** Compares the result of a call with a column: an error code, or the value that `convert` makes of it. */
function compare(name, call, outcome, convert) {
  if (/^[a-z]+_[a-z_]+$/.test(outcome)) assert.throws(call, { name: 'Error', code: `ERR_${outcome.toUpperCase()}` }, name)
  else assert.deepEqual(call(), convert(outcome), name)
}

each('jwt.tsv', (name, digits, appId, email, user, account, contact, expiresIn, now, outcome) => {
  const secret = new JwtSecret(text(digits))
  const claims = {
    appId: text(appId),
    email: text(email),
    name: given(user),
    accountExternalId: given(account),
    contactExternalId: given(contact),
    expiresIn: given(expiresIn, Number),
    now: Number(now),
  }
  compare(name, () => secret.signJwt(claims), outcome, String)
  compare(name, () => secret.chatSettings(claims), outcome, (jwt) => ({ app_id: claims.appId, jwt }))
})

each('verify_jwt.tsv', (name, digits, token, appId, now, outcome) => {
  const secret = new JwtSecret(text(digits))
  const verify = () => secret.verifyJwt(text(token), { appId: text(appId), now: Number(now) })
  compare(name, verify, outcome, (claims) => JSON.parse(text(claims)))
})

each('diagnose_jwt.tsv', (name, secret, appId, token, email, now, causes) => {
  const diagnosis = diagnoseJwt(text(secret), text(appId), text(token), given(email), Number(now))
  assert.deepEqual(diagnosis.causes, causes === 'none' ? [] : causes.split(','), name)
  assert.equal(diagnosis.matches, causes === 'none', name)
})

each('malformed_jwt_secrets.tsv', (name, digits, code) => {
  assert.throws(() => new JwtSecret(text(digits)), { name: 'Error', code: `ERR_${code.toUpperCase()}` }, name)
})
