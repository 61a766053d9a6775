import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  decodeClose,
  decodeCredit,
  decodeError,
  decodeGoaway,
  Flag,
  FrameType,
  MAX_NUMBER,
  OUTBOX_BYTES,
  ProtocolError,
} from '@causeway/protocol'
import { until } from '@causeway/testing'
import { FakeClient, openClient } from './client.fixture.ts'
import { answer, fakeGateway, push, quiet, requestOf, textOf } from './gateway.fixture.ts'
import { SLOW_CONSUMER_MS } from './limits.ts'

const answers = ({ transport }: FakeClient) => transport.of(FrameType.RESPONSE).map(frame => textOf(frame.payload))
const closeOf = ({ transport }: FakeClient) => decodeClose(transport.of(FrameType.CLOSE)[0].payload)
const errorOf = ({ transport }: FakeClient) => decodeError(transport.of(FrameType.ERROR)[0].payload)

describe('a connection', () => {
  test('sends an answer under its number, numbered, and takes the acknowledgement', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(requestOf(1))
    await answer(gateway, gateway.appender.records[0], 'hello')
    const [{ msgId, seq, payload }] = client.transport.of(FrameType.RESPONSE)
    assert.deepEqual([msgId, seq, textOf(payload)], [1, 1, 'hello'])
    client.send({ type: FrameType.ACK, seq: 1 })
    assert.equal(client.session.acknowledged, 1)
    assert.ok(gateway.host.touched.has(client.session))
  })

  test('writes all answers of a turn at once', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2), requestOf(3))
    const writes = client.transport.writes.length
    const { id, bucket, incarnation } = client.session
    const entries = gateway.appender.records.map(({ pending: { msgId, prev } }) => ({
      ...{ kind: 'final' as const, session: id, bucket, incarnation, msgId, prev, outcome: 'answered' as const },
      frame: new Uint8Array(requestOf(msgId).payload.length + 20).fill(0),
    }))
    for (const entry of entries)
      entry.frame.set([0x4d, 0x43, 2, FrameType.RESPONSE, 0, 0, 0, 1, 0, 0, 0, entry.msgId, 0, 0, 0, 0, 0, 0, 0, 9])
    await gateway.store.finish(entries)
    assert.deepEqual([client.transport.writes.length - writes, client.transport.writes.at(-1)?.length], [1, 3])
  })

  test('refuses with ERROR and seq 0 what has no route, and goes on', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(requestOf(1, { opcode: 999 }))
    const [{ msgId, seq }] = client.transport.of(FrameType.ERROR)
    assert.deepEqual([msgId, seq, errorOf(client).code], [1, 0, 'NO_ROUTE'])
    client.send({ type: FrameType.PONG, payload: client.transport.of(FrameType.PING)[0].payload }, requestOf(2))
    assert.equal(gateway.appender.records.length, 1)
  })

  test('drops a repeat and acknowledges it again', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2))
    gateway.host.unacknowledged.clear()
    client.send(requestOf(1))
    assert.deepEqual([gateway.appender.records.length, gateway.counters.repeats], [2, 1])
    assert.ok(gateway.host.unacknowledged.has(client.session))
  })

  test('tells the stored mark with an answer where it is due, else when asked', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2))
    gateway.appender.confirm()
    client.session.acknowledgementDue = true
    await answer(gateway, gateway.appender.records[0])
    assert.deepEqual(
      client.transport.frames.slice(-2).map(({ type, msgId }) => [type, msgId]),
      [
        [FrameType.ACK, 2],
        [FrameType.RESPONSE, 1],
      ],
    )
    assert.equal(gateway.host.unacknowledged.has(client.session), false)
    client.connection.acknowledge()
    assert.deepEqual(client.transport.frames.at(-1)?.msgId, 2)
  })

  test('answers PING with PONG and its payload', async () => {
    const client = await openClient(fakeGateway())
    client.send({ type: FrameType.PING, payload: 'abc' })
    assert.deepEqual(
      client.transport.of(FrameType.PONG).map(frame => textOf(frame.payload)),
      ['abc'],
    )
  })

  test('ends a request that its client cancels, once', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(
      requestOf(1),
      { type: FrameType.CANCEL, msgId: 1 },
      { type: FrameType.CANCEL, msgId: 1 },
      { type: FrameType.CANCEL, msgId: 9 },
    )
    await until(() => client.transport.of(FrameType.ERROR).length === 1)
    assert.deepEqual([errorOf(client).code, gateway.store.entries.length, client.session.pending.size], ['CANCELLED', 1, 0])
  })

  test('shows one answer where the answer and the cancellation race', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.send(requestOf(1))
    const answering = answer(gateway, gateway.appender.records[0])
    client.send({ type: FrameType.CANCEL, msgId: 1 })
    await answering
    await quiet()
    assert.deepEqual([answers(client), client.transport.of(FrameType.ERROR)], [['answer 1'], []])
  })

  test('ends when its client says CLOSE, and the session stays', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { session } = client
    client.send({ type: FrameType.CLOSE })
    assert.equal(client.transport.endCode(), 4000)
    assert.deepEqual([session.owner, gateway.host.held.has(session.id), gateway.context.connections.size], [undefined, true, 0])
  })

  test('echoes checksums to a client that sends them', async () => {
    const gateway = fakeGateway()
    const client = new FakeClient(gateway, { checksum: true })
    await client.open()
    client.send({ type: FrameType.PING, payload: 'x' })
    assert.ok(client.transport.frames.every(frame => (frame.flags & Flag.CHECKSUM) !== 0))
    const plain = await openClient(gateway)
    assert.ok(plain.transport.frames.every(frame => (frame.flags & Flag.CHECKSUM) === 0))
  })

  for (const [what, frame, code] of [
    ['a message without a number', requestOf(0), 'BAD_FRAME'],
    ['a frame that only a gateway sends', { type: FrameType.RESPONSE, msgId: 1 }, 'BAD_FRAME'],
    ['a second SYN', { type: FrameType.SYN }, 'BAD_FRAME'],
  ] as const) {
    test(`ends with ERROR, then CLOSE, at ${what}`, async () => {
      const client = await openClient(fakeGateway())
      client.send(frame, requestOf(2))
      assert.deepEqual(
        client.transport.frames.slice(-2).map(({ type }) => type),
        [FrameType.ERROR, FrameType.CLOSE],
      )
      assert.deepEqual([errorOf(client).code, closeOf(client).code], [code, code])
    })
  }

  test('takes the frames before bytes that are none, then ends', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    client.fail(new ProtocolError('BAD_CHECKSUM', 'crc', { msgId: 2 }), requestOf(1))
    assert.deepEqual([gateway.appender.records.length, closeOf(client).code, client.transport.endCode()], [1, 'BAD_CHECKSUM', 4501])
  })

  test('asks a session near its last number to begin anew, once', async () => {
    const client = await openClient(fakeGateway())
    client.send(requestOf(MAX_NUMBER), requestOf(MAX_NUMBER + 1))
    const goaways = client.transport.of(FrameType.GOAWAY).map(frame => decodeGoaway(frame.payload))
    assert.deepEqual(
      goaways.map(goaway => [goaway.code, goaway.reconnectAfterMs]),
      [['GOING_AWAY', 0]],
    )
    assert.match(goaways[0].reason, /numbers of this session/)
  })
})

