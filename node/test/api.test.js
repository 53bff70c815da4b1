'use strict'

// JavaScript's own types, errors and ways to show an object.

const assert = require('node:assert/strict')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { inspect } = require('node:util')
const v8 = require('node:v8')

const api = require('pylon-identity')
const { IdentitySecret, JwtSecret, chatSettingsJson, chatSettingsScript, diagnose, diagnoseJwt, diagnosePage, generateSecret, signMessageWithHmac, version } = api

const EMAIL = 'ada@example.com'
const SENTINEL = '53454e54494e454c'.repeat(4) // "SENTINEL", recognisable in hexadecimal and decoded
const secret = new IdentitySecret(SENTINEL)
const jwtSecret = new JwtSecret(SENTINEL)
const secrets = { IdentitySecret: secret, JwtSecret: jwtSecret }

function assertHidden(shown) {
  assert.doesNotMatch(shown, /53454e54|sentinel/i)
}

for (const [type, secret] of Object.entries(secrets)) {
  test(`${type} shows nothing`, () => {
    assertHidden(inspect({ secret }, { depth: Infinity, showHidden: true, getters: true }))
    assertHidden(JSON.stringify([secret]))
    assertHidden(String(secret))
    assertHidden(JSON.stringify(Object.getOwnPropertyDescriptors(secret)))
    assertHidden(inspect({ ...secret }) + inspect(Object.assign({}, secret)))
    for (const shown of [inspect(secret), inspect([secret], { customInspect: true }).slice(2, -2), `${secret}`, JSON.parse(JSON.stringify(secret)), `${api[type].prototype}`]) {
      assert.equal(shown, `${type}(hidden)`)
    }
    const asConsoleDir = new RegExp(`^${type} \\[${type}\\(hidden\\) \\d+\\] \\{\\}$`)
    assert.match(inspect(secret, { customInspect: false }), asConsoleDir)
    assert.deepEqual(Reflect.ownKeys(secret), [])
    assert.deepEqual(secret, secret)
    assert.notDeepStrictEqual(secret, new api[type](SENTINEL))
  })

  test(`${type} is not cloned`, () => {
    const { port1 } = new MessageChannel()
    for (const held of [secret, [secret], { user: { secret } }, new Map([[1, secret]])]) {
      for (const clone of [structuredClone, v8.serialize, (value) => port1.postMessage(value)]) {
        assert.throws(() => clone(held), /could not be cloned/)
      }
    }
    port1.close()
  })
}

test('errors show nothing', () => {
  const wrap = [(s) => s + ' ', (s) => s + '0', (s) => '0x' + s, (s) => `'${s}'`, (s) => s + '\ud800']
  for (const malformed of wrap.map((f) => f(SENTINEL))) {
    for (const use of [(s) => new IdentitySecret(s), (s) => signMessageWithHmac(EMAIL, s)]) {
      assert.throws(
        () => use(malformed),
        (error) => {
          assertHidden(inspect(error, { showHidden: true }).replaceAll(__filename, ''))
          assertHidden(JSON.stringify(error) + error.stack)
          return error.code.startsWith('ERR_SECRET_')
        },
      )
    }
  }
})

test('a lone surrogate has no hash', () => {
  const expected = { name: 'Error', code: 'ERR_EMAIL_NOT_UNICODE' }
  for (const email of ['\ud800', `\udfff${EMAIL}`, `${EMAIL}\ud83d`, '\udc00\ud800']) {
    assert.throws(() => secret.sign(email), expected)
    assert.throws(() => secret.signMany([EMAIL, email]), expected)
    assert.throws(() => signMessageWithHmac(email, SENTINEL), expected)
    assert.equal(secret.verify(email, secret.sign(email.toWellFormed())), false)
  }
  assert.equal(secret.verify(EMAIL, '\ud800'.repeat(64)), false)
})

