'use strict'

const native = require('./addon.js')
const { signFast, signMessageFast } = native

/** Says what was expected and, of a wrong value, only the type: the value may be a secret. */
function wrongType(expected, value) {
  const message = `Expected ${expected}, but got ${value === null ? 'null' : typeof value}.`
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}

function string(value, expected) {
  if (typeof value !== 'string') throw wrongType(expected, value)
  return value
}

function optional(value, expected) {
  return value === undefined || value === null ? null : string(value, expected)
}

const SECRET = 'the identity secret as a string (is the environment variable set?)'
const EMAIL = 'the email as a string'
const EMAIL_HASH = 'the email hash as a string'

// How many emails cross into the addon at a time, which bounds the memory that this takes, and how many
// hashes come back in one string. Of 1 MiB, Node keeps a string where the garbage collector need not move it.
const BATCH = 2048
const LONG = 1 << 20 // in UTF-16 units: no more are added to a batch of this length
const TOGETHER = 16384
const HASH_LENGTH = 64

const HIDDEN = 'IdentitySecret(hidden)'
const STAYS = 'an IdentitySecret stays in its thread: make it again in the other one, for example by IdentitySecret.fromEnv()'

class IdentitySecret {
  // Private, so that nothing that prints, clones or serialises the object can reach it.
  #secret

  // Else a clone would look like a secret and hold none. No symbol can be cloned, and the error that says
  // so, in structuredClone, postMessage and v8.serialize alike, names this one. One for each secret, so
  // that no two secrets are deeply equal.
  uncloneable = Symbol(STAYS)

  constructor(hex) {
    this.#secret = native.parse(string(hex, SECRET))
  }

  static fromEnv(name = native.SECRET_VARIABLE) {
    const set = Object.hasOwn(process.env, string(name, "the variable's name as a string"))
    return new IdentitySecret(native.readEnv(name, set ? process.env[name] : undefined))
  }

  sign(email) {
    return signFast(this.#secret, email) ?? native.sign(this.#secret, string(email, EMAIL))
  }

  signMany(emails) {
    if (!Array.isArray(emails)) throw wrongType('an array of emails', emails)
    const hashes = new Array(emails.length)
    let read = 0
    let signed = 0
    // The addon signs in other threads what `next` returned, while these make and take strings.
    const next = () => {
      const size = Math.min(BATCH, hashes.length - read)
      if (size === 0) return null
      const lengths = new Uint32Array(size)
      let joined = ''
      let count = 0
      while (count < size && joined.length < LONG) {
        const email = string(emails[read++], EMAIL)
        lengths[count++] = email.length
        joined += email
      }
      return { joined, lengths: lengths.subarray(0, count) }
    }
    // Not of the pool that Node's small buffers share, each of which shows all of it.
    const out = Buffer.allocUnsafeSlow(HASH_LENGTH * Math.min(TOGETHER, hashes.length))
    const take = (written) => {
      const digits = out.toString('latin1', 0, written)
      for (let at = 0; at < digits.length; at += HASH_LENGTH) {
        hashes[signed++] = digits.slice(at, at + HASH_LENGTH)
      }
    }
    native.signMany(this.#secret, next, take, out)
    return hashes
  }

  verify(email, emailHash) {
    return native.verify(this.#secret, string(email, EMAIL), string(emailHash, EMAIL_HASH))
  }

  chatSettings(user) {
    if (typeof user !== 'object' || user === null) throw wrongType('the user as an object', user)
    return native.chatSettings(
      this.#secret,
      string(user.appId, 'appId as a string'),
      string(user.email, EMAIL),
      string(user.name, 'name as a string'),
      optional(user.avatarUrl, 'avatarUrl as a string'),
      optional(user.accountId, 'accountId as a string'),
      optional(user.accountExternalId, 'accountExternalId as a string'),
    )
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
}

function signMessageWithHmac(message, secret) {
  return (
    signMessageFast(message, secret) ??
    native.signMessageWithHmac(string(message, 'the message as a string'), string(secret, SECRET))
  )
}

function chatSettingsScript(settings, options) {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw wrongType('the chat settings as an object', settings)
  }
  if (typeof (options ?? {}) !== 'object') throw wrongType('the options as an object: { nonce }', options)
  const fields = []
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) fields.push(name, string(value, `${name} in the chat settings as a string`))
  }
  return native.chatSettingsScript(fields, optional(options?.nonce, 'the nonce as a string'))
}

function diagnose(secret, email, emailHash) {
  return native.diagnose(string(secret, SECRET), string(email, EMAIL), string(emailHash, EMAIL_HASH))
}

const { generateSecret, VERSION: version } = native

module.exports = { IdentitySecret, chatSettingsScript, diagnose, generateSecret, signMessageWithHmac, version }
