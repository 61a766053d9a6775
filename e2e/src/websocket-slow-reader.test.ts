import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { Installation, type RunningGateway } from './installation.ts'
import { memoryOf, metric } from './metric.ts'
import { everywhere } from './places.ts'
import { drained } from './raw-socket.ts'
import { PING, RawWebSocket, rawFrame } from './raw-websocket.ts'
import { ACK, frame, request, SYN, type SynAckBody } from './v2-client.ts'

const TOTAL = 600
const PAYLOAD_BYTES = 20 << 10
/** A client that drains nothing is cut off after a second beyond its buffer; all must be handled first, ms. */
const CUT_OFF_MS = 30_000
/** What the pings of a client that reads nothing may cost a process that holds 1 MiB of their answers, bytes: the rest is garbage; all of them held are some 600 MB. */
const FLOOD_GROWTH = 200 << 20
const PINGS = 1_000_000

/** A binary WebSocket through its handshake, and the bytes that come from then on. */
async function open(gateway: RunningGateway, syn: object = {}) {
  const socket = new WebSocket(gateway.websocket, 'causeway.v2')
  socket.on('error', () => {})
  let received = Buffer.alloc(0)
  await once(socket, 'open')
  socket.send(frame(SYN, { codec: 1, payload: JSON.stringify({ client: { name: 'slow', version: '1' }, ...syn }) }))
  const [first] = (await once(socket, 'message')) as [Buffer]
  socket.on('message', (data: Buffer) => {
    received = Buffer.concat([received, data])
  })
  const synAck = JSON.parse(first.subarray(20, 20 + first.readUInt32BE(16)).toString()) as SynAckBody
  socket.send(frame(ACK))
  return { socket, synAck, received: () => received }
}

const payload = (msgId: number): Buffer => Buffer.alloc(PAYLOAD_BYTES, `${msgId};`)

everywhere('a WebSocket that asks for 12 MB and reads nothing', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()
  const { socket, synAck } = await open(gateway)
  const { session, resumeToken } = synAck

  await context.test('is cut off as SLOW_CONSUMER', async () => {
    socket.pause()
    socket.send(Buffer.concat(Array.from({ length: TOTAL }, (_, index) => request(index + 1, 'echo', payload(index + 1))).slice(0, 40)))
    for (let at = 40; at < TOTAL; at += 40)
      socket.send(Buffer.concat(Array.from({ length: 40 }, (_, index) => request(at + index + 1, 'echo', payload(at + index + 1)))))
    const end = Date.now() + CUT_OFF_MS
    while ((await metric(gateway, 'causeway_connections_closed_total', 'code="SLOW_CONSUMER"')) !== 1) {
      assert.ok(Date.now() < end, 'the client was not cut off')
      await sleep(50)
    }
    socket.terminate()
  })

  await context.test('gets everything after a resume, in order, once', async () => {
    const { socket: again, synAck: resumed, received } = await open(gateway, { session, resumeToken, lastSeq: 0 })
    assert.deepEqual([resumed.resumed, resumed.recovered], [true, true])
    // what the gateway had not read when it cut the line is sent again, as a client does
    for (let msgId = resumed.lastMsgId + 1; msgId <= TOTAL; msgId++) again.send(request(msgId, 'echo', payload(msgId)))
    const seen: number[] = []
    let at = 0
    for (const end = Date.now() + CUT_OFF_MS; seen.length < TOTAL; ) {
      assert.ok(Date.now() < end, `${seen.length} of ${TOTAL} answers came`)
      const bytes = received()
      while (bytes.length >= at + 20 && bytes.length >= at + 20 + bytes.readUInt32BE(at + 16)) {
        if (bytes[at + 3] === 0x11) {
          seen.push(bytes.readUInt32BE(at + 8))
          assert.equal(bytes.readUInt32BE(at + 12), seen.length)
          assert.ok(
            bytes.subarray(at + 20, at + 20 + bytes.readUInt32BE(at + 16)).equals(payload(seen.length)),
            `payload of ${seen.length}`,
          )
        }
        at += 20 + bytes.readUInt32BE(at + 16)
      }
      await sleep(20)
    }
    assert.deepEqual(
      seen,
      Array.from({ length: TOTAL }, (_, index) => index + 1),
    )
    again.terminate()
  })

  await context.test('a flood of pings by one that reads nothing costs no memory', async () => {
    using raw = await RawWebSocket.open(gateway.websocket, { 'Sec-WebSocket-Protocol': 'causeway.v2' })
    raw.socket.pause()
    const before = await memoryOf(gateway)
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => rawFrame(PING, 'x'.repeat(125))))
    for (let sent = 0; sent < PINGS && !raw.socket.destroyed; sent += 1_000)
      if (!raw.socket.write(pings)) await Promise.race([drained(raw.socket), raw.closed, sleep(200)])
    const growth = (await memoryOf(gateway)) - before
    context.diagnostic(`memory grew by ${Math.round(growth / 1e6)} MB`)
    assert.ok(!(growth > FLOOD_GROWTH), `memory grew by ${growth} bytes`)
  })
})