test('wrong types are TypeErrors', () => {
  const wrongs = [undefined, null, 1, 1n, true, Symbol('s'), {}, [], ['00'], Buffer.from('00'), new String('00'), () => '00']
  for (const wrong of wrongs) {
    for (const call of [
      () => new IdentitySecret(wrong),
      () => secret.sign(wrong),
      () => secret.signMany([EMAIL, wrong]),
      () => secret.verify(wrong, ''),
      () => secret.verify(EMAIL, wrong),
      () => signMessageWithHmac(wrong, SENTINEL),
      () => signMessageWithHmac(EMAIL, wrong),
    ]) {
      assert.throws(call, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, inspect(wrong))
    }
  }
  for (const wrong of [undefined, null, EMAIL, 5, { 0: EMAIL, length: 1 }, new Set([EMAIL])]) {
    assert.throws(() => secret.signMany(wrong), { name: 'TypeError' }, inspect(wrong))
  }
  const named = { Buffer: Buffer.from('00'), Date: new Date(), Promise: Promise.resolve(), Map: new Map(), Array: [], Object: {}, IdentitySecret: secret }
  for (const [name, wrong] of Object.entries(named)) {
    assert.throws(() => secret.sign(wrong), { message: `Expected the email as a string, but got ${name}.` })
  }
  assert.throws(() => secret.signMany([EMAIL, null]), { message: 'Expected emails[1] as a string, but got null.' })
  assert.throws(() => secret.signMany([, EMAIL]), /emails\[0\] as a string, but got undefined/)
  assert.throws(() => secret.sign(Buffer.from(EMAIL)), /but got Buffer\./)
  assert.throws(() => secret.sign([EMAIL]), /but got Array\./)
})

test('signs many in order', () => {
  for (const length of [1, 1025, 16383, 16384, 16385, 40_000]) {
    const emails = Array.from({ length }, (_, i) => `user${i}@example.com`)
    emails[length >> 1] = 'jürgen🦀@example.com' // this batch is not ASCII
    assert.deepEqual(secret.signMany(emails), emails.map((email) => secret.sign(email)))
  }
  assert.deepEqual(secret.signMany([]), [])
})

test('lone surrogates do not join across emails', () => {
  const halves = ['ada\ud83d', '\udd80@example.com']
  assert.equal(halves.join('').isWellFormed(), true)
  assert.throws(() => secret.signMany(halves), { code: 'ERR_EMAIL_NOT_UNICODE' })
})

test('emails of every length and kind of character are signed alike', () => {
  for (const length of [0, 1, 28, 29, 30, 31, 32, 41, 42, 43, 61, 62, 63, 64, ...Array.from({ length: 8 }, (_, i) => 121 + i), 1000]) {
    for (const letter of ['a', 'ä', '€', '🦀']) {
      const email = letter.repeat(length)
      const hash = require('node:crypto').createHmac('sha256', Buffer.from(SENTINEL, 'hex')).update(email).digest('hex')
      assert.equal(secret.sign(email), hash, `${letter} × ${length}`)
      assert.equal(secret.sign(`a${email}`.slice(1)), hash)
      assert.equal(signMessageWithHmac(email, SENTINEL), hash)
      assert.equal(secret.verify(email, hash), true)
    }
  }
})

test('an array with methods of its own is read as an array', () => {
  class Odd extends Array {
    join() { return '' }
    slice() { return [] }
  }
  assert.deepEqual(secret.signMany(Odd.from([EMAIL, 'eve'])), [secret.sign(EMAIL), secret.sign('eve')])
})

test('reads the environment by default from PYLON_IDENTITY_SECRET', () => {
  process.env.PYLON_IDENTITY_SECRET = `${SENTINEL}\n`
  assert.equal(IdentitySecret.fromEnv().sign(EMAIL), secret.sign(EMAIL))
  for (const malformed of [`'${SENTINEL}'`, `${SENTINEL}0`]) {
    process.env.PYLON_IDENTITY_SECRET = malformed
    assert.throws(
      () => IdentitySecret.fromEnv(),
      (error) => {
        assertHidden(inspect(error, { showHidden: true }).replaceAll(__filename, ''))
        return error.code.startsWith('ERR_SECRET_')
      },
    )
  }
  delete process.env.PYLON_IDENTITY_SECRET
  assert.throws(() => IdentitySecret.fromEnv(), { code: 'ERR_SECRET_MISSING' })
  assert.throws(() => IdentitySecret.fromEnv(5), { name: 'TypeError' })
  assert.throws(() => IdentitySecret.fromEnv(undefined, null), { name: 'TypeError' })
  assert.throws(() => IdentitySecret.fromEnv('A', { A: 5 }), /the variable's value as a string, but got number/)
})

test('a secret comes from a file, and errors do not show the path', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pylon-identity-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'secret')
  writeFileSync(file, `\ufeff${SENTINEL}\r\n`)
  for (const given of [file, pathToFileURL(file)]) {
    assert.equal(IdentitySecret.fromFile(given).sign(EMAIL), secret.sign(EMAIL))
  }
  writeFileSync(file, `${SENTINEL}0`)
  assert.throws(() => IdentitySecret.fromFile(file), { code: 'ERR_SECRET_ODD_LENGTH' })
  assert.throws(() => IdentitySecret.fromFile(folder), { code: 'EISDIR' })
  assert.throws(() => IdentitySecret.fromFile(SENTINEL), (error) => {
    assert.equal(error.code, 'ENOENT')
    assert.ok(!inspect(error).includes(SENTINEL))
    return true
  })
  for (const wrong of [undefined, 5, Buffer.from(file), new URL('https://example.com')]) {
    assert.throws(() => IdentitySecret.fromFile(wrong), { name: 'TypeError' })
  }
})

