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
    `pylon-identity has no addon for ${machine} here. Build it from a checkout with Rust: make build`,
    { cause },
  )
}

module.exports = load()
