'use strict'

// Bundlers for browsers and edge runtimes take this file in place of index.js.
throw new Error(
  'pylon-identity was imported into code for a browser or an edge runtime. It signs with the identity secret, ' +
    'which must never leave the backend: import it only in code that runs in Node.js, and send the page the ' +
    'chat settings. Jest with jsdom is such a browser: put @jest-environment node into the first comment of the test.',
)
