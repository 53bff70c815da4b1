'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')

const LIBC = { linux: ['-gnu', '-musl'], win32: ['-msvc'] }

const NO_PACKAGE = 'There is no package for this platform.'

/** Loads the addon for a platform, built beside this file or installed by npm, or notes why it cannot. */
function load(platform, failures) {
  // Bundlers that write ES modules leave __dirname undefined.
  const built = typeof __dirname === 'string' ? join(__dirname, `pylon-identity.${platform}.node`) : ''
  // One literal for each package, since bundlers and file tracers follow no other. Within try, bundlers allow
  // packages that are not installed. The packages are built from this list.
  try {
    if (existsSync(built)) return require(built)
    switch (platform) {
      case 'linux-x64-gnu':
        return require('pylon-identity-linux-x64-gnu')
      case 'linux-x64-musl':
        return require('pylon-identity-linux-x64-musl')
      case 'linux-arm64-gnu':
        return require('pylon-identity-linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('pylon-identity-linux-arm64-musl')
      case 'darwin-x64':
        return require('pylon-identity-darwin-x64')
      case 'darwin-arm64':
        return require('pylon-identity-darwin-arm64')
      case 'win32-x64-msvc':
        return require('pylon-identity-win32-x64-msvc')
      default:
        throw new Error(NO_PACKAGE)
    }
  } catch (error) {
    failures.push(error)
  }
}

/** Loads the addon for this machine, of the first C library that fits. */
function loadAny() {
  const machine = `${process.platform}-${process.arch}`
  const platforms = (LIBC[process.platform] ?? ['']).map((libc) => machine + libc)
  const failures = []
  for (const platform of platforms) {
    const addon = load(platform, failures)
    if (addon) return addon
  }
  const cause = failures.find((error) => error.code !== 'MODULE_NOT_FOUND') ?? failures[0]
  const packages = platforms.map((platform) => `pylon-identity-${platform}`).join(' or ')
  const reasons =
    `It is in the npm package ${packages}. Usual reasons: npm left out optional dependencies (install without ` +
    '--omit=optional); node_modules came from another system (install again on this one); a bundler left the .node ' +
    'file behind (mark pylon-identity as external, or copy .node files); a single executable loads only built-in ' +
    'modules (see Bundlers in the README of pylon-identity); Node runs with --permission but without --allow-addons; ' +
    'Deno runs without --allow-ffi.'
  const message =
    `The native addon of pylon-identity for ${machine} cannot be loaded. ` +
    (failures.every((error) => error.message === NO_PACKAGE) ? NO_PACKAGE : reasons)
  throw Object.assign(new Error(message, { cause }), { code: 'ERR_ADDON_NOT_FOUND' })
}

module.exports = loadAny()
