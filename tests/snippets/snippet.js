'use strict'

// The snippet of Pylon's docs for Node, in a loop.

const { readFileSync } = require('node:fs')
const { createHmac } = require('node:crypto')

function sign(email, secret) {
  const secretBytes = Buffer.from(secret, 'hex')
  const verificationHash = createHmac('sha256', secretBytes).update(email).digest('hex')
  return verificationHash
}

for (const line of readFileSync(0, 'ascii').split('\n').slice(0, -1)) {
  const [secret, email] = line.split('\t').map((digits) => Buffer.from(digits, 'hex').toString())
  console.log(sign(email, secret))
}
