'use strict'

// The types, errors and classes that addon.js and wasm.js share.

// The core that runs, and the platform's function that reads a file, if it has files.
let native, readFile

/** Throws the error if the addon returned the number of one. The message begins with the variable, if there is one. */
function unwrap(result, variable) {
  if (typeof result !== 'number') return result
  const [code, message] = native.explain(result, variable).split('\n')
  throw Object.assign(new Error(message), { code })
}

function typeName(value) {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'object'
}

/** Names the expected type and the given one. The value is not shown: it may be a secret. */
function wrongType(expected, value) {
  const error = new TypeError(`Expected ${expected}, but got ${typeName(value)}.`)
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

function string(value, expected) {
  if (typeof value !== 'string') throw wrongType(expected, value)
  return value
}

function isMissing(value) {
  return value === undefined || value === null
}

function optional(value, expected) {
  return isMissing(value) ? null : string(value, expected)
}

/** The text of an ID. Many databases number their rows. */
function identifier(value, name) {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value)
  return optional(value, `${name} as a string, a safe integer or a bigint`)
}

/** An object of no class, of this realm or another one. */
function isPlain(value) {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value))
}

function isUrl(value) {
  return typeof value === 'object' && value !== null && value.protocol === 'file:'
}

/** Reads a file. The error does not show the path, which may be the secret by mistake. */
function readText(path, isJwt) {
  if (typeof path !== 'string' && !isUrl(path)) throw wrongType('the path as a string or a file URL', path)
  if (readFile === undefined) {
    const error = new Error(`There are no files on this platform. Pass the environment: ${typeOf(isJwt)}.fromEnv(name, env).`)
    throw Object.assign(error, { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
  }
  let bytes
  try {
    bytes = readFile(path)
  } catch ({ code, errno, syscall }) {
    const reason = `the file of the ${isJwt ? 'JWT' : 'identity'} secret cannot be read: ${code}`
    throw Object.assign(new Error(`${reason}. Pass the path of the file, not the secret itself.`), { code, errno, syscall })
  }
  const text = bytes.toString()
  bytes.fill(0)
  // Bytes that are not UTF-8 would change the key.
  if (isJwt && text.includes('\ufffd')) throw wrongType('a file whose text is UTF-8', bytes)
  return text
}

const SECRET = 'the identity secret as a string (is the environment variable set?)'
const JWT_SECRET = 'the JWT secret as a string (is the environment variable set?)'
const APP_ID = 'appId as a string (is the environment variable set?)'
const EMAIL = 'the email as a string'
const NAME = 'name as a string'
const TOKEN = 'the JWT as a string'
const EMAIL_HASH = 'the email hash as a string'

// The limits of one call, which bound the memory for a batch. Node keeps a string of 1 MiB outside of the heap,
// so the garbage collector need not move the hashes.
const HASH_LENGTH = 64
const EMAILS = (1 << 20) / HASH_LENGTH
const UNITS = 1 << 20

// A class whose objects nothing clones, and its arguments. Some platforms have only the second.
const UNCLONEABLE = globalThis.FinalizationRegistry ? [FinalizationRegistry, [() => {}]] : [WeakSet, []]

/** Makes objects that structuredClone, postMessage and v8.serialize refuse: a clone would hold no secret. */
class Uncloneable {
  constructor() {
    return Reflect.construct(...UNCLONEABLE, new.target)
  }
}

/** A secret that fromEnv or fromFile has parsed. Other code cannot make one. */
class Parsed {
  constructor(name, value, isJwt) {
    this.secret = unwrap(native.parseVariable(name, value, isJwt), name || undefined)
  }
}

let count = 0
let keyOf // the core's secret of an object

const typeOf = (isJwt) => (isJwt ? 'JwtSecret' : 'IdentitySecret')
const hidden = (it) => `${typeOf(it === JwtSecret.prototype || it instanceof JwtSecret)}(hidden)`

/** The methods that both kinds of secrets share. */
class Secret extends Uncloneable {
  // It is private, so that code that prints, clones or serialises the object cannot reach it.
  #secret
  #number = (count += 1)

  static {
    keyOf = (it) => it.#secret
  }

  constructor(text, isJwt) {
    super()
    if (text instanceof Parsed) this.#secret = text.secret
    else this.#secret = unwrap(native.parse(isJwt ? jwtSecret(text) : string(text, SECRET), isJwt))
  }

  [Symbol.dispose]() {
    native.wipe(this.#secret)
  }

  toString() {
    return hidden(this)
  }

  toJSON() {
    return hidden(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')]() {
    return hidden(this)
  }

  // console.dir shows it. It differs for each secret, so that no library finds two deeply equal.
  get [Symbol.toStringTag]() {
    return #number in this ? `${hidden(this)} ${this.#number}` : hidden(this)
  }
}

/** Reads a variable from the environment. */
function fromVariable(name, env = globalThis.process?.env, isJwt) {
  string(name, "the variable's name as a string")
  if (typeof env !== 'object' || env === null) throw wrongType('the environment as an object', env)
  const value = Object.hasOwn(env, name) ? optional(env[name], "the variable's value as a string") : null
  if (isJwt && value !== null) jwtSecret(value)
  return new Parsed(name, value ?? undefined, isJwt)
}

/** Refuses a lone surrogate, since it would change the key. */
function jwtSecret(text) {
  if (!string(text, JWT_SECRET).isWellFormed()) throw wrongType('the JWT secret as well formed Unicode', text)
  return text
}

class IdentitySecret extends Secret {
  constructor(hex) {
    super(hex, false)
  }

  static fromEnv(name = native.SECRET_VARIABLE, env) {
    return new IdentitySecret(fromVariable(name, env, false))
  }

  static fromFile(path) {
    return new IdentitySecret(new Parsed('', readText(path, false), false))
  }

  sign(email) {
    return unwrap(native.sign(keyOf(this), wellFormed(string(email, EMAIL))))
  }

  signMany(emails) {
    if (!Array.isArray(emails)) throw wrongType('an array of emails', emails)
    // Getters and proxies run here, before anything is signed. Each hash then takes the place of its email.
    const texts = new Array(emails.length)
    for (let i = 0; i < texts.length; i++) {
      const email = emails[i]
      if (typeof email !== 'string') throw wrongType(`emails[${i}] as a string`, email)
      texts[i] = wellFormed(email)
    }
    const lengths = new Uint32Array(Math.min(EMAILS, texts.length))
    let start = 0
    do {
      let end = start
      // An email that is longer than the limit gets a call of its own.
      for (let units = 0; end < texts.length && end - start < EMAILS; end++) {
        const length = texts[end].length
        if (units > 0 && units + length > UNITS) break
        lengths[end - start] = length
        units += length
      }
      const joined = texts.slice(start, end).join('')
      const hashes = unwrap(native.signMany(keyOf(this), joined, lengths.subarray(0, end - start)))
      for (let at = 0; start < end; at += HASH_LENGTH) texts[start++] = hashes.slice(at, at + HASH_LENGTH)
    } while (start < texts.length)
    return texts
  }

  verify(email, emailHash) {
    string(email, EMAIL)
    string(emailHash, EMAIL_HASH)
    // Text that is not well formed has no email hash, so nothing matches it.
    return unwrap(native.verify(keyOf(this), email, emailHash)) && email.isWellFormed()
  }

  chatSettings(user) {
    if (typeof user !== 'object' || user === null) throw wrongType('the user as an object', user)
    const { appId, email, name, avatarUrl, accountId, accountExternalId } = user
    const settings = {
      app_id: string(appId, APP_ID),
      email: string(email, EMAIL),
      name: optional(name, NAME),
      email_hash: '',
      avatar_url: optional(avatarUrl, 'avatarUrl as a string'),
      account_id: identifier(accountId, 'accountId'),
      account_external_id: identifier(accountExternalId, 'accountExternalId'),
    }
    settings.email_hash = unwrap(native.signForChatSettings(keyOf(this), appId, wellFormed(email)))
    for (const [field, text] of Object.entries(settings)) {
      if (text === null) delete settings[field]
      // A name that was cut within an emoji must not stop the page.
      else settings[field] = text.toWellFormed()
    }
    return settings
  }
}

class JwtSecret extends Secret {
  constructor(text) {
    super(text, true)
  }

  static fromEnv(name = native.JWT_SECRET_VARIABLE, env) {
    return new JwtSecret(fromVariable(name, env, true))
  }

  static fromFile(path) {
    return new JwtSecret(new Parsed('', readText(path, true), true))
  }

  signJwt(user) {
    return signed(this, user).jwt
  }

  verifyJwt(token, options) {
    string(token, TOKEN)
    if (typeof options !== 'object' || options === null) throw wrongType('the options as an object: { appId }', options)
    const { appId, now } = options
    return JSON.parse(unwrap(native.verifyJwt(keyOf(this), token, string(appId, APP_ID), seconds(now))))
  }

  chatSettings(user) {
    return signed(this, user)
  }
}

function signed(secret, user) {
  if (typeof user !== 'object' || user === null) throw wrongType('the user as an object', user)
  const { appId, email, name, accountExternalId, contactExternalId, expiresIn, now } = user
  const jwt = native.signJwt(
    keyOf(secret),
    string(appId, APP_ID),
    wellFormed(string(email, EMAIL)),
    optional(name, NAME) ?? '',
    identifier(accountExternalId, 'accountExternalId') ?? '',
    identifier(contactExternalId, 'contactExternalId') ?? '',
    lifetime(expiresIn),
    seconds(now),
  )
  return { app_id: appId.toWellFormed(), jwt: unwrap(jwt) }
}

/** The lifetime of a JWT in seconds; 0 means the default. */
function lifetime(expiresIn) {
  if (isMissing(expiresIn)) return 0
  if (!Number.isInteger(expiresIn)) throw wrongType('expiresIn as a whole number of seconds', expiresIn)
  return expiresIn > 0 ? Math.min(expiresIn, 2 ** 53) : -1
}

/** The time, which the module of WebAssembly cannot know. */
function seconds(now) {
  now ??= Date.now() / 1000
  if (typeof now !== 'number' || !(now >= 0)) throw wrongType('now as Unix seconds, a number that is not negative', now)
  return Math.floor(Math.min(now, 2 ** 53))
}

/** Refuses a lone surrogate, which has no UTF-8 form. */
function wellFormed(email) {
  return email.isWellFormed() ? email : unwrap(native.EMAIL_NOT_UNICODE)
}

function signMessageWithHmac(message, secret) {
  string(message, 'the message as a string')
  const hash = unwrap(native.signMessageWithHmac(message, string(secret, SECRET)))
  wellFormed(message)
  return hash
}

/** The names of the settings, and their values. */
function fieldsOf(settings) {
  if (!isPlain(settings)) throw wrongType('the chat settings as a plain object', settings)
  // An unset app ID becomes an empty one, for the error of the core.
  const fields = Object.entries(settings)
    .map(([name, value]) => [name, name === 'app_id' ? (value ?? '') : value])
    .filter(([, value]) => value !== undefined)
  for (const [name, value] of fields) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw wrongType(`${name} in the chat settings as a string, a number or a boolean`, value)
    }
  }
  return [fields.map(([name]) => name), fields.map(([, value]) => value)]
}

function chatSettingsScript(settings, options) {
  const fields = fieldsOf(settings)
  if (typeof (options ?? {}) !== 'object') throw wrongType('the options as an object: { nonce }', options)
  return unwrap(native.chatSettingsScript(...fields, optional(options?.nonce, 'the nonce as a string')))
}

function chatSettingsJson(settings) {
  return unwrap(native.chatSettingsJson(...fieldsOf(settings)))
}

function diagnose(secret, email, emailHash) {
  string(secret, SECRET)
  wellFormed(string(email, EMAIL))
  return diagnosis(native.diagnose(secret, email, string(emailHash, EMAIL_HASH)))
}

function diagnosePage(secret, settings) {
  string(secret, SECRET)
  if (typeof settings !== 'string') {
    if (!isPlain(settings)) throw wrongType('the settings as a plain object, or the page as a string', settings)
    settings = JSON.stringify(settings, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  }
  return diagnosis(native.diagnosePage(secret, String(settings)))
}

function diagnoseJwt(secret, appId, token, email, now) {
  string(secret, JWT_SECRET)
  const shown = wellFormed(optional(email, EMAIL) ?? '')
  return diagnosis(native.diagnoseJwt(secret, string(appId, APP_ID), string(token, TOKEN), shown, seconds(now)))
}

function diagnosis(lines) {
  const [matches, causes, ...explanation] = lines.split('\n')
  return {
    matches: matches === 'true',
    causes: causes === '' ? [] : causes.split(','),
    explanation: explanation.join('\n'),
  }
}

/** Returns the package's exports, over a core. */
module.exports = (core, platform) => {
  native = core
  readFile = platform.readFile
  return {
    IdentitySecret,
    JwtSecret,
    backend: platform.backend,
    chatSettingsJson,
    chatSettingsScript,
    diagnose,
    diagnoseJwt,
    diagnosePage,
    generateSecret: native.generateSecret,
    signMessageWithHmac,
    version: native.VERSION,
  }
}
