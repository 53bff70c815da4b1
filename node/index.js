'use strict'

// What addon.js and wasm.js share: types, errors and classes.

// One of the two, and the platform's function that reads a file, if it has files.
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
function readText(path) {
  if (readFile === undefined) {
    const error = new Error('There are no files on this platform. Pass the environment: IdentitySecret.fromEnv(name, env).')
    throw Object.assign(error, { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
  }
  let bytes
  try {
    bytes = readFile(path)
  } catch ({ code, errno, syscall }) {
    const reason = `the file of the identity secret cannot be read: ${code}`
    throw Object.assign(new Error(`${reason}. Pass the path of the file, not the secret itself.`), { code, errno, syscall })
  }
  const text = bytes.toString()
  bytes.fill(0)
  return text
}

const SECRET = 'the identity secret as a string (is the environment variable set?)'
const EMAIL = 'the email as a string'
const EMAIL_HASH = 'the email hash as a string'

// The limits of one call, which bound the memory for a batch. Node keeps a string of 1 MiB outside of the heap,
// so the garbage collector need not move the hashes.
const HASH_LENGTH = 64
const EMAILS = (1 << 20) / HASH_LENGTH
const UNITS = 1 << 20

const HIDDEN = 'IdentitySecret(hidden)'

// A class whose objects nothing clones, and its arguments. Some platforms have only the second.
const UNCLONEABLE = globalThis.FinalizationRegistry ? [FinalizationRegistry, [() => {}]] : [WeakSet, []]

/** Makes objects that structuredClone, postMessage and v8.serialize refuse: a clone would hold no secret. */
class Uncloneable {
  constructor() {
    return Reflect.construct(...UNCLONEABLE, new.target)
  }
}

/** A secret that fromEnv or fromFile has parsed. Nobody else can make one. */
class Parsed {
  constructor(secret) {
    this.secret = secret
  }
}

let count = 0

class IdentitySecret extends Uncloneable {
  // Private, so that nothing that prints, clones or serialises the object can reach it.
  #secret
  #number = (count += 1)

  constructor(hex) {
    super()
    this.#secret = hex instanceof Parsed ? hex.secret : unwrap(native.parse(string(hex, SECRET)))
  }

  static fromEnv(name = native.SECRET_VARIABLE, env = globalThis.process?.env) {
    string(name, "the variable's name as a string")
    if (typeof env !== 'object' || env === null) throw wrongType('the environment as an object', env)
    const value = Object.hasOwn(env, name) ? optional(env[name], "the variable's value as a string") : null
    return new IdentitySecret(new Parsed(unwrap(native.parseVariable(name, value ?? undefined), name)))
  }

  static fromFile(path) {
    if (typeof path !== 'string' && !isUrl(path)) throw wrongType('the path as a string or a file URL', path)
    return new IdentitySecret(new Parsed(unwrap(native.parseVariable('', readText(path)))))
  }

  sign(email) {
    return unwrap(native.sign(this.#secret, wellFormed(string(email, EMAIL))))
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
      // An email that is longer than the limit is in a call of its own.
      for (let units = 0; end < texts.length && end - start < EMAILS; end++) {
        const length = texts[end].length
        if (units > 0 && units + length > UNITS) break
        lengths[end - start] = length
        units += length
      }
      const joined = texts.slice(start, end).join('')
      const hashes = unwrap(native.signMany(this.#secret, joined, lengths.subarray(0, end - start)))
      for (let at = 0; start < end; at += HASH_LENGTH) texts[start++] = hashes.slice(at, at + HASH_LENGTH)
    } while (start < texts.length)
    return texts
  }

  verify(email, emailHash) {
    string(email, EMAIL)
    string(emailHash, EMAIL_HASH)
    // Text that is not well formed has no email hash, so nothing matches it.
    return unwrap(native.verify(this.#secret, email, emailHash)) && email.isWellFormed()
  }

  chatSettings(user) {
    if (typeof user !== 'object' || user === null) throw wrongType('the user as an object', user)
    const { appId, email, name, avatarUrl, accountId, accountExternalId } = user
    const settings = {
      app_id: string(appId, 'appId as a string (is the environment variable set?)'),
      email: string(email, EMAIL),
      name: optional(name, 'name as a string'),
      email_hash: '',
      avatar_url: optional(avatarUrl, 'avatarUrl as a string'),
      account_id: identifier(accountId, 'accountId'),
      account_external_id: identifier(accountExternalId, 'accountExternalId'),
    }
    settings.email_hash = unwrap(native.signForChatSettings(this.#secret, appId, wellFormed(email)))
    for (const [field, text] of Object.entries(settings)) {
      if (text === null) delete settings[field]
      // A name that was cut within an emoji is no reason to have no page.
      else settings[field] = text.toWellFormed()
    }
    return settings
  }

  [Symbol.dispose]() {
    native.wipe(this.#secret)
  }

  toString() {
    return HIDDEN
  }

  toJSON() {
    return HIDDEN
  }

  [Symbol.for('nodejs.util.inspect.custom')]() {
    return HIDDEN
  }

  // console.dir shows it. Not the same for two secrets, so that no library finds them deeply equal.
  get [Symbol.toStringTag]() {
    return #number in this ? `${HIDDEN} ${this.#number}` : HIDDEN
  }
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
  // An unset app ID is an empty one, for the error of the core.
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
    backend: platform.backend,
    chatSettingsJson,
    chatSettingsScript,
    diagnose,
    diagnosePage,
    generateSecret: native.generateSecret,
    signMessageWithHmac,
    version: native.VERSION,
  }
}
