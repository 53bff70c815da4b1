// Prints the results of the functions, as one line of JSON.

import { IdentitySecret, JwtSecret, backend, chatSettingsScript, diagnose, generateSecret } from 'pylon-identity'

const attempt = (use) => {
  try {
    return use()
  } catch (error) {
    return error.code
  }
}
export function results(env) {
  const secret = IdentitySecret.fromEnv('PYLON_IDENTITY_SECRET', env)
  const wiped = new IdentitySecret(generateSecret())
  wiped[Symbol.dispose]()
  const jwtSecret = JwtSecret.fromEnv('PYLON_IDENTITY_SECRET', env)
  const user = { appId: 'a', email: 'ada@example.com' }
  const settings = secret.chatSettings({ appId: 'a', email: 'ada@example.com', name: '\u{1f980}<' })
  return JSON.stringify({
    backend,
    hash: settings.email_hash,
    many: secret.signMany(['ada@example.com']).join(),
    verified: secret.verify('ada@example.com', settings.email_hash),
    script: chatSettingsScript(settings),
    causes: diagnose(env.PYLON_IDENTITY_SECRET, 'ada@example.com', settings.email_hash.toUpperCase()).causes,
    shown: `${secret} ${JSON.stringify(secret)}`,
    clone: typeof attempt(() => structuredClone(secret)),
    malformed: attempt(() => new IdentitySecret('0x00')),
    missing: attempt(() => IdentitySecret.fromEnv('MISSING', {})),
    claimed: jwtSecret.verifyJwt(jwtSecret.chatSettings(user).jwt, user).email,
    expired: attempt(() => jwtSecret.verifyJwt(jwtSecret.signJwt({ ...user, now: 0 }), user)), // by the real clock
    wiped: attempt(() => wiped.sign('')),
  })
}
