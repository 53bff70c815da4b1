#!/usr/bin/env node
'use strict'

process.exitCode = require('./addon.js').runCommandLine(process.argv.slice(2))
