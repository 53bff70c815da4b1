'use strict'

// Bundlers for browsers take this file in place of the package.
throw new Error(
  'pylon-identity was imported into code for a browser. It signs with a secret, which must never leave the ' +
    'backend: import it only in code that runs on a backend, and send the page the chat settings. ' +
    'Jest with jsdom is such a browser: put @jest-environment node into the first comment of the test.',
)
