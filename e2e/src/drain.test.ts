import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { Installation } from './installation.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'
import { ACK, CLOSE, GOAWAY, json, RESPONSE, request, V2Client } from './v2-client.ts'

const DRAIN_MS = 6_000

everywhere('SIGTERM', async (context, place) => {
  await context.test('drains: GOAWAY, what is in flight answered, CLOSE, status 0, nobody new', async () => {
    await using installation = await Installation.make(place, { CAUSEWAY_DRAIN_TIMEOUT: String(DRAIN_MS) })
    const gateway = await installation.start()
    using client = (await V2Client.open(gateway.port)).client
    using idle = (await V2Client.open(gateway.port)).client
    using device = await RawSocket.connect(gateway.port)
    device.write('4d43 01 01 00000002 6869')
    assert.equal(await device.hex(10), '4d430101000000026869')
    client.send(request(1, 'demo.slow', { ms: 600 }))
    await client.take(ACK, 1)
    const stoppedAt = performance.now()
    const ending = gateway.process.stop()

    for (const each of [client, idle]) assert.equal(json(await each.take(GOAWAY)).code, 'GOING_AWAY')
    await refusesConnections(gateway.port)
    assert.deepEqual(json(await client.take(RESPONSE, 1)), { ms: 600 })
    for (const each of [client, idle]) {
      const close = json(await each.take(CLOSE))
      assert.deepEqual([close.code, close.number], ['GOING_AWAY', 4000])
      await each.ended()
    }
    await device.rest()
    assert.deepEqual(await ending, { code: 0, signal: null })
    assert.ok(performance.now() - stoppedAt < DRAIN_MS, 'it ended before its time was up')
  })

  await context.test('does not wait longer than drainTimeout, and what was left is there for the resume', async () => {
    await using installation = await Installation.make(place, { CAUSEWAY_DRAIN_TIMEOUT: '300' })
    const gateway = await installation.start()
    const { client, synAck } = await V2Client.open(gateway.port)
    client.send(request(1, 'echo', 'taken'), request(2, 'demo.slow', { ms: 1_200 }), request(3, 'echo', 'left'))
    await client.take(ACK, 3)
    assert.deepEqual(await gateway.process.stop(), { code: 0, signal: null })
    assert.equal(json(await client.take(CLOSE)).code, 'GOING_AWAY')
    const again = await installation.start()
    const { session, resumeToken } = synAck
    const waiting = [1, 2, 3].map(msgId => [msgId, 30_000])
    using resumed = (await V2Client.open(again.port, { session, resumeToken, lastSeq: 0, stored: 3, waiting })).client
    assert.equal((await resumed.answer(1)).payload.toString(), 'taken')
    assert.deepEqual(json(await resumed.answer(2)), { ms: 1_200 })
    assert.equal((await resumed.answer(3)).payload.toString(), 'left')
  })
})

/** The port takes nobody any more: refused, or closed without a byte. */
async function refusesConnections(port: number): Promise<void> {
  const socket = connectSocket(port, '127.0.0.1')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
}