test('chat settings are a plain object in the order of the docs', () => {
  const user = { appId: 'app', email: EMAIL, name: 'Ada', accountExternalId: '42', avatarUrl: null }
  const settings = secret.chatSettings(user)
  assert.deepEqual(Object.keys(settings), ['app_id', 'email', 'name', 'email_hash', 'account_external_id'])
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings)
  for (const wrong of [undefined, null, 'x', {}, { ...user, email: 5 }, { ...user, name: 5 }]) {
    assert.throws(() => secret.chatSettings(wrong), { name: 'TypeError' })
  }
  const numbered = secret.chatSettings({ ...user, name: undefined, accountId: 5, accountExternalId: 2n ** 64n })
  assert.deepEqual([numbered.account_id, numbered.account_external_id], ['5', '18446744073709551616'])
  assert.ok(!('name' in numbered))
  for (const accountId of [1.5, NaN, Infinity, 2 ** 53, new String('5'), [5], true]) {
    assert.throws(() => secret.chatSettings({ ...user, accountId }), { name: 'TypeError', message: /accountId as a string, a safe integer or a bigint/ })
  }
  assert.throws(() => secret.chatSettings({ ...user, email: '\ud800' }), { code: 'ERR_EMAIL_NOT_UNICODE' })
  // A name that was cut within an emoji must not stop the page.
  assert.equal(secret.chatSettings({ ...user, name: 'A\ud83d' }).name, 'A\ufffd')
})

test('the script takes fields of text, and leaves out those that are undefined', () => {
  const script = '<script>window.pylon = {"chat_settings":{"app_id":"app"}};</script>'
  assert.equal(chatSettingsScript({ app_id: 'app', name: undefined }), script)
  assert.equal(chatSettingsScript({ app_id: 'app' }, {}), script)
  assert.equal(chatSettingsJson({ app_id: 'app' }), '{"app_id":"app"}')
  assert.equal(chatSettingsScript({ app_id: 'app' }, { nonce: undefined }), script)
  assert.throws(() => chatSettingsScript({ name: [SENTINEL] }), /name in the chat settings as a string, a number or a boolean, but got Array/)
  for (const settings of [{ app_id: undefined }, { app_id: null, email: EMAIL }]) {
    assert.throws(() => chatSettingsScript(settings), { code: 'ERR_APP_ID_EMPTY' })
  }
  for (const settings of [{}, { name: undefined }, { appId: 'app' }, JSON.parse('{"app_id":"app","__proto__":"x"}'), { 'a\ud800': '', 'a\ufffd': '' }]) {
    for (const use of [chatSettingsScript, chatSettingsJson]) {
      assert.throws(() => use(settings), { name: 'Error', code: 'ERR_SETTINGS_INVALID' })
    }
  }
  const thrown = {}
  assert.throws(() => chatSettingsScript({ get app_id() { throw thrown } }), (error) => error === thrown)
  class Settings { app_id = 'app' }
  const wrongs = [[new Map([['app_id', 'app']])], [['app']], [new Settings()], [{ app_id: 'app' }, 'r4nd0m'], [{ app_id: 'app' }, 5]]
  for (const [settings, options] of [...wrongs, [], [null], ['x'], [{ app_id: 'app' }, { nonce: 5 }]]) {
    assert.throws(() => chatSettingsScript(settings, options), { name: 'TypeError' })
  }
})

