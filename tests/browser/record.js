// Passes connections on to a server, and keeps every byte that the server answers, uncompressed.

import { connect, createServer } from 'node:net'
import { Transform } from 'node:stream'

/** Renames the header that asks for compression, since compressed pages cannot be searched. */
const uncompressed = () =>
  new Transform({
    transform(chunk, _, done) {
      const renamed = chunk.toString('latin1').replace(/^accept-encoding:/gim, 'x-$&')
      done(null, Buffer.from(renamed, 'latin1'))
    },
  })

export async function record(origin) {
  const { hostname, port } = new URL(origin)
  const answers = []
  const sockets = new Set()
  const server = createServer((client) => {
    const upstream = connect(port, hostname)
    const close = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('error', close).once('close', () => sockets.delete(socket))
    }
    upstream.on('data', (chunk) => answers.push(chunk))
    client.pipe(uncompressed()).pipe(upstream).pipe(client)
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    received: () => Buffer.concat(answers),
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
