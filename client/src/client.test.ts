import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Codec, decodeClose, encodeCredit, encodeError, Flag, FrameType, problem, utf8Decode } from '@causeway/protocol'
import { connect } from './connect.ts'
import { FakeGateway } from './fake-gateway.fixture.ts'

test('a client shakes hands and says who it is', async () => {
  await using gateway = await FakeGateway.listen()
  const opening = connect(gateway.address, { token: async () => 't-1' })
  const connection = await gateway.accept()
  const syn = await connection.handshake()
  await using client = await opening
  assert.equal(client.session, 's-1')
  assert.deepEqual(syn, {
    token: 't-1',
    keepAliveMs: 30_000,
    codecs: ['json', 'bytes'],
    client: { name: '@causeway/client', version: '0.1.0' },
  })
})

test('a request is answered with the value of its JSON, by route name or opcode', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const byName = client.request('echo', { hello: 1 }, { timeout: 2_000, key: 'k' })
  const byNumber = client.request(5, [1])
  const first = await connection.receive(FrameType.REQUEST)
  const second = await connection.receive(FrameType.REQUEST)
  assert.deepEqual([first.msgId, first.opcode, first.codec, utf8Decode(first.payload)], [1, 0, Codec.JSON, '{"hello":1}'])
  assert.deepEqual(first.metadata, { route: 'echo', timeout: 2_000, idempotencyKey: 'k' })
  assert.deepEqual([second.msgId, second.opcode, second.metadata], [2, 5, undefined])
  connection.respond(2, 1, 'second')
  connection.respond(1, 2, { hello: 1 })
  assert.deepEqual(await byName, { hello: 1 })
  assert.equal(await byNumber, 'second')
})

test('bytes go as bytes and come back as bytes', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const answer = client.request('echo', Uint8Array.of(0, 255))
  const { codec, payload } = await connection.receive(FrameType.REQUEST)
  assert.deepEqual([codec, payload.length], [Codec.BYTES, 2])
  connection.send({ type: FrameType.RESPONSE, msgId: 1, seq: 1, payload: Uint8Array.of(7, 8) })
  assert.deepEqual(await answer, Uint8Array.of(7, 8))
})

test('a notification resolves when the server says it is stored, and not before', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  let stored = 0
  const all = [1, 2, 3].map(n => client.notify('report', { n }).then(() => stored++))
  for (let n = 0; n < 3; n++) await connection.receive(FrameType.NOTIFY)
  connection.send({ type: FrameType.ACK, msgId: 2 })
  await Promise.all(all.slice(0, 2))
  assert.equal(stored, 2)
  connection.send({ type: FrameType.ACK, msgId: 3 })
  await all[2]
})

test('a failure comes with code, number and detail', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const answer = client.request('nowhere')
  await connection.receive(FrameType.REQUEST)
  connection.send(encodeError(problem('RATE_LIMITED', { detail: 'slow down', retryAfterMs: 50 }), { msgId: 1 }))
  await assert.rejects(answer, { name: 'CausewayError', code: 'RATE_LIMITED', number: 4103, detail: 'slow down', retryAfterMs: 50 })
})

test('a stream gives each value in order and ends', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const values: unknown[] = []
  const reading = (async () => {
    for await (const value of client.stream('demo.count', { to: 3 })) values.push(value)
  })()
  await connection.receive(FrameType.REQUEST)
  for (const n of [1, 2, 3]) connection.respond(1, n, { n }, Flag.MORE)
  connection.send({ type: FrameType.RESPONSE, msgId: 1, seq: 4 })
  await reading
  assert.deepEqual(values, [{ n: 1 }, { n: 2 }, { n: 3 }])
})

test('the last value of a stream may come in the frame that ends it', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const read: unknown[] = []
  const reading = (async () => {
    for await (const value of client.stream('demo.count')) read.push(value)
  })()
  const whole = client.request('demo.count')
  await connection.receive(FrameType.REQUEST)
  await connection.receive(FrameType.REQUEST)
  for (const msgId of [1, 2]) {
    connection.respond(msgId, msgId * 2 - 1, 'first', Flag.MORE)
    connection.respond(msgId, msgId * 2, 'last')
  }
  await reading
  assert.deepEqual(read, ['first', 'last'])
  assert.deepEqual(await whole, ['first', 'last'])
})

