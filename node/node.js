'use strict'

const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const over = require('./index.js')

/** Returns the exports over the addon, or over the WebAssembly module where no addon can be loaded. */
function load() {
  try {
    return over(require('./addon.js'), { backend: 'native', readFile: readFileSync })
  } catch (error) {
    let core
    try {
      // Bundlers may leave the file out. Then the addon's error says more.
      core = require('./wasm.js')(new WebAssembly.Module(readFileSync(join(__dirname, 'core.wasm'))))
    } catch {
      throw error
    }
    process.emitWarning(`${error.message} WebAssembly takes its place, which is slower.`)
    return over(core, { backend: 'wasm', readFile: readFileSync })
  }
}

const {
  IdentitySecret,
  JwtSecret,
  backend,
  chatSettingsJson,
  chatSettingsScript,
  diagnose,
  diagnoseJwt,
  diagnosePage,
  generateSecret,
  signMessageWithHmac,
  version,
} = load()

// Node finds the names of ES modules here.
module.exports = {
  IdentitySecret,
  JwtSecret,
  backend,
  chatSettingsJson,
  chatSettingsScript,
  diagnose,
  diagnoseJwt,
  diagnosePage,
  generateSecret,
  signMessageWithHmac,
  version,
}