describe('a client beyond its window', () => {
  test('is read no further, and what it sent goes on in order as messages finish', async () => {
    const gateway = fakeGateway({ window: 2 })
    const client = await openClient(gateway)
    client.send(...[1, 2, 3, 4, 5].map(msgId => requestOf(msgId)))
    assert.deepEqual([gateway.appender.records.length, client.transport.paused], [2, true])
    await answer(gateway, gateway.appender.records[0])
    await until(() => gateway.appender.records.length === 3)
    assert.equal(client.transport.paused, true)
    for (const index of [1, 2, 3, 4]) {
      await until(() => gateway.appender.records.length > index)
      await answer(gateway, gateway.appender.records[index])
    }
    assert.deepEqual(
      answers(client),
      [1, 2, 3, 4, 5].map(msgId => `answer ${msgId}`),
    )
    await until(() => !client.transport.paused)
  })

  test('keeps its order where a later message would still fit', async () => {
    const gateway = fakeGateway({ windowBytes: 1_024 })
    const client = await openClient(gateway)
    const sized = (msgId: number, bytes: number) => requestOf(msgId, { payload: new Uint8Array(bytes) })
    client.send(sized(1, 1_000), sized(2, 1_000), sized(3, 1))
    assert.deepEqual(
      gateway.appender.records.map(({ pending }) => pending.msgId),
      [1],
    )
    await answer(gateway, gateway.appender.records[0])
    await until(() => gateway.appender.records.length === 3)
    assert.deepEqual(
      gateway.appender.records.map(({ pending }) => pending.msgId),
      [1, 2, 3],
    )
  })

  test('is read no further once what it sent beyond its window would not fit into it either, in bytes', async () => {
    const gateway = fakeGateway()
    const { windowBytes, maxPayload } = gateway.config
    const client = await openClient(gateway)
    const payload = new Uint8Array(maxPayload)
    let sent = 0
    while (!client.transport.paused && sent < 100) client.send(requestOf(++sent, { payload }))
    const fitting = windowBytes / maxPayload
    assert.deepEqual([gateway.appender.records.length, sent], [fitting, fitting + 1])
    await answer(gateway, gateway.appender.records[0])
    await until(() => gateway.appender.records.length === sent)
    assert.equal(client.transport.paused, false)
  })

  test('gets its control frames through', async () => {
    const gateway = fakeGateway({ window: 1 })
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2), { type: FrameType.PING }, { type: FrameType.CANCEL, msgId: 1 })
    assert.equal(client.transport.of(FrameType.PONG).length, 1)
    await until(() => gateway.appender.records.length === 2)
  })

  test('goes on when its acknowledgement opens the window, with nothing left to finish', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    for (let seq = 1; seq <= 4_096; seq++) await push(gateway, client.session.id, `push ${seq}`)
    client.send(requestOf(1))
    assert.equal(gateway.appender.records.length, 0)
    client.send({ type: FrameType.ACK, seq: 4_096 })
    await until(() => gateway.appender.records.length === 1)
  })
})

