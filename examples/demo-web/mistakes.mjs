// A hash that does not match, for each language: a common mistake there, and its result.

import { createHmac } from 'node:crypto'

const email = 'Ada@Example.com'
const hmac = (key, message) => createHmac('sha256', key).update(message)

export const MISTAKES = {
  fastapi: (secret) => ({
    code: 'hmac.new(secret.encode(),\n         email.lower().encode(), "sha256")',
    email,
    emailHash: hmac(secret, email.toLowerCase()).digest('hex'),
  }),
  express: (secret) => ({
    code: "createHmac('sha256',\n  Buffer.from(` ${secret}`, 'hex')).update(email)",
    email,
    emailHash: hmac(Buffer.from(` ${secret}`, 'hex'), email).digest('hex'),
  }),
  'go-http': (secret) => ({
    code: 'mac.Write([]byte(strings.ToLower(email)))\nbase64.StdEncoding.EncodeToString(mac.Sum(nil))',
    email,
    emailHash: hmac(Buffer.from(secret, 'hex'), email.toLowerCase()).digest('base64'),
  }),
}
