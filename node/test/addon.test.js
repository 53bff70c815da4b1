'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const Module = require('node:module')
const { join } = require('node:path')
const { test } = require('node:test')

const path = require.resolve('../addon.js')
const addon = require(path)
const loaded = require.cache[path]

/** Loads addon.js as on another machine, where nothing was built and npm has installed one package. */
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
  assert.throws(() => loadOn(t, 'sunos', 'x64'), { code: 'ERR_ADDON_NOT_FOUND', message: /sunos-x64 cannot be loaded\. There is no package/ })
})

test('the addon refuses arguments that index.js never passes', () => {
  const secret = addon.parse('5a'.repeat(32), false)
  for (const call of [
    () => addon.sign({}, 'ada'),
    () => addon.sign(secret, 5),
    () => addon.sign(secret),
    () => addon.verify(secret, 'ada'),
    () => addon.signJwt(secret, 'a', 'b', '', '', '', 0, '5'),
    () => addon.verifyJwt(secret, 'a', 'b'),
    () => addon.diagnoseJwt(5, 'a', 'b', 'c', 5),
  ]) {
    assert.throws(call, { code: /InvalidArg|StringExpected|NumberExpected/ })
  }
})

test('the command line takes arguments that are not those of the process', () => {
  const script = "process.exitCode = require('./addon.js').runCommandLine(['--version'])"
  const said = execFileSync(process.execPath, ['-e', script], { cwd: `${__dirname}/..`, encoding: 'utf8' })
  assert.equal(said, `pylon-identity ${require('../package.json').version}\n`)
})

const FILES = ['node.js', 'index.js', 'addon.js', 'wasm.js', 'package.json']

/** Makes a folder with the package as npm installs it, and removes it after the test. */
function install(t, files) {
  const folder = fs.mkdtempSync(join(__dirname, '../../target/installed-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const [addon] = fs.readdirSync(`${__dirname}/..`).filter((file) => file.endsWith('.node'))
  const platform = addon.slice('pylon-identity.'.length, -'.node'.length)
  const packages = { 'pylon-identity': files, [`pylon-identity-${platform}`]: [addon] }
  for (const [name, files] of Object.entries(packages)) {
    fs.mkdirSync(`${folder}/node_modules/${name}`, { recursive: true })
    for (const file of files) fs.copyFileSync(`${__dirname}/../${file}`, `${folder}/node_modules/${name}/${file}`)
  }
  const main = JSON.stringify({ name: `pylon-identity-${platform}`, main: addon })
  fs.writeFileSync(`${folder}/node_modules/pylon-identity-${platform}/package.json`, main)
  fs.writeFileSync(`${folder}/app.js`, "console.log(require('pylon-identity').generateSecret().length)")
  return { folder, addonPackage: `${folder}/node_modules/pylon-identity-${platform}`, platform }
}

const run = (folder, ...args) =>
  execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })

test('without an addon WebAssembly takes its place, and without both the error names the usual reasons', (t) => {
  const { folder, addonPackage, platform } = install(t, [...FILES, 'core.wasm'])
  fs.rmSync(addonPackage, { recursive: true })
  const warned = "process.on('warning', ({ message }) => console.log(message)); console.log(require('pylon-identity').backend)"
  const reasons = `pylon-identity-${platform}.*--omit=optional.*`
  assert.match(run(folder, '-e', warned), new RegExp(`^wasm\n.*${reasons}WebAssembly.*\n$`))
  fs.rmSync(`${folder}/node_modules/pylon-identity/core.wasm`)
  const script = "try { require('pylon-identity') } catch ({ code, message, cause }) { console.log(code, message, cause.code) }"
  assert.match(run(folder, '-e', script), new RegExp(`^ERR_ADDON_NOT_FOUND .*${reasons}MODULE_NOT_FOUND\n$`))
})

test('esbuild takes the addon along', async (t) => {
  const { folder } = install(t, FILES)
  await require('esbuild').build({
    absWorkingDir: folder,
    bundle: true,
    entryPoints: ['app.js'],
    loader: { '.node': 'copy' },
    logLevel: 'silent',
    outdir: 'bundled',
    platform: 'node',
  })
  fs.rmSync(`${folder}/node_modules`, { recursive: true })
  assert.equal(run(`${folder}/bundled`, 'app.js'), '64\n')
})
