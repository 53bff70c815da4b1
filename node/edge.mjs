// This file is for Cloudflare Workers, Next's edge and the like, which compile the module when they deploy.

import module from './core.wasm?module'
import over from './index.js'
import wasm from './wasm.js'

const api = over(wasm(module), { backend: 'wasm' })

export const {
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
} = api

export default api