describe('a client that acknowledges nothing', () => {
  const LARGE = 'x'.repeat(1 << 20)

  test(`has no window once it has ${OUTBOX_BYTES} bytes to acknowledge, and has one again by acknowledging some`, async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const deliveries = OUTBOX_BYTES / LARGE.length
    for (let seq = 1; seq < deliveries; seq++) await push(gateway, client.session.id, LARGE)
    client.send(requestOf(1))
    assert.equal(gateway.appender.records.length, 1)
    await push(gateway, client.session.id, LARGE)
    client.send(requestOf(2))
    assert.equal(gateway.appender.records.length, 1)
    const credits = () => client.transport.of(FrameType.CREDIT).map(({ payload }) => decodeCredit(payload))
    assert.deepEqual(credits(), [{ messages: 0, bytes: 0 }])
    client.send({ type: FrameType.ACK, seq: 2 })
    await until(() => gateway.appender.records.length === 2)
    const { window, windowBytes } = gateway.context.config
    assert.deepEqual(credits(), [
      { messages: 0, bytes: 0 },
      { messages: window, bytes: windowBytes },
    ])
  })

  test('has its window where wake-ups come late for what it has acknowledged', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { id } = client.session
    gateway.store.wakes = false
    const deliveries = OUTBOX_BYTES / LARGE.length
    for (let seq = 1; seq <= deliveries; seq++) await push(gateway, id, LARGE)
    await gateway.host.catchUp(client.session)
    client.send({ type: FrameType.ACK, seq: deliveries })
    for (const { seq, frame } of gateway.store.kept.get(id)!.outbox) gateway.host.deliver(id, seq, frame)
    client.send(requestOf(1))
    assert.equal(gateway.appender.records.length, 1)
  })
})

describe('a client that does not read', () => {
  test('gets what passed it by from its outbox when it reads again, in order and once', async () => {
    const gateway = fakeGateway({ sendBuffer: 4_096 })
    const client = await openClient(gateway)
    const { id } = client.session
    await push(gateway, id, 'one')
    client.transport.waitingBytes = 4_097
    for (const payload of ['two', 'three']) await push(gateway, id, payload)
    assert.equal(client.transport.of(FrameType.PUSH).length, 1)
    client.transport.drain()
    await push(gateway, id, 'four')
    await until(() => client.transport.of(FrameType.PUSH).length === 4)
    await push(gateway, id, 'five')
    const pushes = client.transport.of(FrameType.PUSH).map(frame => [frame.seq, textOf(frame.payload)])
    assert.deepEqual(pushes, [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
      [4, 'four'],
      [5, 'five'],
    ])
  })

  test(`is cut off after ${SLOW_CONSUMER_MS} ms, not before`, async () => {
    const gateway = fakeGateway({ sendBuffer: 4_096 })
    const client = await openClient(gateway)
    client.transport.waitingBytes = 4_097
    const before = Date.now()
    await push(gateway, client.session.id, 'x')
    const after = Date.now()
    client.connection.tick(before + SLOW_CONSUMER_MS)
    assert.equal(client.transport.endCode(), undefined)
    client.connection.tick(after + SLOW_CONSUMER_MS + 1)
    assert.deepEqual([client.transport.endCode(), client.transport.destroyed], [4003, true])
  })

  test('is not cut off while it takes something, however little', async () => {
    const gateway = fakeGateway({ sendBuffer: 4_096 })
    const client = await openClient(gateway)
    client.transport.waitingBytes = 10_000
    await push(gateway, client.session.id, 'x')
    const after = Date.now()
    for (let look = 1; look <= 5; look++) {
      client.transport.waitingBytes -= 100
      client.connection.tick(after + look * SLOW_CONSUMER_MS)
      assert.equal(client.transport.endCode(), undefined)
    }
    client.connection.tick(after + 6 * SLOW_CONSUMER_MS + 1)
    assert.equal(client.transport.endCode(), 4003)
  })
})
