// Compiled, not run: what TypeScript must accept, and what it must refuse.

import * as api from 'pylon-identity'
import { IdentitySecret, generateSecret, signMessageWithHmac, version } from 'pylon-identity'

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
}

/** Fails to compile if the declarations name other exports than these, which are those that run. */
export const names: Record<keyof typeof api, true> = {
  IdentitySecret: true,
  generateSecret: true,
  signMessageWithHmac: true,
  version: true,
}
