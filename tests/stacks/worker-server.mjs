// Serves the Worker that wrangler has bundled into this folder, in workerd.

import { readdirSync } from 'node:fs'
import { Miniflare } from 'miniflare'

const { HOST, PORT, PYLON_IDENTITY_SECRET, COMPATIBILITY_DATE } = process.env

const miniflare = new Miniflare({
  bindings: { PYLON_APP_ID: 'app', PYLON_IDENTITY_SECRET },
  compatibilityDate: COMPATIBILITY_DATE,
  host: HOST,
  kvNamespaces: ['SESSIONS'],
  modules: ['worker.js', ...readdirSync('.').filter((name) => name.endsWith('.wasm'))].map((path) => ({
    type: path.endsWith('.js') ? 'ESModule' : 'CompiledWasm',
    path,
  })),
  port: Number(PORT),
})
console.log(String(await miniflare.ready))
