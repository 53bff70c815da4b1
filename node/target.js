'use strict'

// The name of this machine in the names of addons and platform packages, for example linux-x64-gnu.

const LIBC = {
  linux: () => (process.report.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl'),
  win32: () => '-msvc',
}

module.exports = `${process.platform}-${process.arch}${LIBC[process.platform]?.() ?? ''}`
