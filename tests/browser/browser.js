// Starts the Chromium that npm installed, without root and without requests to other machines.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { chromium } from 'playwright-core'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const FLAGS = [
  '--no-sandbox', // which needs more rights than a container gives
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

// It uses its own font first, then those of the machine.
const fontconfig = (folder) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/font-cache</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`

/** Unpacks Chromium, its fonts and its libraries once; an interruption leaves nothing half done. */
function unpack() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('npm has Chromium for Linux on x64 only: set CHROMIUM to the path of your own')
  }
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const source = join(main.slice(0, main.lastIndexOf('build')), 'bin')
  const { version } = JSON.parse(readFileSync(join(dirname(source), 'package.json')))
  const folder = join(ROOT, `target/chromium-${version}`)
  if (existsSync(folder)) return folder

  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(`${folder}-`)
  const read = (name) => brotliDecompressSync(readFileSync(join(source, name)))
  writeFileSync(join(unfinished, 'chromium'), read('chromium.br'), { mode: 0o755 })
  for (const archive of ['fonts.tar.br', 'al2023.tar.br']) {
    execFileSync('tar', ['-x', '-C', unfinished], { input: read(archive) })
  }
  writeFileSync(join(unfinished, 'fonts.conf'), fontconfig(folder))
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    rmSync(unfinished, { recursive: true }) // another process was faster
  }
  return folder
}

/** Starts Chromium; CHROMIUM=/path/to/chrome takes your own, as on a Mac. */
export function launch() {
  if (process.env.CHROMIUM) return chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS })
  const folder = unpack()
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: FLAGS,
    env: { ...process.env, FONTCONFIG_FILE: join(folder, 'fonts.conf'), LD_LIBRARY_PATH: join(folder, 'lib') },
  })
}
