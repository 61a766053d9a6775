/** The client over a WebSocket, against just enough of RFC 6455 to shake hands and pass short binary frames. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { Frame } from '@causeway/protocol'
import { encodeFrame, encodeSynAck, FrameDecoder, FrameType } from '@causeway/protocol'
import { connect } from './connect.ts'
import { messagesOf } from './connection-ws.ts'
import { MESSAGE_BYTES } from './limits.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const BINARY = 0x82
const CLOSE = 0x88

const SYN_ACK = encodeSynAck({
  session: 's-1',
  resumeToken: 'r-1',
  epoch: 1,
  resumed: false,
  recovered: false,
  lastMsgId: 0,
  window: { messages: 16, bytes: 1_024 },
  maxPayload: 1_024,
  keepAliveMs: 30_000,
  server: { id: 'fake', version: '0' },
})

/** One message or close of a server: unmasked, at most 65,535 bytes. RFC 6455, section 5.2. */
function message(opcode: number, payload: Uint8Array): Buffer {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >>> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([opcode, ...length]), payload])
}

/** The payloads of the binary messages in one read of masked frames; the test's messages come whole. */
function* binaryMessages(read: Buffer): Generator<Uint8Array> {
  let at = 0
  while (at < read.length) {
    const short = read[at + 1] & 0x7f
    const size = short === 126 ? read.readUInt16BE(at + 2) : short
    const mask = at + (short === 126 ? 4 : 2)
    const payload = Uint8Array.from(read.subarray(mask + 4, mask + 4 + size), (byte, index) => byte ^ read[mask + (index & 3)])
    if (read[at] === BINARY) yield payload
    at = mask + 4 + size
  }
}

function accept(request: IncomingMessage, socket: Socket): void {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64')
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${key}`]
  socket.write(`${[...head, `Sec-WebSocket-Protocol: ${request.headers['sec-websocket-protocol']}`].join('\r\n')}\r\n\r\n`)
}

/** A server that echoes requests, and closes with a code on a NOTIFY. */
function echo(socket: Socket, closeCode: number): void {
  const decoder = new FrameDecoder()
  socket.on('data', (read: Buffer) => {
    const frames: Frame[] = []
    for (const payload of binaryMessages(read)) assert.equal(decoder.push(payload, frames), undefined)
    for (const frame of frames) {
      if (frame.type === FrameType.SYN) socket.write(message(BINARY, SYN_ACK))
      if (frame.type === FrameType.REQUEST) {
        socket.write(message(BINARY, encodeFrame({ ...frame, type: FrameType.RESPONSE, metadata: undefined, seq: frame.msgId })))
      }
      if (frame.type === FrameType.NOTIFY) socket.end(message(CLOSE, Uint8Array.of(closeCode >>> 8, closeCode & 0xff)))
    }
  })
}

test('asks for causeway.v2 at /ws, exchanges binary messages, and obeys the close code', async () => {
  const server = createServer()
  const asked: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  server.on('upgrade', (request, socket: Socket) => {
    sockets.add(socket)
    asked.push(request.url, request.headers['sec-websocket-protocol'])
    accept(request, socket)
    echo(socket, 4512)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await using client = await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    assert.deepEqual(asked, ['/ws', 'causeway.v2'])
    const answers = await Promise.all([client.request('echo', { hello: 1 }), client.request('echo', Uint8Array.of(0, 255))])
    assert.deepEqual(answers, [{ hello: 1 }, Uint8Array.of(0, 255)])
    const closed = new Promise<string>(resolve => client.on('state', state => state.state === 'closed' && resolve(state.error.code)))
    await assert.rejects(client.notify('report'), { code: 'UNKNOWN' })
    assert.equal(await closed, 'REPLACED')
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
})

test('a turn is cut into messages of at most a mebibyte, and a larger frame goes alone', () => {
  const half = MESSAGE_BYTES / 2
  const sizes = [10, half, half, half, 3 * MESSAGE_BYTES, 10, 10]
  const messages = [...messagesOf(sizes.map(size => new Uint8Array(size)))]
  assert.deepEqual(
    messages.map(frames => frames.map(frame => frame.length)),
    [[10, half], [half, half], [3 * MESSAGE_BYTES], [10, 10]],
  )
})
