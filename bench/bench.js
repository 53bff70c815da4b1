'use strict'

// The contenders in Node; bench/measure.py has the tasks.

const { createHmac, createSecretKey } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { createInterface } = require('node:readline')

const { IdentitySecret, JwtSecret, signMessageWithHmac } = require('../node')

const find = (name) => require.resolve(name, { paths: [`${__dirname}/../node`] })
const jose = import(find('jose'))
const jsonwebtoken = require(find('jsonwebtoken'))

const binding = { exports: {} }
const library = `empty_node.${process.platform === 'darwin' ? 'dylib' : 'so'}`
process.dlopen(binding, `${__dirname}/../target/release/examples/lib${library}`)
const { empty, handle } = binding.exports
const nothing = handle()

const { BENCH_SECRET: hex, BENCH_EMAIL: email, BENCH_NOW } = process.env
const secret = new IdentitySecret(hex)
// The same package over WebAssembly, beside the addon.
delete require.cache[require.resolve('../node/index.js')]
const core = require('../node/wasm.js')(new WebAssembly.Module(readFileSync(`${__dirname}/../node/core.wasm`)))
const api = require('../node/index.js')(core, {})
const portable = new api.IdentitySecret(hex)
const buffer = Buffer.from(hex, 'hex')
const keyObject = createSecretKey(buffer)
const many = Array.from({ length: 1_000_000 }, (_, i) => Buffer.from(`user${i}@example.com`).toString())
// The text of the secret is the key of a JWT.
const now = Number(BENCH_NOW)
const user = { appId: 'app', email, name: 'Ada', now }
const claims = () => ({ email, aud: 'app', iat: now, exp: now + 600, name: 'Ada' })
const jwtSecret = new JwtSecret(hex)
const portableJwt = new api.JwtSecret(hex)
const textKey = createSecretKey(Buffer.from(hex))

// Each has a loop of its own, so that the engine optimises each for its own call.
const contenders = {
  sign: (count) => { let hash; while (count--) hash = secret.sign(email); return hash },
  'sign, WebAssembly': (count) => { let hash; while (count--) hash = portable.sign(email); return hash },
  'empty call': (count) => { let hash; while (count--) hash = empty(nothing, email); return hash },
  'drop-in': (count) => { let hash; while (count--) hash = signMessageWithHmac(email, hex); return hash },
  snippet: (count) => {
    let hash
    while (count--) hash = createHmac('sha256', Buffer.from(hex, 'hex')).update(email).digest('hex')
    return hash
  },
  'createHmac, Buffer': (count) => {
    let hash
    while (count--) hash = createHmac('sha256', buffer).update(email).digest('hex')
    return hash
  },
  'createHmac, KeyObject': (count) => {
    let hash
    while (count--) hash = createHmac('sha256', keyObject).update(email).digest('hex')
    return hash
  },
  signJwt: (count) => { let token; while (count--) token = jwtSecret.signJwt(user); return token },
  'signJwt, WebAssembly': (count) => { let token; while (count--) token = portableJwt.signJwt(user); return token },
  jsonwebtoken: (count) => { let token; while (count--) token = jsonwebtoken.sign(claims(), textKey); return token },
  async jose(count) {
    const { SignJWT } = await jose
    let token
    while (count--) token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(textKey)
    return token
  },
  loop: (count) => { while (count--) many.map((email) => secret.sign(email)) },
  many: (count) => { while (count--) secret.signMany(many) },
}

async function main() {
  for (const [name, run] of Object.entries(contenders)) {
    const hash = await run(name === 'loop' || name === 'many' ? 0 : 1)
    if (hash && name !== 'empty call') console.log(`${name}\t${hash}`)
  }
  console.log()
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, count] = line.split('\t')
    if (name === 'loop' || name === 'many') gc()
    const start = process.hrtime.bigint()
    await contenders[name](Number(count))
    console.log(String(process.hrtime.bigint() - start))
  }
}

main()
