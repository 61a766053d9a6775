import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere, onRealBackends } from './places.ts'
import {
  ACK,
  CLOSE,
  ERROR,
  frame,
  json,
  REDELIVERED,
  RESPONSE,
  request,
  SYN,
  type SynAckBody,
  V2Client,
  type WireFrame,
} from './v2-client.ts'

const TOTAL = 40
const SLOW = { ms: 150 }

everywhere('resume', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()
  await showResume(context, gateway, gateway)
})

onRealBackends('resume on another gateway (Kafka and Redis)', async (context, place) => {
  await using installation = await Installation.make(place)
  await installation.worker()
  const [first, second] = await Promise.all([installation.gateway(), installation.gateway()])
  await showResume(context, first, second)
})

/** A session begins on `first` and goes on at `second`. */
async function showResume(context: TestContext, first: RunningGateway, second: RunningGateway): Promise<void> {
  await context.test('a socket cut with requests in flight: nothing lost, nothing twice, numbered without a gap', async () => {
    const { client, synAck } = await V2Client.open(first.port)
    const asked = Array.from({ length: TOTAL }, (_, index) =>
      index === TOTAL / 2 ? request(index + 1, 'demo.slow', SLOW) : request(index + 1, 'echo', `#${index + 1}`),
    )
    client.send(...asked)
    const taken = [await client.take(RESPONSE), await client.take(RESPONSE)]
    await client.inbox.take('an ACK of all', each => each.type === ACK && each.msgId === TOTAL)
    client.cut()

    const { client: again, resumed } = await resume(second, synAck, { lastSeq: 2, stored: TOTAL, waiting: waitingFrom(3) })
    using _ = again
    assert.deepEqual([resumed.session, resumed.resumed, resumed.recovered], [synAck.session, true, true])
    assert.equal(resumed.epoch, synAck.epoch + 1)
    assert.equal(resumed.lastMsgId, TOTAL)
    const rest: WireFrame[] = []
    while (rest.length < TOTAL - 2) rest.push(await again.take(RESPONSE))
    const numbers = [...taken, ...rest].map(({ msgId, seq }) => [msgId, seq])
    assert.deepEqual(
      numbers,
      Array.from({ length: TOTAL }, (_, index) => [index + 1, index + 1]),
    )
    assert.ok((rest[0].flags & REDELIVERED) !== 0, 'what was made before the resume says that it may have been sent before')
    again.send(request(TOTAL + 1, 'echo', 'on', { seq: TOTAL }))
    assert.equal((await again.answer(TOTAL + 1)).seq, TOTAL + 1)
    assert.deepEqual(
      again.inbox.items.filter(each => each.type === RESPONSE),
      [],
    )
  })

  await context.test('lastMsgId says what is stored: sent again it is dropped, sent above it is handled', async () => {
    const { client, synAck } = await V2Client.open(first.port)
    client.send(request(1, 'echo', 'one'), request(2, 'echo', 'two'))
    await client.take(RESPONSE, 2)
    await client.take(ACK, 2)
    client.cut()
    const { client: again, resumed } = await resume(second, synAck, { lastSeq: 1, stored: 2 })
    using _ = again
    assert.equal(resumed.lastMsgId, 2)
    again.send(request(1, 'echo', 'one'), request(2, 'echo', 'two'), request(3, 'echo', 'three'))
    assert.deepEqual([(await again.take(RESPONSE)).msgId, (await again.take(RESPONSE)).msgId], [2, 3])
    again.send(request(4, 'echo', 'four', { seq: 3 }))
    assert.equal((await again.take(RESPONSE)).msgId, 4)
  })

  await context.test('what was acknowledged is not sent again', async () => {
    const { client, synAck } = await V2Client.open(first.port)
    client.send(request(1, 'echo', 'one'))
    await client.take(RESPONSE, 1)
    client.cut()
    using again = (await resume(second, synAck, { lastSeq: 1, stored: 1 })).client
    again.send(request(2, 'echo', 'two'))
    assert.equal((await again.take(RESPONSE)).msgId, 2)
  })

  await context.test('a wrong resumeToken is SESSION_UNKNOWN, and the session is none the worse', async () => {
    const { client, synAck } = await V2Client.open(first.port)
    using _ = client
    using thief = await V2Client.connect(second.port)
    thief.send(
      frame(SYN, {
        codec: 1,
        payload: JSON.stringify({ session: synAck.session, resumeToken: 'guessed', client: { name: 'x', version: '0' } }),
      }),
    )
    const error = json(await thief.take(ERROR))
    assert.deepEqual([error.code, error.number], ['SESSION_UNKNOWN', 4513])
    assert.equal(json(await thief.take(CLOSE)).number, 4513)
    await thief.ended()
    client.send(request(1, 'echo', 'mine'))
    assert.equal((await client.answer(1)).payload.toString(), 'mine')
  })

  await context.test('a session that nobody knows becomes a new one', async () => {
    const { client, synAck } = await V2Client.open(second.port, { session: 'long-gone', resumeToken: 'whatever', lastSeq: 7, stored: 9 })
    using _ = client
    assert.deepEqual([synAck.resumed, synAck.recovered, synAck.lastMsgId, synAck.epoch], [false, false, 0, 1])
    assert.notEqual(synAck.session, 'long-gone')
    client.send(request(1, 'echo', 'new'))
    assert.equal((await client.answer(1)).seq, 1)
  })

  await context.test('a second connection takes the session over: the first gets CLOSE REPLACED and nothing more', async () => {
    const { client, synAck } = await V2Client.open(first.port)
    client.send(request(1, 'demo.slow', SLOW))
    await client.take(ACK, 1)
    const { client: newer, resumed } = await resume(second, synAck, { lastSeq: 0, stored: 1, waiting: [[1, 10_000]] })
    using _ = newer
    assert.equal(resumed.recovered, true)
    const close = json(await client.take(CLOSE))
    assert.deepEqual([close.code, close.number], ['REPLACED', 4512])
    await client.ended()
    assert.deepEqual(json(await newer.answer(1)), SLOW)
    assert.deepEqual(
      client.inbox.items.filter(each => each.type === RESPONSE),
      [],
    )
  })

  await context.test('a deadline goes on across the resume, as the SYN tells it', async () => {
    const { client, synAck } = await V2Client.open(first.port)
    client.send(request(1, 'demo.slow', { ms: 1_000 }, { metadata: { 2: 30_000 } }))
    await client.take(ACK, 1)
    client.cut()
    using again = (await resume(second, synAck, { lastSeq: 0, stored: 1, waiting: [[1, 200]] })).client
    assert.equal(json(await again.answer(1)).code, 'TIMEOUT')
  })
}

const waitingFrom = (first: number): [number, number][] => Array.from({ length: TOTAL - first + 1 }, (_, index) => [first + index, 30_000])

async function resume(
  gateway: RunningGateway,
  { session, resumeToken }: SynAckBody,
  syn: object,
): Promise<{ client: V2Client; resumed: SynAckBody }> {
  const { client, synAck } = await V2Client.open(gateway.port, { session, resumeToken, ...syn })
  return { client, resumed: synAck }
}
