import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Relay } from './relay.ts'

/** A server that echoes, and a relay before it. */
async function echo(open: AsyncDisposableStack): Promise<Relay> {
  const server: Server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.defer(() => void server.close())
  return open.use(await Relay.to((server.address() as AddressInfo).port))
}

async function connected(relay: Relay): Promise<Socket> {
  const socket = connect(relay.port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** What comes until so many bytes have. */
async function take(socket: Socket, bytes: number): Promise<{ text: string; pieces: number }> {
  let text = ''
  let pieces = 0
  while (text.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    text += chunk.toString()
    pieces++
  }
  return { text, pieces }
}

test('without a fault bytes go through, and an end too', async () => {
  await using open = new AsyncDisposableStack()
  const socket = await connected(await echo(open))
  socket.end('hello')
  assert.equal((await take(socket, 5)).text, 'hello')
  await once(socket, 'end')
})

test('a connection is reset after exactly so many bytes to its client', async () => {
  await using open = new AsyncDisposableStack()
  const relay = await echo(open)
  relay.fault = () => ({ resetAfterReceived: 3 })
  const socket = await connected(relay)
  let received = ''
  socket.on('data', chunk => {
    received += chunk
  })
  socket.write('hello')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
  assert.equal(received, 'hel')
})

test('a connection is reset after so many bytes from its client', async () => {
  await using open = new AsyncDisposableStack()
  const relay = await echo(open)
  relay.fault = () => ({ resetAfterSent: 2 })
  const socket = await connected(relay)
  socket.write('hello')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
})

test('slices and delays change nothing but the time', async () => {
  await using open = new AsyncDisposableStack()
  const relay = await echo(open)
  relay.fault = () => ({ slices: true, delayMs: 20 })
  const socket = await connected(relay)
  const from = performance.now()
  socket.write('hello')
  assert.equal((await take(socket, 5)).text, 'hello')
  assert.ok(performance.now() - from >= 39)
  socket.destroy()
})

test('a frozen connection stays open and carries nothing; a new one does, and cut ends both', async () => {
  await using open = new AsyncDisposableStack()
  const relay = await echo(open)
  const frozen = await connected(relay)
  frozen.write('a')
  await take(frozen, 1)
  relay.freeze()
  let heard = false
  frozen.on('data', () => {
    heard = true
  })
  frozen.on('error', () => undefined)
  frozen.write('b')
  const other = await connected(relay)
  other.on('error', () => undefined)
  other.write('c')
  assert.equal((await take(other, 1)).text, 'c')
  await sleep(20)
  assert.equal(heard, false)
  assert.equal(frozen.destroyed, false)
  const ended = [frozen, other].map(socket => new Promise(resolve => socket.once('close', resolve)))
  relay.cut()
  await Promise.all(ended)
})
