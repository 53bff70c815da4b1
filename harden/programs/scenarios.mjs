// The ways in which Node uses the addon, one scenario a process: node scenarios.mjs SCENARIO. It
// ends with 0, or with 7 if the scenario is an exit.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

const hex = process.env.HARDEN_SECRET
const email = 'ada@example.com'
const expected = createHmac('sha256', Buffer.from(hex, 'hex')).update(email).digest('hex')
const file = fileURLToPath(import.meta.url)
const require = createRequire(import.meta.url)
const path = '../../node/node.js'

const COUNT = 50_000 // about twenty chunks of the addon
const MIDDLE = COUNT / 2

/** Many emails, of which the one in the middle is read by calling `inMiddle`. */
function emails(inMiddle) {
  const many = Array.from({ length: COUNT }, (_, i) => `user${i}@example.com`)
  return Object.defineProperty(many, MIDDLE, { get: inMiddle })
}

const start = (job) => new Worker(file, { workerData: job })

const jobs = {
  sign() {
    const { IdentitySecret } = require(path)
    const secret = new IdentitySecret(hex)
    assert.ok(secret.verify(email, expected))
    assert.throws(() => new IdentitySecret('0x'), { code: 'ERR_SECRET_NOT_HEX' })
    parentPort.postMessage(secret.signMany([email])[0])
  },
  batches() {
    const secret = new (require(path).IdentitySecret)(hex)
    const announced = emails(() => (parentPort.postMessage('in the middle'), email))
    for (;;) secret.signMany(announced)
  },
}

/** Starts and ends so many pairs of workers, which all have to give the right hash. */
async function startAndEnd(pairs) {
  for (let i = 0; i < pairs; i++) {
    const workers = [start('sign'), start('sign')]
    const ended = workers.map((worker) => once(worker, 'exit')) // rejects if the worker throws
    const hashes = await Promise.all(workers.map((worker) => once(worker, 'message')))
    assert.deepEqual([hashes, await Promise.all(ended)], [[[expected], [expected]], [[0], [0]]])
  }
}

const loaded = () => Object.keys(require.cache).some((name) => name.endsWith('.node'))

const scenarios = {
  async workers() {
    // Loaded here as well, so that each worker is one more user of the addon and its end is not the last.
    const secret = new (require(path).IdentitySecret)(hex)
    await startAndEnd(500)
    assert.equal(secret.sign(email), expected)
  },
  async 'only in a worker'() {
    await startAndEnd(10)
    assert.ok(!loaded())
  },
  async 'terminate in mid-batch'() {
    for (let i = 0; i < 20; i++) {
      const worker = start('batches')
      await once(worker, 'message')
      assert.equal(await worker.terminate(), 1)
    }
    assert.equal(new (require(path).IdentitySecret)(hex).sign(email), expected)
  },
  async 'exit in mid-batch'() {
    new (require(path).IdentitySecret)(hex).signMany(emails(() => process.exit(7)))
  },
  async 'exit while a worker is in mid-batch'() {
    const workers = [start('batches'), start('batches')]
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    process.exit(7)
  },
  async 'a secret wiped in mid-batch'() {
    const { IdentitySecret } = require(path)
    const secret = new IdentitySecret(hex)
    assert.throws(() => secret.signMany(emails(() => (secret[Symbol.dispose](), email))), { code: 'ERR_SECRET_NOT_READY' })
    assert.throws(() => secret.sign(email), { code: 'ERR_SECRET_NOT_READY' })
  },
}

if (isMainThread) await scenarios[process.argv[2]]()
else await jobs[workerData]()
