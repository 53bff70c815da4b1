'use strict'

// The functions of addon.js over core.wasm, which is the C library. Its header c-abi/include/pylon_identity.h
// documents the arguments.

// The constants of the header, and its sizes where a pointer and a length have four bytes each.
// tests/test_project.py compares them.
const HASH_MISMATCH = 5
const EMAIL_NOT_UNICODE = 15
const WARNINGS = 1728n
const SECRET_SIZE = 256
const HASH_LENGTH = 64
const EXPLANATION_SIZE = 16_384
const SETTING_SIZE = 32
const JWT_USER_SIZE = 40
const KINDS = ['string', 'number', 'boolean']

const CAPITALS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_'

// Small arguments fit into this room, so that no call allocates memory for them.
const ROOM = 4096

// The module never gives memory back, so one that has grown beyond this is not used again.
const KEPT_MEMORY = 1 << 20

// Node loads crypto on first use, and aborts if the stack ends meanwhile.
const { crypto } = globalThis

const encoder = new TextEncoder()
const decoder = new TextDecoder()

// It wipes the keys of collected secrets. Some platforms have no such registry.
const registry = globalThis.FinalizationRegistry && new FinalizationRegistry((key) => key.fill(0))

/** Whether the name of a variable cannot be the secret. A regular expression would throw where the stack ends. */
function mayBeShown(name) {
  const { length } = encoder.encode(name)
  return length < 16 || (length < 32 && name.includes('_') && [...name].every((letter) => CAPITALS_AND_DIGITS.includes(letter)))
}