test('a browser reads the settings from the script', () => {
  const name = '</script><!--<script>\u2028\u2029"\'\\&\0🦀'
  const settings = secret.chatSettings({ appId: 'app', email: EMAIL, name })
  const page = `<head>${chatSettingsScript(settings, { nonce: 'r4nd0m' })}</head>`
  const code = /^<head><script nonce="r4nd0m">([^<>&]*)<\/script><\/head>$/.exec(page)[1]
  const window = {}
  require('node:vm').runInNewContext(code, { window })
  assert.deepEqual(JSON.parse(JSON.stringify(window.pylon)), { chat_settings: settings })
})

test('diagnoses', () => {
  const diagnosis = diagnose(SENTINEL, EMAIL, secret.sign(EMAIL.toUpperCase()).toUpperCase())
  assert.deepEqual(Object.keys(diagnosis), ['matches', 'causes', 'explanation'])
  assert.deepEqual(diagnosis.causes, ['email_case', 'hash_uppercase'])
  assert.match(diagnosis.explanation, /lowercase/)
  assertHidden(inspect(diagnosis))
  assert.throws(() => diagnose(SENTINEL, '\ud800', ''), { code: 'ERR_EMAIL_NOT_UNICODE' })
  for (const wrong of [[], [SENTINEL], [SENTINEL, EMAIL], [null, EMAIL, '']]) {
    assert.throws(() => diagnose(...wrong), { name: 'TypeError' })
  }
})

test('diagnoses pages', () => {
  const settings = secret.chatSettings({ appId: 'app', email: EMAIL })
  for (const page of [settings, { chat_settings: settings }, JSON.stringify(settings), chatSettingsScript(settings)]) {
    assert.deepEqual(diagnosePage(SENTINEL, page).causes, [])
  }
  const wrong = { appId: 7n, email: EMAIL, email_hash: Promise.resolve(settings.email_hash), more: '\ud800' }
  const diagnosis = diagnosePage(SENTINEL, { chat_settings: wrong })
  assert.deepEqual(diagnosis.causes, ['settings_misnamed', 'hash_missing'])
  assert.match(diagnosis.explanation, /On this page: app_id\./)
  assertHidden(inspect(diagnosis))
  for (const wrong of [[], [SENTINEL], [null, settings], [SENTINEL, null], [SENTINEL, [settings]], [SENTINEL, secret]]) {
    assert.throws(() => diagnosePage(...wrong), { name: 'TypeError' })
  }
})

test('JWTs are signed, verified and diagnosed now, or at another time', () => {
  const user = { appId: 'app', email: EMAIL, name: 'A\ud83d', accountExternalId: 5, contactExternalId: 2n ** 64n }
  const began = Math.floor(Date.now() / 1000)
  const claims = jwtSecret.verifyJwt(jwtSecret.signJwt(user), { appId: 'app' })
  const { iat } = claims
  assert.ok(began <= iat && iat <= Date.now() / 1000)
  assert.deepEqual(claims, { email: EMAIL, aud: 'app', iat, exp: iat + 600, name: 'A\ufffd', account_external_id: '5', contact_external_id: '18446744073709551616' })
  const plain = { appId: 'app', email: EMAIL, name: '', accountExternalId: '', contactExternalId: null, expiresIn: 60, now: 5.9 }
  const token = jwtSecret.signJwt(plain)
  assert.deepEqual(jwtSecret.verifyJwt(token, { appId: 'app', now: 64.9 }), { email: EMAIL, aud: 'app', iat: 5, exp: 65 })
  assert.throws(() => jwtSecret.verifyJwt(token, { appId: 'app', now: 65 }), { name: 'Error', code: 'ERR_JWT_EXPIRED' })
  assert.throws(() => jwtSecret.verifyJwt(token, { appId: 'app', now: null }), { code: 'ERR_JWT_EXPIRED' })
  assert.deepEqual(diagnoseJwt(SENTINEL, 'app', token, EMAIL, 5).causes, [])
  assert.deepEqual(diagnoseJwt(SENTINEL, 'app', token, '', 5).causes, [])
  assert.deepEqual(diagnoseJwt(SENTINEL, 'app', token).causes, ['jwt_expired'])
  const diagnosis = diagnoseJwt(SENTINEL, 'other', token, 'eve@example.com', 5)
  assert.deepEqual(diagnosis.causes, ['jwt_audience', 'jwt_differs'])
  assertHidden(inspect(diagnosis))
  const settings = jwtSecret.chatSettings(plain)
  assert.deepEqual(settings, { app_id: 'app', jwt: token })
  assert.equal(chatSettingsJson(settings), JSON.stringify(settings))
  assert.deepEqual(diagnosePage(SENTINEL, settings).causes, ['jwt_expired'])
  assert.deepEqual(diagnosePage(SENTINEL, jwtSecret.chatSettings(user)).causes, [])
  assert.throws(() => chatSettingsScript({ ...settings, email_hash: secret.sign(EMAIL) }), { code: 'ERR_SETTINGS_INVALID' })
})