test('leaving a stream early sends CANCEL, and later chunks are dropped', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const reading = (async () => {
    for await (const value of client.stream('demo.count')) return value
  })()
  await connection.receive(FrameType.REQUEST)
  connection.respond(1, 1, 'one', Flag.MORE)
  connection.respond(1, 2, 'two', Flag.MORE)
  assert.equal(await reading, 'one')
  assert.equal((await connection.receive(FrameType.CANCEL)).msgId, 1)
})

test('an aborted signal cancels: at the server where it was sent, alone where it waits', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair({}, { window: { messages: 1, bytes: 1_024 } })
  await using _ = client
  const sent = new AbortController()
  const waiting = new AbortController()
  const signals = [sent.signal, waiting.signal, AbortSignal.abort()]
  const refused = signals.map(signal => assert.rejects(client.request('slow', 1, { signal }), { code: 'CANCELLED', number: 4104 }))
  await connection.receive(FrameType.REQUEST)
  waiting.abort()
  sent.abort()
  await Promise.all(refused)
  assert.equal((await connection.receive(FrameType.CANCEL)).msgId, 1)
  connection.send(encodeError(problem('CANCELLED'), { msgId: 1 }))
  void client.request('next').catch(() => {})
  assert.equal((await connection.receive(FrameType.REQUEST)).msgId, 2, 'the second never took a number')
})

test('a reader too far behind loses the stream with OVERLOADED, and the server is told', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const stream = client.stream('demo.count')
  const first = stream.next()
  await connection.receive(FrameType.REQUEST)
  const chunk = { type: FrameType.RESPONSE, codec: Codec.JSON, msgId: 1, flags: Flag.MORE, payload: '1' }
  connection.send(...Array.from({ length: 1_100 }, (_unused, index) => ({ ...chunk, seq: index + 1 })))
  let frame = await connection.receiveAny()
  while (frame.type === FrameType.ACK) frame = await connection.receiveAny()
  assert.deepEqual([frame.type, frame.msgId], [FrameType.CANCEL, 1])
  assert.deepEqual(await first, { done: false, value: 1 })
  await assert.rejects(
    async () => {
      for await (const _value of stream);
    },
    { code: 'OVERLOADED' },
  )
})

test('a push is given once, with its channel, and acknowledged', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const pushes: unknown[] = []
  client.on('push', push => pushes.push(push))
  const own = { type: FrameType.PUSH, codec: Codec.JSON, seq: 1, payload: '"mine"' }
  connection.send(own, own, {
    type: FrameType.PUSH,
    codec: Codec.JSON,
    metadata: { channel: 'news', channelOffset: 9n },
    payload: '"ours"',
  })
  assert.equal((await connection.receive(FrameType.ACK)).seq, 1)
  assert.deepEqual(pushes, [
    { payload: 'mine', channel: undefined, offset: undefined, redelivered: false },
    { payload: 'ours', channel: 'news', offset: 9n, redelivered: false },
  ])
})

test('an acknowledgement rides on the next message', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const first = client.request('echo', 1)
  await connection.receive(FrameType.REQUEST)
  connection.respond(1, 1, 1)
  await first
  void client.request('echo', 2).catch(() => {})
  assert.equal((await connection.receive(FrameType.REQUEST)).seq, 1)
})

test('64 deliveries are acknowledged at once, not after a while', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  connection.send(...Array.from({ length: 130 }, (_unused, index) => ({ type: FrameType.PUSH, seq: index + 1 })))
  assert.equal((await connection.receive(FrameType.ACK)).seq, 64)
  assert.equal((await connection.receive(FrameType.ACK)).seq, 128)
  assert.equal((await connection.receive(FrameType.ACK)).seq, 130)
})

