// Compiled, not run: TypeScript must accept the first functions and refuse the last.

import * as api from 'pylon-identity'
import {
  type Cause,
  type ChatSettings,
  type ErrorCode,
  IdentitySecret,
  type JwtClaims,
  JwtSecret,
  type VisitorSettings,
  chatSettingsJson,
  chatSettingsScript,
  diagnose,
  diagnoseJwt,
  diagnosePage,
  generateSecret,
  signMessageWithHmac,
  version,
} from 'pylon-identity'

export function accepted(): [string, string[], boolean, string, string, string] {
  using secret = new IdentitySecret('00')
  const emails: readonly string[] = ['ada@example.com']
  return [
    secret.sign('ada@example.com'),
    secret.signMany(emails),
    secret.verify('ada@example.com', ''),
    signMessageWithHmac('ada@example.com', '00'),
    generateSecret(),
    version,
  ]
}

/** The environment of a Cloudflare Worker, as its tools declare it. */
interface WorkerEnv {
  PYLON_IDENTITY_SECRET: string
  CACHE: { get(key: string): Promise<string> }
}

export function acceptedSettings(secret: IdentitySecret, worker: WorkerEnv): [ChatSettings, string, string, Cause[]] {
  const user = { appId: 'app', email: 'ada@example.com', name: 'Ada' }
  const settings = secret.chatSettings({ ...user, avatarUrl: null, accountId: 'acc', accountExternalId: 42n })
  const code: ErrorCode = 'ERR_SECRET_WEAK'
  secret.chatSettings({ appId: 'app', email: code, accountId: 7 })
  const hidden: string = secret.toJSON()
  IdentitySecret.fromEnv()
  IdentitySecret.fromEnv('CHAT_SECRET', process.env)
  IdentitySecret.fromEnv(undefined, worker)
  IdentitySecret.fromFile(new URL('file:///run/secrets/pylon'))
  chatSettingsScript({ app_id: 'app' })
  chatSettingsScript({ ...settings, hide_default_launcher: true }, {})
  chatSettingsJson(settings)
  const { matches, causes, explanation } = diagnose('00', user.email, settings.email_hash)
  diagnosePage('00', { chat_settings: settings })
  diagnosePage('00', '<script>').causes.push(...causes)
  return [settings, chatSettingsScript(settings, { nonce: 'r4nd0m' }), matches ? hidden : explanation, causes]
}

export function acceptedJwt(secret: JwtSecret, worker: WorkerEnv): JwtClaims {
  const user = { appId: 'app', email: 'ada@example.com', accountExternalId: 42n, contactExternalId: 7, now: 0 }
  JwtSecret.fromEnv()
  JwtSecret.fromEnv('CHAT_SECRET', worker)
  JwtSecret.fromFile('/run/secrets/pylon')
  const settings = secret.chatSettings({ ...user, name: null, expiresIn: 900 })
  chatSettingsScript({ ...settings, hide_default_launcher: true })
  chatSettingsJson({ app_id: settings.app_id, jwt: secret.signJwt(user) })
  diagnoseJwt('00', 'app', settings.jwt).causes.includes('jwt_expired')
  diagnoseJwt('00', 'app', settings.jwt, null, 1.5)
  return secret.verifyJwt(settings.jwt, { appId: 'app', now: Date.now() / 1000 })
}

/** The settings of a page with or without a known visitor. exactOptionalPropertyTypes is on. */
export function pageSettings(secret: IdentitySecret, user?: { email: string; name: string | undefined }): ChatSettings | VisitorSettings {
  const nonce: string | undefined = user?.name
  const settings = user ? secret.chatSettings({ appId: 'app', ...user }) : { app_id: 'app' }
  chatSettingsScript(settings, { nonce })
  return settings
}

export function refused(secret: IdentitySecret): void {
  // @ts-expect-error
  new IdentitySecret()
  // @ts-expect-error
  new IdentitySecret(Buffer.from('00'))
  // @ts-expect-error
  secret.sign(1)
  // @ts-expect-error
  secret.signMany('ada@example.com')
  // @ts-expect-error
  secret.verify('ada@example.com')
  // @ts-expect-error
  secret.secret
  // @ts-expect-error
  secret.chatSettings({ appId: 'app', name: 'Ada' })
  // @ts-expect-error
  secret.chatSettings({ appId: 'app', email: 'ada@example.com', name: 'Ada', app_id: 'app' })
  // @ts-expect-error
  diagnosePage('00', null)
  // @ts-expect-error
  chatSettingsScript({ appId: 'app' })
}

export function refusedJwt(secret: JwtSecret): void {
  // @ts-expect-error
  secret.signJwt({ appId: 'app' })
  // @ts-expect-error
  secret.signJwt({ appId: 'app', email: 'ada@example.com', accountId: '1' })
  // @ts-expect-error
  secret.verifyJwt('')
  // @ts-expect-error
  secret.chatSettings({ appId: 'app', email: 'ada@example.com' }).email
  // @ts-expect-error
  secret.sign('ada@example.com')
}

/** Fails to compile if the declarations name other exports than these, which are those that run. */
export const names: Record<keyof typeof api, true> = {
  IdentitySecret: true,
  JwtSecret: true,
  backend: true,
  chatSettingsJson: true,
  chatSettingsScript: true,
  diagnose: true,
  diagnoseJwt: true,
  diagnosePage: true,
  generateSecret: true,
  signMessageWithHmac: true,
  version: true,
}