test('arguments of JWTs are checked', () => {
  const user = { appId: 'app', email: EMAIL }
  for (const expiresIn of [0, -1, 901, 2 ** 53, 1e300, -1e300]) {
    assert.throws(() => jwtSecret.signJwt({ ...user, expiresIn }), { name: 'Error', code: 'ERR_JWT_LIFETIME' })
  }
  for (const now of [2 ** 53, 1e300, Infinity]) {
    assert.throws(() => jwtSecret.signJwt({ ...user, now }), { code: 'ERR_JWT_LIFETIME' })
    assert.throws(() => jwtSecret.verifyJwt(jwtSecret.signJwt(user), { appId: 'app', now }), { code: 'ERR_JWT_EXPIRED' })
    assert.deepEqual(diagnoseJwt(SENTINEL, 'app', jwtSecret.signJwt(user), null, now).causes, ['jwt_expired'])
  }
  for (const email of ['\ud800', `${EMAIL}\udc00`]) {
    assert.throws(() => jwtSecret.signJwt({ ...user, email }), { code: 'ERR_EMAIL_NOT_UNICODE' })
    assert.throws(() => diagnoseJwt(SENTINEL, 'app', '', email), { code: 'ERR_EMAIL_NOT_UNICODE' })
  }
  const wrongs = [
    ...[undefined, null, 'x', {}, { ...user, email: 5 }, { ...user, name: 5 }, { ...user, contactExternalId: 1.5 }].map((wrong) => () => jwtSecret.signJwt(wrong)),
    ...[1.5, NaN, Infinity, '600', 60n].map((expiresIn) => () => jwtSecret.chatSettings({ ...user, expiresIn })),
    ...[-1, NaN, '5', 5n, new Date()].flatMap((now) => [
      () => jwtSecret.signJwt({ ...user, now }),
      () => jwtSecret.verifyJwt('', { appId: 'app', now }),
      () => diagnoseJwt(SENTINEL, 'app', '', '', now),
    ]),
    ...[[], ['x'], ['x', null], ['x', 'app'], ['x', {}], [5, { appId: 'app' }]].map((wrong) => () => jwtSecret.verifyJwt(...wrong)),
    ...[[], [SENTINEL], [SENTINEL, 'app'], [jwtSecret, 'app', 'x'], [SENTINEL, 'app', 'x', 5]].map((wrong) => () => diagnoseJwt(...wrong)),
    ...[undefined, Buffer.from(SENTINEL), `${SENTINEL}\ud800`].map((wrong) => () => new JwtSecret(wrong)),
    () => JwtSecret.fromEnv('A', { A: `${SENTINEL}\ud800` }),
    () => JwtSecret.fromFile(5),
    () => JwtSecret.prototype.signJwt.call({}, user),
  ]
  for (const call of wrongs) {
    assert.throws(call, (error) => {
      assertHidden(inspect(error, { showHidden: true }).replaceAll(__filename, ''))
      return error.name === 'TypeError'
    }, String(call))
  }
  // A secret of the other kind.
  assert.throws(() => JwtSecret.prototype.signJwt.call(secret, user), { code: 'ERR_SECRET_NOT_READY' })
  assert.throws(() => IdentitySecret.prototype.sign.call(jwtSecret, EMAIL), { code: 'ERR_SECRET_NOT_READY' })
})