module.exports = (module) => {
  let core // the functions of the running instance
  let memory // the bytes of its memory
  let room, top // the room for arguments, and the first byte of it that is free
  let blocks // the other memory of a call: each address, and its size
  let length // the length of the last text

  function start() {
    const { exports } = new WebAssembly.Instance(module)
    room = top = exports.pylon_identity_alloc(ROOM)
    memory = new Uint8Array(exports.memory.buffer)
    blocks = []
    core = exports
  }

  /** Makes a call, and wipes all that it wrote. An instance that trapped or ran out of stack is not used again. */
  function call(use) {
    if (core === undefined) start()
    let done = false
    try {
      const result = use()
      for (const [at, size] of blocks) core.pylon_identity_free(at, size)
      view().fill(0, room, top)
      done = memory.length <= KEPT_MEMORY
      return result
    } finally {
      if (done) {
        top = room
        if (blocks.length > 0) blocks = []
      } else {
        const { memory: used } = core
        core = undefined
        new Uint8Array(used.buffer).fill(0)
      }
    }
  }

  /** The bytes of the instance. When its memory grows, old views of it are empty. */
  function view() {
    if (memory.length === 0) memory = new Uint8Array(core.memory.buffer)
    return memory
  }

  /** The address of this many zero bytes. */
  function space(size) {
    let at = top
    if (size <= room + ROOM - top) {
      top += (size + 7) & ~7
      return at
    }
    at = size <= 0x7fff_ffff ? core.pylon_identity_alloc(size) : 0
    if (at === 0) {
      const error = new RangeError('The text is longer than the memory of the WebAssembly module.')
      throw Object.assign(error, { code: 'ERR_MEMORY_ALLOCATION_FAILED' })
    }
    view()
    blocks.push([at, size])
    return at
  }

  /** The address of the text as UTF-8. A lone surrogate becomes U+FFFD. */
  function write(text) {
    const units = text.length
    const end = room + ROOM
    const at = units * 3 <= end - top ? top : space(units * 3)
    length = 0
    if (units < 256) {
      while (length < units) {
        const unit = text.charCodeAt(length)
        if (unit > 127) break
        memory[at + length++] = unit
      }
    }
    if (length < units) length = encoder.encodeInto(text, memory.subarray(at, at + units * 3)).written
    if (at === top) top += (length + 7) & ~7
    return at
  }

  function copy(key) {
    const at = space(SECRET_SIZE)
    memory.set(key, at)
    return at
  }

  function read(at, size) {
    return decoder.decode(view().subarray(at, at + size))
  }

  /** The text at this address, whose length the core has written. */
  function readWritten(at, written) {
    return read(at, new DataView(view().buffer).getUint32(written, true))
  }

  /** The text before the next NUL. */
  function readTerminated(at) {
    return read(at, view().indexOf(0, at) - at)
  }

  /** Keeps the key, the struct of C, hidden. This is its only copy between calls. */
  function keep(at) {
    const key = view().slice(at, at + SECRET_SIZE)
    const handle = { key }
    registry?.register(handle, key)
    return handle
  }

  /** The function for a kind of secret. */
  function init(isJwt, rest = '') {
    return core[`pylon_identity_${isJwt ? 'jwt_' : ''}secret_init${rest}`]
  }

  function parse(text, isJwt) {
    return call(() => {
      const secret = space(SECRET_SIZE)
      return init(isJwt)(secret, write(text), length) || keep(secret)
    })
  }

  function parseVariable(name, value, isJwt) {
    return call(() => {
      const secret = space(SECRET_SIZE)
      const nameAt = write(name)
      const nameLength = length
      length = 0
      const valueAt = value === undefined ? 0 : write(value)
      return init(isJwt, '_from_env')(secret, nameAt, nameLength, valueAt, length) || keep(secret)
    })
  }

  function sign({ key }, email) {
    return call(() => {
      const secret = copy(key)
      const hash = space(HASH_LENGTH + 1)
      return core.pylon_identity_sign(secret, write(email), length, hash) || read(hash, HASH_LENGTH)
    })
  }

  function signMany(secret, joined, lengths) {
    const status = sign(secret, '') // refuses a wiped secret for no emails, too
    if (typeof status === 'number') return status
    let hashes = ''
    let at = 0
    for (const units of lengths) {
      hashes += sign(secret, joined.slice(at, (at += units)))
    }
    return hashes
  }

  function verify({ key }, email, emailHash) {
    return call(() => {
      const secret = copy(key)
      const emailAt = write(email)
      const emailLength = length
      const status = core.pylon_identity_verify(secret, emailAt, emailLength, write(emailHash), length)
      return status === HASH_MISMATCH ? false : status || true
    })
  }

  function signMessageWithHmac(message, secret) {
    return call(() => {
      const hash = space(HASH_LENGTH + 1)
      const messageAt = write(message)
      const messageLength = length
      const status = core.pylon_identity_sign_message_with_hmac(messageAt, messageLength, write(secret), length, hash)
      return status || read(hash, HASH_LENGTH)
    })
  }

  function signForChatSettings({ key }, appId, email) {
    return call(() => {
      const secret = copy(key)
      const hash = space(HASH_LENGTH + 1)
      const appAt = write(appId)
      const appLength = length
      const status = core.pylon_identity_chat_settings_hash(secret, appAt, appLength, write(email), length, hash)
      return status || read(hash, HASH_LENGTH)
    })
  }

  /** Sets the clock of the module, which has none of its own. */
  function setTime(now) {
    core.pylon_identity_set_time(BigInt(now))
  }

  function signJwt({ key }, ...rest) {
    return call(() => {
      const now = rest.pop()
      const expiresIn = rest.pop()
      setTime(now)
      const secret = copy(key)
      const written = space(4)
      const user = space(JWT_USER_SIZE)
      let size = 400
      for (const [i, text] of rest.entries()) {
        const at = write(text)
        new Uint32Array(memory.buffer, user + 8 * i, 2).set([at, length])
        size += 8 * length
      }
      const out = space(size)
      const status = core.pylon_identity_sign_jwt(secret, user, BigInt(expiresIn), 0n, out, size, written)
      return status || readWritten(out, written)
    })
  }

  function verifyJwt({ key }, token, appId, now) {
    return call(() => {
      setTime(now)
      const secret = copy(key)
      const written = space(4)
      const tokenAt = write(token)
      const tokenLength = length
      const appAt = write(appId)
      const appLength = length
      const size = 5 * tokenLength + 400
      const out = space(size)
      const status = core.pylon_identity_verify_jwt(
        secret, tokenAt, tokenLength, appAt, appLength, 0n, out, size, written)
      return status || readWritten(out, written)
    })
  }

  /** Writes the script tag or the object. */
  function writeSettings(isScript, names, values, nonce) {
    return call(() => {
      const written = space(4)
      const settings = space(SETTING_SIZE * names.length)
      let size = 400 + 40 * names.length
      const put = (at, number) => new DataView(memory.buffer).setUint32(at, number, true)
      const putText = (at, text) => {
        const textAt = write(text)
        put(at, textAt)
        put(at + 4, length)
        size += 6 * length
      }
      for (const [i, name] of names.entries()) {
        const at = settings + SETTING_SIZE * i
        const value = values[i]
        putText(at, name)
        put(at + 8, KINDS.indexOf(typeof value))
        if (typeof value === 'string') putText(at + 12, value)
        else new DataView(memory.buffer).setFloat64(at + 24, Number(value), true)
      }
      length = 0
      const nonceAt = nonce === null ? 0 : write(nonce)
      const nonceLength = length
      size += 6 * nonceLength
      const out = space(size)
      const status = core.pylon_identity_settings(
        settings, names.length, isScript, nonceAt, nonceLength, out, size, written)
      return status || readWritten(out, written)
    })
  }

  /** Calls a function that diagnoses these texts. Returns the lines of the addon. */
  function diagnosis(diagnose, texts, now, ...more) {
    return call(() => {
      setTime(now)
      const causes = space(8)
      const explanation = space(EXPLANATION_SIZE)
      const passed = texts.flatMap((text) => [write(text), length])
      const status = core[diagnose](...passed, ...more, causes, explanation, EXPLANATION_SIZE)
      if (status !== 0) throw new Error(readTerminated(core.pylon_identity_status_message(status)))
      const bits = new DataView(view().buffer).getBigUint64(causes, true)
      const codes = []
      for (let bit = 1n; bit <= bits; bit <<= 1n) {
        if (bits & bit) codes.push(readTerminated(core.pylon_identity_cause_code(bit)))
      }
      return `${(bits & ~WARNINGS) === 0n}\n${codes}\n${readTerminated(explanation)}`
    })
  }

  function explain(number, variable) {
    return call(() => {
      const code = readTerminated(core.pylon_identity_status_code(number)).toUpperCase()
      const message = readTerminated(core.pylon_identity_status_message(number))
      const isNamed = variable !== undefined && mayBeShown(variable)
      return `ERR_${code}\n${isNamed ? `${variable}: ${message}` : message}`
    })
  }

  return {
    EMAIL_NOT_UNICODE,
    JWT_SECRET_VARIABLE: 'PYLON_JWT_SECRET',
    SECRET_VARIABLE: 'PYLON_IDENTITY_SECRET',
    VERSION: call(() => readTerminated(core.pylon_identity_version())),
    chatSettingsJson: (names, values) => writeSettings(false, names, values, null),
    chatSettingsScript: (names, values, nonce) => writeSettings(true, names, values, nonce),
    diagnose: (...texts) => diagnosis('pylon_identity_diagnose', texts, 0),
    diagnoseJwt: (...texts) => diagnosis('pylon_identity_diagnose_jwt', texts, texts.pop(), 0n),
    diagnosePage: (...texts) => diagnosis('pylon_identity_diagnose_page', texts, Math.floor(Date.now() / 1000)),
    explain,
    generateSecret,
    parse,
    parseVariable,
    sign,
    signForChatSettings,
    signJwt,
    signMany,
    signMessageWithHmac,
    verify,
    verifyJwt,
    wipe: ({ key }) => key.fill(0),
  }
}

function generateSecret() {
  const key = crypto.getRandomValues(new Uint8Array(32))
  const digits = Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')
  key.fill(0)
  return digits
}
