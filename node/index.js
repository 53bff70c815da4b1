'use strict'

const native = load(require('./target.js'))

/** Loads the addon for this machine: one built beside this file, else the one that npm installed. */
function load(target) {
  try {
    return require(`./pylon-identity.${target}.node`)
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
    return require(`pylon-identity-${target}`)
  }
}

class IdentitySecret {
  // Private, so that nothing that prints, clones or serialises the object can reach it.
  #secret

  constructor(hex) {
    this.#secret = native.parse(hex)
  }

  sign(email) {
    return native.sign(this.#secret, email)
  }

  signMany(emails) {
    return native.signMany(this.#secret, emails)
  }

  verify(email, emailHash) {
    return native.verify(this.#secret, email, emailHash)
  }

  [Symbol.dispose]() {
    native.wipe(this.#secret)
  }
}

const { generateSecret, signMessageWithHmac, VERSION: version } = native

module.exports = { IdentitySecret, generateSecret, signMessageWithHmac, version }