test('a JWT secret comes from the environment or a file, and errors do not show it', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pylon-identity-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'secret')
  writeFileSync(file, `\ufeff${SENTINEL}\n`)
  const user = { appId: 'app', email: EMAIL, now: 0 }
  for (const own of [JwtSecret.fromFile(file), JwtSecret.fromFile(pathToFileURL(file)), JwtSecret.fromEnv(undefined, { PYLON_JWT_SECRET: ` ${SENTINEL}\n` })]) {
    assert.equal(own.signJwt(user), jwtSecret.signJwt(user))
  }
  const wrapped = [() => new JwtSecret(`${SENTINEL}\n`), () => new JwtSecret(`'${SENTINEL}'`), () => JwtSecret.fromEnv('A', { A: `"${SENTINEL}"` })]
  for (const call of wrapped) {
    assert.throws(call, (error) => {
      assertHidden(inspect(error, { showHidden: true }).replaceAll(__filename, ''))
      return error.code === 'ERR_JWT_SECRET_WRAPPED'
    })
  }
  assert.throws(() => JwtSecret.fromEnv(undefined, {}), { code: 'ERR_SECRET_MISSING', message: /^PYLON_JWT_SECRET: / })
  writeFileSync(file, Buffer.from([...Buffer.from(SENTINEL), 0xff]))
  assert.throws(() => JwtSecret.fromFile(file), { name: 'TypeError', message: 'Expected a file whose text is UTF-8, but got Buffer.' })
  assert.throws(() => JwtSecret.fromFile(SENTINEL), (error) => {
    assertHidden(inspect(error, { showHidden: true }))
    return error.code === 'ENOENT' && error.message.startsWith('the file of the JWT secret cannot be read')
  })
})

test('a bundle for the browser throws and holds no secret', async () => {
  const { build } = require('esbuild')
  const stdin = {
    contents: "import { IdentitySecret } from 'pylon-identity'\nIdentitySecret.fromEnv()",
    resolveDir: __dirname,
  }
  const options = { stdin, conditions: ['browser'], bundle: true, write: false, minify: true }
  const { outputFiles: [bundle] } = await build({ ...options, platform: 'neutral' })
  assert.throws(() => require('node:vm').runInNewContext(bundle.text), /only in code that runs on a backend/)
  assert.doesNotMatch(bundle.text, /PYLON_IDENTITY_SECRET|process\.env/)
})

test('dispose wipes the key for good', () => {
  const own = new IdentitySecret(SENTINEL)
  own[Symbol.dispose]()
  own[Symbol.dispose]()
  for (const use of [() => own.sign(EMAIL), () => own.signMany([]), () => own.verify(EMAIL, ''), () => own.chatSettings({ appId: 'a', email: 'b', name: 'c' })]) {
    assert.throws(use, { code: 'ERR_SECRET_NOT_READY' })
  }
  const jwt = new JwtSecret(SENTINEL)
  jwt[Symbol.dispose]()
  for (const use of [() => jwt.signJwt({ appId: 'a', email: 'b' }), () => jwt.chatSettings({ appId: 'a', email: 'b' }), () => jwt.verifyJwt('', { appId: 'a' })]) {
    assert.throws(use, { code: 'ERR_SECRET_NOT_READY' })
  }
})

test('is a class like any other', () => {
  assert.throws(() => IdentitySecret(SENTINEL), { name: 'TypeError' })
  assert.throws(() => IdentitySecret.prototype.sign.call({}, EMAIL), { name: 'TypeError' })
  assert.ok(secret instanceof IdentitySecret)
  class Sub extends IdentitySecret {}
  assert.equal(new Sub(SENTINEL).sign(EMAIL), secret.sign(EMAIL))
  assert.ok(!(jwtSecret instanceof IdentitySecret))
})

test('generates secrets', () => {
  const secrets = new Set(Array.from({ length: 100 }, generateSecret))
  assert.equal(secrets.size, 100)
  for (const generated of secrets) {
    assert.match(generated, /^[0-9a-f]{64}$/)
    new IdentitySecret(generated)
  }
})

test('the version is that of the package', () => {
  assert.equal(version, require('pylon-identity/package.json').version)
})

test('ES modules import every name', async () => {
  const { default: whole, 'module.exports': _, ...names } = await import('pylon-identity')
  assert.deepEqual({ ...names }, { ...api })
  assert.equal(whole, api)
})

test('edge runtimes have the same names', () => {
  const source = require('node:fs').readFileSync(require.resolve('../edge.mjs'), 'utf8')
  const [, names] = source.match(/export const \{([^}]*)\} = api/)
  assert.deepEqual(names.match(/\w+/g), Object.keys(api))
})

test('the declarations name the exports', () => {
  const declarations = require('node:fs').readFileSync(require.resolve('../index.d.ts'), 'utf8')
  const declared = [...declarations.matchAll(/^export declare (?:class|function|const) (\w+)/gm)]
  assert.deepEqual(declared.map((match) => match[1]).sort(), Object.keys(api).sort())
})

