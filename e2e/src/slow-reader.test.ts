import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Installation, type RunningGateway } from './installation.ts'
import { memoryOf, metric } from './metric.ts'
import { everywhere } from './places.ts'
import { RESPONSE, request, V2Client } from './v2-client.ts'

const TOTAL = 1_000
const PAYLOAD_BYTES = 20 << 10
/** What 20 MB of unread answers may cost a process that keeps them on disk or in Redis and 1 MiB of them in memory, bytes. */
const MEMORY_GROWTH = 250 << 20
/** A client that drains nothing is cut off after a second beyond its buffer; all must be handled first, ms. */
const CUT_OFF_MS = 30_000

everywhere('a client that asks for 20 MB and reads nothing', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()
  const { client, synAck } = await V2Client.open(gateway.port)
  using neighbour = (await V2Client.open(gateway.port)).client
  const { session, resumeToken } = synAck

  await context.test('is cut off as SLOW_CONSUMER, while memory stays bounded and others are served', async () => {
    const before = await memoryOf(gateway)
    let most = before
    client.socket.pause()
    client.send(...Array.from({ length: TOTAL }, (_, index) => request(index + 1, 'echo', payload(index + 1))))
    for (let asked = 1, end = Date.now() + CUT_OFF_MS; !(await cutOff(gateway)); asked++) {
      assert.ok(Date.now() < end, 'the client was not cut off')
      neighbour.send(request(asked, 'echo', `neighbour ${asked}`, { seq: asked - 1 }))
      await neighbour.answer(asked)
      most = Math.max(most, await memoryOf(gateway))
      await sleep(50)
    }
    context.diagnostic(`memory grew by ${Math.round((most - before) / 1e6)} MB`)
    assert.ok(!(most - before > MEMORY_GROWTH), `memory grew by ${most - before} bytes`)
    client.cut()
  })

  await context.test('gets everything after a resume, in order, once', async () => {
    // what the gateway had not read when it cut the line is sent again, as a client does
    const { client: again, synAck: resumed } = await V2Client.open(gateway.port, { session, resumeToken, lastSeq: 0 })
    using _ = again
    assert.deepEqual([resumed.resumed, resumed.recovered], [true, true])
    for (let msgId = resumed.lastMsgId + 1; msgId <= TOTAL; msgId++) again.send(request(msgId, 'echo', payload(msgId)))
    for (let expected = 1; expected <= TOTAL; expected++) {
      const answer = await again.take(RESPONSE)
      assert.deepEqual([answer.msgId, answer.seq], [expected, expected])
      assert.ok(answer.payload.equals(payload(expected)), `payload of ${expected}`)
    }
    again.send(request(TOTAL + 1, 'echo', 'on', { seq: TOTAL }))
    assert.equal((await again.answer(TOTAL + 1)).seq, TOTAL + 1)
  })
})

const payload = (msgId: number): Buffer => Buffer.alloc(PAYLOAD_BYTES, `${msgId};`)

const cutOff = async (gateway: RunningGateway): Promise<boolean> =>
  (await metric(gateway, 'causeway_connections_closed_total', 'code="SLOW_CONSUMER"')) === 1
