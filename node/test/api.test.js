'use strict'

// What the vectors cannot say: JavaScript's own types, errors and ways to show an object.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { inspect } = require('node:util')
const v8 = require('node:v8')

const api = require('pylon-identity')
const { IdentitySecret, chatSettingsScript, diagnose, generateSecret, signMessageWithHmac, version } = api

const EMAIL = 'ada@example.com'
const SENTINEL = '53454e54494e454c'.repeat(4) // "SENTINEL", recognisable in hexadecimal and decoded
const secret = new IdentitySecret(SENTINEL)

function assertHidden(shown) {
  assert.doesNotMatch(shown, /53454e54|sentinel/i)
}

test('shows nothing', () => {
  assertHidden(inspect({ secret }, { depth: Infinity, showHidden: true, getters: true }))
  assertHidden(JSON.stringify([secret]))
  assertHidden(String(secret))
  assertHidden(JSON.stringify(Object.getOwnPropertyDescriptors(secret)))
  assertHidden(inspect({ ...secret }) + inspect(Object.assign({}, secret)))
  for (const shown of [inspect(secret), inspect([secret], { customInspect: true }).slice(2, -2), `${secret}`, JSON.parse(JSON.stringify(secret))]) {
    assert.equal(shown, 'IdentitySecret(hidden)')
  }
  assert.deepEqual(secret, secret)
})

test('is not cloned', () => {
  const { port1 } = new MessageChannel()
  for (const held of [secret, [secret], { user: { secret } }, new Map([[1, secret]]), { ...secret }]) {
    for (const clone of [structuredClone, v8.serialize, (value) => port1.postMessage(value)]) {
      assert.throws(() => clone(held), /IdentitySecret stays in its thread: make it again .* IdentitySecret\.fromEnv\(\)/)
    }
  }
  port1.close()
})

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