test('keeps within the window, and CREDIT opens it', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair({}, { window: { messages: 2, bytes: 1 << 20 } })
  await using _ = client
  const answers = [1, 2, 3, 4].map(n => client.request('echo', n))
  for (const n of [1, 2]) assert.equal((await connection.receive(FrameType.REQUEST)).msgId, n)
  connection.respond(1, 1, 1)
  assert.equal((await connection.receive(FrameType.REQUEST)).msgId, 3, 'an answer makes room for one')
  await turn()
  assert.equal(connection.waiting, 0)
  connection.send(encodeCredit({ messages: 10, bytes: 1 << 20 }))
  assert.equal((await connection.receive(FrameType.REQUEST)).msgId, 4)
  for (const n of [2, 3, 4]) connection.respond(n, n, n)
  assert.deepEqual(await Promise.all(answers), [1, 2, 3, 4])
})

test('beyond 1,000 waiting messages a request is refused with OVERLOADED', async () => {
  await using gateway = await FakeGateway.listen()
  const { client } = await gateway.pair({}, { window: { messages: 1, bytes: 1 << 20 } })
  await using _ = client
  const kept = Array.from({ length: 1_001 }, () => client.request('echo').catch((error: { code: string }) => error.code))
  await assert.rejects(client.request('echo'), { code: 'OVERLOADED', number: 4001 })
  await client.close()
  const codes = await Promise.all(kept)
  assert.deepEqual([codes[0], codes[1], codes[1_000]], ['UNKNOWN', 'CLOSED', 'CLOSED'])
})

test('beyond 1 MiB waiting a request is refused, and one above maxPayload at once', async () => {
  await using gateway = await FakeGateway.listen()
  const { client } = await gateway.pair({}, { window: { messages: 1, bytes: 1 << 20 }, maxPayload: 600_000 })
  await using _ = client
  const ignore = (promise: Promise<unknown>) => void promise.catch(() => {})
  ignore(client.request('echo', new Uint8Array(10)))
  ignore(client.request('echo', new Uint8Array(600_000)))
  await assert.rejects(client.request('echo', new Uint8Array(600_000)), { code: 'OVERLOADED' })
  await assert.rejects(client.request('echo', new Uint8Array(600_001)), { code: 'TOO_LARGE' })
})

test('a request without an answer ends as TIMEOUT', async () => {
  await using gateway = await FakeGateway.listen()
  const { client } = await gateway.pair()
  await using _ = client
  await assert.rejects(client.request('slow', 1, { timeout: 20 }), { code: 'TIMEOUT', number: 4101 })
})

test('a ping is answered with its bytes', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  connection.send({ type: FrameType.PING, payload: 'abc' })
  assert.equal(utf8Decode((await connection.receive(FrameType.PONG)).payload), 'abc')
})

test('a silent server is pinged, and left when it stays silent', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair({}, { keepAliveMs: 30 })
  await using _ = client
  await connection.receive(FrameType.PING)
  connection.send({ type: FrameType.PONG })
  await connection.receive(FrameType.PING)
  const next = await gateway.accept()
  assert.equal((await next.handshake({ resumed: true, recovered: true })).session, 's-1')
})

test('all requests of one turn leave in one write', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  await turn()
  const before = connection.reads
  const answers = Array.from({ length: 100 }, (_unused, n) => client.request('echo', n))
  for (let msgId = 1; msgId <= 100; msgId++) await connection.receive(FrameType.REQUEST)
  assert.equal(connection.reads - before, 1)
  for (let msgId = 1; msgId <= 100; msgId++) connection.respond(msgId, msgId, msgId)
  assert.equal((await Promise.all(answers)).length, 100)
})

test('close says so to the server, and ends what is open', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  const ended = once(connection.socket, 'end')
  const answer = client.request('slow')
  const refused = assert.rejects(answer, { code: 'UNKNOWN', number: 0 })
  await connection.receive(FrameType.REQUEST)
  await client.close()
  await refused
  assert.equal(decodeClose((await connection.receive(FrameType.CLOSE)).payload).code, 'GOING_AWAY')
  await ended
  await assert.rejects(client.request('echo'), { code: 'CLOSED' })
})

test('a payload that JSON cannot say is refused at the call', async () => {
  await using gateway = await FakeGateway.listen()
  const { client } = await gateway.pair()
  await using _ = client
  await assert.rejects(
    client.request('echo', () => 1),
    TypeError,
  )
})
