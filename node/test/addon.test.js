'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const Module = require('node:module')
const { test } = require('node:test')

const path = require.resolve('../addon.js')
const addon = require(path)
const loaded = require.cache[path]

/** Loads addon.js on another machine, where nothing was built and npm has installed one package. */
function loadOn(t, platform, arch, installed) {
  const machine = Object.getOwnPropertyDescriptors(process)
  const load = Module._load
  const packages = (name, ...rest) => {
    if (name === installed) return { name }
    if (name.startsWith('pylon-identity')) throw Object.assign(new Error(name), { code: 'MODULE_NOT_FOUND' })
    return load(name, ...rest)
  }
  t.mock.method(fs, 'existsSync', () => false)
  t.mock.method(Module, '_load', packages)
  Object.defineProperties(process, { platform: { value: platform }, arch: { value: arch } })
  delete require.cache[path]
  try {
    return require(path).name
  } finally {
    Object.defineProperties(process, { platform: machine.platform, arch: machine.arch })
    t.mock.restoreAll()
    require.cache[path] = loaded
  }
}

test('each machine loads its own package', (t) => {
  for (const name of fs.readFileSync(path, 'utf8').matchAll(/case '(.+)':/g)) {
    const [platform, arch] = name[1].split('-')
    assert.equal(loadOn(t, platform, arch, `pylon-identity-${name[1]}`), `pylon-identity-${name[1]}`)
  }
  assert.throws(() => loadOn(t, 'sunos', 'x64'), { code: 'ERR_ADDON_NOT_FOUND', message: /pylon-identity-sunos-x64/ })
})

test('the addon refuses arguments that index.js never passes', () => {
  const secret = addon.parse('5a'.repeat(32))
  for (const call of [() => addon.sign({}, 'ada'), () => addon.sign(secret, 5), () => addon.sign(secret), () => addon.verify(secret, 'ada')]) {
    assert.throws(call, { code: /InvalidArg|StringExpected/ })
  }
})

test('the command line takes arguments that are not those of the process', () => {
  const script = "process.exitCode = require('./addon.js').runCommandLine(['--version'])"
  const said = execFileSync(process.execPath, ['-e', script], { cwd: `${__dirname}/..`, encoding: 'utf8' })
  assert.equal(said, `pylon-identity ${require('../package.json').version}\n`)
})
