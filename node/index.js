'use strict'

const LIBC = { linux: ['-gnu', '-musl'], win32: ['-msvc'] }

/** Loads the addon for this machine: one built beside this file, else the one that npm installed. */
function load() {
  const machine = `${process.platform}-${process.arch}`
  const failures = []
  for (const libc of LIBC[process.platform] ?? ['']) {
    for (const addon of [`./pylon-identity.${machine}${libc}.node`, `pylon-identity-${machine}${libc}`]) {
      try {
        return require(addon)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const cause = failures.find((error) => error.code !== 'MODULE_NOT_FOUND') ?? failures[0]
  throw new Error(
    `pylon-identity has no addon for ${machine} here. Install it again without --omit=optional, or ` +
      'build it from a checkout with Rust: make build',
    { cause },
  )
}

const native = load()
const { signFast, signMessageFast } = native

function expected(what) {
  return Object.assign(new TypeError(`Expected ${what}.`), { code: 'ERR_INVALID_ARG_TYPE' })
}

function string(value) {
  if (typeof value !== 'string') throw expected('a string')
  return value
}

// How many emails cross into the addon at a time, which bounds the memory that this takes.
const BATCH = 8192
const HASH_LENGTH = 64

class IdentitySecret {
  // Private, so that nothing that prints, clones or serialises the object can reach it.
  #secret

  constructor(hex) {
    this.#secret = native.parse(string(hex))
  }

  sign(email) {
    return signFast(this.#secret, email) ?? native.sign(this.#secret, string(email))
  }

  signMany(emails) {
    if (!Array.isArray(emails)) throw expected('an array of strings')
    const hashes = new Array(emails.length)
    let count = 0
    for (let start = 0; start < emails.length || start === 0; start += BATCH) {
      const batch = emails.slice(start, start + BATCH)
      const lengths = new Uint32Array(batch.length)
      for (let i = 0; i < batch.length; i++) lengths[i] = string(batch[i]).length
      // Strings of many hashes, then slices: making each string in the addon takes longer.
      for (const digits of native.signMany(this.#secret, batch.join(''), lengths)) {
        for (let at = 0; at < digits.length; at += HASH_LENGTH) {
          hashes[count++] = digits.slice(at, at + HASH_LENGTH)
        }
      }
    }
    return hashes
  }

  verify(email, emailHash) {
    return native.verify(this.#secret, string(email), string(emailHash))
  }

  [Symbol.dispose]() {
    native.wipe(this.#secret)
  }
}

function signMessageWithHmac(message, secret) {
  return (
    signMessageFast(message, secret) ?? native.signMessageWithHmac(string(message), string(secret))
  )
}

const { generateSecret, VERSION: version } = native

module.exports = { IdentitySecret, generateSecret, signMessageWithHmac, version }