test('errors are native ones with a code and the way out', () => {
  assert.throws(
    () => new IdentitySecret('zz'),
    (error) => error instanceof Error && error.code === 'ERR_SECRET_NOT_HEX' && /Pylon's dashboard/.test(error.message),
  )
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

test('a lone surrogate is a wrong digit', () => {
  assert.throws(() => new IdentitySecret('\ud800'), { code: 'ERR_SECRET_NOT_HEX' })
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
  assert.throws(() => secret.signMany([, EMAIL]), { name: 'TypeError' })
})

test('signs many in order', () => {
  for (const length of [1, 255, 256, 257, 8191, 8192, 8193, 20_000]) {
    const emails = Array.from({ length }, (_, i) => `user${i}@example.com`)
    emails[length >> 1] = 'jürgen🦀@example.com' // its batch takes the way of text that is not ASCII
    assert.deepEqual(secret.signMany(emails), emails.map((email) => secret.sign(email)))
  }
  assert.deepEqual(secret.signMany([]), [])
})

test('lone surrogates do not join across emails', () => {
  const halves = ['ada\ud83d', '\udd80@example.com']
  assert.equal(halves.join('').isWellFormed(), true)
  assert.throws(() => secret.signMany(halves), { code: 'ERR_EMAIL_NOT_UNICODE' })
})

test('long and short emails take the same way to the eye', () => {
  for (const length of [0, 1, 250, 251, 252, 253, 254, 255, 256, 257, 1000]) {
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

test('an unset environment variable is explained', () => {
  assert.throws(() => new IdentitySecret(process.env.PYLON_IDENTITY_NOT_SET), /got undefined/)
})

test('a getter that throws in an array is passed on', () => {
  const emails = [EMAIL]
  Object.defineProperty(emails, 1, { get: () => { throw new RangeError('database gone') } })
  assert.throws(() => secret.signMany(emails), { name: 'RangeError', message: 'database gone' })
})

test('disposing of the secret within a batch does not disturb the batch', () => {
  const own = new IdentitySecret(SENTINEL)
  const emails = Array.from({ length: 5000 }, (_, i) => `user${i}@example.com`)
  const expected = secret.signMany(emails)
  Object.defineProperty(emails, 2500, { get: () => { own[Symbol.dispose](); return 'user2500@example.com' } })
  assert.deepEqual(own.signMany(emails), expected)
  assert.throws(() => own.sign(EMAIL), { code: 'ERR_SECRET_NOT_READY' })
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
})

test('chat settings are a plain object in the order of the docs', () => {
  const user = { appId: 'app', email: EMAIL, name: 'Ada', accountExternalId: '42', avatarUrl: null }
  const settings = secret.chatSettings(user)
  assert.deepEqual(Object.keys(settings), ['app_id', 'email', 'name', 'email_hash', 'account_external_id'])
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings)
  for (const wrong of [undefined, null, 'x', {}, { ...user, email: 5 }, { ...user, name: undefined }]) {
    assert.throws(() => secret.chatSettings(wrong), { name: 'TypeError' })
  }
  assert.throws(() => secret.chatSettings({ ...user, accountId: 5 }), /accountId as a string, but got number/)
  assert.throws(() => secret.chatSettings({ ...user, email: '\ud800' }), { code: 'ERR_EMAIL_NOT_UNICODE' })
  // A name cut within an emoji is no reason to have no page.
  assert.equal(secret.chatSettings({ ...user, name: 'A\ud83d' }).name, 'A\ufffd')
})

test('the script takes fields of text, and leaves out those that are undefined', () => {
  const script = '<script>window.pylon = {"chat_settings":{"app_id":"app"}};</script>'
  assert.equal(chatSettingsScript({ app_id: 'app', name: undefined }), script)
  assert.equal(chatSettingsScript({ app_id: 'app' }, {}), script)
  assert.equal(chatSettingsScript({ app_id: 'app' }, { nonce: undefined }), script)
  assert.throws(() => chatSettingsScript({ name: [SENTINEL] }), /name in the chat settings as a string, but got object/)
  for (const [settings, options] of [[], [null], ['x'], [{}, { nonce: 5 }]]) {
    assert.throws(() => chatSettingsScript(settings, options), { name: 'TypeError' })
  }
})

test('the script means in a browser what the settings say', () => {
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

test('the declared causes are those of the vectors', () => {
  const { readFileSync } = require('node:fs')
  const declared = /type Cause =([^]*?)\n\n/.exec(readFileSync(require.resolve('../index.d.ts'), 'utf8'))[1]
  const vectors = readFileSync(require.resolve('../../tests/vectors/diagnose.tsv'), 'ascii').trimEnd().split('\n')
  const listed = vectors.slice(2).flatMap((line) => line.split('\t')[4].split(','))
  const causes = new Set(listed.filter((cause) => cause !== 'none'))
  assert.deepEqual([...declared.matchAll(/'(\w+)'/g)].map((match) => match[1]).sort(), [...causes].sort())
})

test('a bundle for the browser throws and holds no secret', async () => {
  const { build } = require('esbuild')
  const stdin = {
    contents: "import { IdentitySecret } from 'pylon-identity'\nIdentitySecret.fromEnv()",
    resolveDir: __dirname,
  }
  for (const conditions of [['browser'], ['edge-light'], ['workerd']]) {
    const options = { stdin, conditions, bundle: true, write: false, minify: true }
    const { outputFiles: [bundle] } = await build({ ...options, platform: 'neutral' })
    assert.throws(() => require('node:vm').runInNewContext(bundle.text), /only in code that runs in Node\.js/)
    assert.doesNotMatch(bundle.text, /PYLON_IDENTITY_SECRET|process\.env/)
  }
})

test('dispose wipes the key for good', () => {
  const own = new IdentitySecret(SENTINEL)
  own[Symbol.dispose]()
  own[Symbol.dispose]()
  for (const use of [() => own.sign(EMAIL), () => own.signMany([]), () => own.verify(EMAIL, ''), () => own.chatSettings({ appId: 'a', email: 'b', name: 'c' })]) {
    assert.throws(use, { code: 'ERR_SECRET_NOT_READY' })
  }
})

test('is a class like any other', () => {
  assert.throws(() => IdentitySecret(SENTINEL), { name: 'TypeError' })
  assert.throws(() => IdentitySecret.prototype.sign.call({}, EMAIL), { name: 'TypeError' })
  assert.ok(secret instanceof IdentitySecret)
  class Sub extends IdentitySecret {}
  assert.equal(new Sub(SENTINEL).sign(EMAIL), secret.sign(EMAIL))
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

test('the declarations name what is exported', () => {
  const declarations = require('node:fs').readFileSync(require.resolve('../index.d.ts'), 'utf8')
  const declared = [...declarations.matchAll(/^export declare (?:class|function|const) (\w+)/gm)]
  assert.deepEqual(declared.map((match) => match[1]).sort(), Object.keys(api).sort())
})

test('without an addon the error says what to do', () => {
  const { mkdtempSync, copyFileSync, rmSync } = require('node:fs')
  const { execFileSync } = require('node:child_process')
  const folder = mkdtempSync(require('node:path').join(__dirname, '../../target/without-addon-'))
  try {
    for (const file of ['index.js', 'addon.js']) copyFileSync(require.resolve(`../${file}`), `${folder}/${file}`)
    const script = "try { require('./index.js') } catch (error) { console.log(error.message) }"
    const said = execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' })
    assert.match(said, new RegExp(`no addon for ${process.platform}-${process.arch}.*make build`))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a nonce that is not in an object is refused', () => {
  for (const wrong of ['r4nd0m', 5]) {
    assert.throws(() => chatSettingsScript({ app_id: 'app' }, wrong), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  assert.throws(() => chatSettingsScript(['app']), { code: 'ERR_INVALID_ARG_TYPE' })
})

test('names that every object has are no variables', () => {
  for (const name of ['toString', '__proto__', 'constructor']) {
    assert.throws(() => IdentitySecret.fromEnv(name), { code: 'ERR_SECRET_MISSING' })
  }
})

test('no two secrets are deeply equal', () => {
  assert.notDeepStrictEqual(new IdentitySecret('aa'), new IdentitySecret('bb'))
})

test('a batch of long texts is signed in parts', () => {
  const secret = new IdentitySecret('aa')
  const long = 'x'.repeat(300_000) // 2,048 of them are longer than a string can be
  const hash = secret.sign(long)
  assert.ok(secret.signMany(new Array(2048).fill(long)).every((each) => each === hash))
})

test('hashes of a small batch are not in the pool of small buffers', () => {
  const [hash] = new IdentitySecret('aa').signMany(['pool@example.com'])
  assert.ok(!Buffer.from(Buffer.from('x').buffer).includes(hash))
})