test('names that every object has are no variables', () => {
  for (const name of ['toString', '__proto__', 'constructor']) {
    assert.throws(() => IdentitySecret.fromEnv(name), { code: 'ERR_SECRET_MISSING' })
  }
})

test('a batch of long texts is signed in parts', () => {
  const secret = new IdentitySecret(SENTINEL)
  const longer = 'ü'.repeat(3_000_000) // this gets a call of its own
  assert.deepEqual(secret.signMany([EMAIL, longer, EMAIL]), [EMAIL, longer, EMAIL].map((email) => secret.sign(email)))
  const long = 'x'.repeat(300_000) // 2,048 of them are longer than a string can be, and take long over WebAssembly
  const hash = secret.sign(long)
  assert.ok(secret.signMany(new Array(api.backend === 'wasm' ? 64 : 2048).fill(long)).every((each) => each === hash))
})

test('hashes of a small batch are not in the pool of small buffers', () => {
  const [hash] = new IdentitySecret(SENTINEL).signMany(['pool@example.com'])
  assert.ok(!Buffer.from(Buffer.from('x').buffer).includes(hash))
})

/** Runs code in a process of its own, which must end well. */
function runs(code) {
  const { spawnSync } = require('node:child_process')
  const setup = `const assert = require('node:assert/strict'); const api = require(${JSON.stringify(require.resolve('pylon-identity'))});
    const hex = '${'ab'.repeat(32)}'; const secret = new api.IdentitySecret(hex);`
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', setup + code], { encoding: 'utf8' })
  assert.deepEqual([status, signal], [0, null], stderr)
}

test('an error that an array throws passes on unchanged', () => {
  runs(`
    const circular = new Error('circular'); circular.cause = circular
    let chain = new Error('first')
    for (let i = 0; i < 200_000; i++) chain = Object.assign(new Error('next'), { cause: chain })
    for (const thrown of [circular, chain, { toString() { throw this } }, Symbol('s'), undefined, null, 5, new RangeError('r')]) {
      const getter = ['ada']
      Object.defineProperty(getter, 1, { get() { throw thrown } })
      const proxy = new Proxy(['ada'], { get(target, key) { if (key === '0') throw thrown; return target[key] } })
      for (const emails of [getter, proxy]) {
        let caught = 'nothing'
        try { secret.signMany(emails) } catch (error) { caught = error }
        assert.ok(Object.is(caught, thrown))
      }
    }`)
})

test('at the end of the stack every function works or throws', () => {
  const calls = [
    "secret.signMany(['a', 'b'])", "secret.sign('a')", "secret.sign('\\ud800')", "secret.verify('a', 'b')", 'secret.sign()',
    "api.signMessageWithHmac('a', hex)", "api.signMessageWithHmac('a', 'zz')", 'new api.IdentitySecret(hex)', 'api.IdentitySecret.fromEnv()',
    "secret.chatSettings({ appId: 'a', email: 'b' })", "api.chatSettingsScript({ app_id: 'a' })", 'api.chatSettingsScript({})',
    "jwt.signJwt({ appId: 'a', email: 'b' })", "jwt.verifyJwt('a', { appId: 'a' })", "jwt.chatSettings({ appId: 'a', email: 'b' })",
    "jwt.verifyJwt(token, { appId: 'a' })", 'new api.JwtSecret(hex)', 'api.JwtSecret.fromEnv()', "api.diagnoseJwt(hex, 'a', 'b')", "api.diagnose(hex, 'a', 'b')", "api.diagnosePage(hex, { a: 'b' })", 'api.generateSecret()', 'new api.IdentitySecret(hex)[Symbol.dispose]()',
  ]
  runs(`
    const jwt = new api.JwtSecret(hex)
    const token = jwt.signJwt({ appId: 'a', email: 'b' })
    for (const call of [${calls.map((call) => `() => ${call}`)}]) {
      const tryCall = () => {
        try { call() } catch (error) { if (!(error instanceof RangeError) && !String(error.code).startsWith('ERR_')) throw error }
      }
      // It calls the function at every depth.
      const recurse = () => {
        try { recurse() } catch (error) { if (!(error instanceof RangeError)) throw error }
        tryCall()
      }
      try { recurse() } catch (error) { if (!(error instanceof RangeError)) throw error }
    }`)
})
