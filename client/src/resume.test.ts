import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SynAck } from '@causeway/protocol'
import { Codec, encodeClose, encodeError, encodeGoaway, Flag, FrameType, problem } from '@causeway/protocol'
import { connect } from './connect.ts'
import { type FakeConnection, FakeGateway } from './fake-gateway.fixture.ts'
import type { ClientState } from './options.ts'

const RESUMED: Partial<SynAck> = { resumed: true, recovered: true, epoch: 2, resumeToken: 'r-2' }

test('resumes with what it knows, and sends again what was not stored, in order, with the old numbers', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const answers = [1, 2, 3, 4].map(n => client.request('echo', n, { timeout: 5_000 }))
  for (let n = 1; n <= 4; n++) await connection.receive(FrameType.REQUEST)
  connection.send({ type: FrameType.ACK, msgId: 1 })
  connection.respond(3, 1, 'three')
  assert.equal(await answers[2], 'three')
  connection.socket.destroy()

  const again = await gateway.accept()
  const syn = await again.handshake({ ...RESUMED, lastMsgId: 2 })
  assert.deepEqual([syn.session, syn.resumeToken, syn.attempt, syn.lastSeq, syn.stored], ['s-1', 'r-1', 1, 1, 1])
  const [[waitingId, left]] = syn.waiting!
  assert.ok(syn.waiting!.length === 1 && waitingId === 1 && left > 0 && left <= 5_000)
  const resent = await again.receive(FrameType.REQUEST)
  assert.equal(resent.msgId, 4, '1 and 2 are stored, 3 is answered')
  assert.ok(resent.metadata!.timeout! <= 5_000)
  again.respond(1, 2, 'one')
  again.respond(2, 3, 'two')
  again.respond(4, 4, 'four')
  assert.deepEqual(await Promise.all(answers), ['one', 'two', 'three', 'four'])
})

test('a delivery that comes again after a resume is given once and acknowledged', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const pushes: unknown[] = []
  client.on('push', push => pushes.push(push.payload))
  const push = (seq: number, flags = 0) => ({ type: FrameType.PUSH, codec: Codec.JSON, seq, flags, payload: String(seq) })
  connection.send(push(1), push(2))
  assert.equal((await connection.receive(FrameType.ACK)).seq, 2)
  connection.socket.destroy()
  const again = await gateway.accept()
  assert.equal((await again.handshake(RESUMED)).lastSeq, 2)
  again.send(push(1, Flag.REDELIVERED), push(2, Flag.REDELIVERED), push(3, Flag.REDELIVERED))
  assert.equal((await again.receive(FrameType.ACK)).seq, 3)
  assert.deepEqual(pushes, [1, 2, 3])
})

test('a session the server has forgotten ends what was sent as UNKNOWN, and what waited goes out on the new one', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair({}, { window: { messages: 1, bytes: 1_024 } })
  await using _ = client
  const states: ClientState[] = []
  client.on('state', state => states.push(state))
  const sent = assert.rejects(client.request('echo', 1), { code: 'UNKNOWN', number: 0 })
  const waiting = client.request('echo', 2)
  await connection.receive(FrameType.REQUEST)
  connection.socket.destroy()
  const again = await gateway.accept()
  await again.handshake({ session: 's-2', resumeToken: 'r-9' })
  await sent
  assert.equal((await again.receive(FrameType.REQUEST)).msgId, 1, 'numbers begin anew')
  again.respond(1, 1, 'ok')
  assert.equal(await waiting, 'ok')
  assert.equal(client.session, 's-2')
  assert.deepEqual(
    states.map(state => state.state),
    ['disconnected', 'connecting', 'connected'],
  )
  assert.deepEqual(states[2], { state: 'connected', session: 's-2', recovered: false })
})

test('a notification known to be stored only from the SYN_ACK resolves then, and is not sent again', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const stored = client.notify('report', 1)
  const lost = client.notify('report', 2)
  await connection.receive(FrameType.NOTIFY)
  await connection.receive(FrameType.NOTIFY)
  connection.socket.destroy()
  const again = await gateway.accept()
  await again.handshake({ ...RESUMED, lastMsgId: 1 })
  await stored
  assert.equal((await again.receive(FrameType.NOTIFY)).msgId, 2)
  again.send({ type: FrameType.ACK, msgId: 2 })
  await lost
})

test('messages sent while away wait, and go out after the resume', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const gone = new Promise<void>(resolve => client.on('state', ({ state }) => state === 'disconnected' && resolve()))
  connection.socket.destroy()
  await gone
  const answer = client.request('echo', 'later')
  const again = await gateway.accept()
  await again.handshake(RESUMED)
  await again.receive(FrameType.REQUEST)
  again.respond(1, 1, 'later')
  assert.equal(await answer, 'later')
})

test('a request cancelled while away is not sent again; one that was stored is cancelled there', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const gone = new Promise<void>(resolve => client.on('state', ({ state }) => state === 'disconnected' && resolve()))
  const abort = new AbortController()
  const cancelled = [1, 2].map(n => assert.rejects(client.request('slow', n, { signal: abort.signal }), { code: 'CANCELLED' }))
  await connection.receive(FrameType.REQUEST)
  await connection.receive(FrameType.REQUEST)
  connection.socket.destroy()
  await gone
  abort.abort()
  await Promise.all(cancelled)
  const again = await gateway.accept()
  await again.handshake({ ...RESUMED, lastMsgId: 1 })
  assert.equal((await again.receive(FrameType.CANCEL)).msgId, 1)
  void client.request('next').catch(() => {})
  assert.equal((await again.receive(FrameType.REQUEST)).msgId, 3)
})

test('a close code of 4500 and above ends the client with that code', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  const closed = new Promise<ClientState>(resolve => client.on('state', state => state.state === 'closed' && resolve(state)))
  const unanswered = assert.rejects(client.request('echo'), { code: 'UNKNOWN' })
  await connection.receive(FrameType.REQUEST)
  connection.send(encodeClose(problem('REPLACED')))
  connection.socket.end()
  await unanswered
  const state = await closed
  assert.equal(state.state === 'closed' && state.error.code, 'REPLACED')
  await assert.rejects(client.request('echo'), { code: 'REPLACED', number: 4512 })
})

test('an ERROR about the connection counts where no CLOSE follows', async () => {
  await using gateway = await FakeGateway.listen()
  const opening = connect(gateway.address)
  const connection = await gateway.accept()
  await connection.receive(FrameType.SYN)
  connection.send(encodeError(problem('UNAUTHENTICATED', { detail: 'no token' }), { msgId: 0 }))
  connection.socket.end()
  await assert.rejects(opening, { code: 'UNAUTHENTICATED', detail: 'no token' })
})

test('a close code below 4500 makes it connect again, asking for another token', async () => {
  await using gateway = await FakeGateway.listen()
  let tokens = 0
  const opening = connect(gateway.address, { token: () => `t-${++tokens}`, backoff: { min: 1, max: 5 } })
  const first = await gateway.accept()
  assert.equal((await first.handshake()).token, 't-1')
  await using _ = await opening
  first.send(encodeClose(problem('TOKEN_EXPIRED')))
  assert.equal((await (await gateway.accept()).handshake(RESUMED)).token, 't-2')
})

test('after GOAWAY it finishes what is in flight, holds what is new, and moves', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const inFlight = client.request('echo', 1)
  await connection.receive(FrameType.REQUEST)
  connection.send(encodeGoaway({ reason: 'restart', reconnectAfterMs: 0, code: 'GOING_AWAY' }), { type: FrameType.PING })
  await connection.receive(FrameType.PONG)
  const held = client.request('echo', 2)
  connection.respond(1, 1, 'one')
  assert.equal(await inFlight, 'one')
  const next = await gateway.accept()
  assert.equal((await next.handshake(RESUMED)).lastSeq, 1)
  await next.receive(FrameType.REQUEST)
  next.respond(2, 2, 'two')
  assert.equal(await held, 'two')
  assert.equal((await connection.receive(FrameType.ACK)).seq, 1)
  await connection.receive(FrameType.CLOSE)
})

test('where no gateway listens, connect gives up with UNREACHABLE and the cause', async () => {
  const gateway = await FakeGateway.listen()
  const { address } = gateway
  await gateway[Symbol.asyncDispose]()
  await assert.rejects(connect(address, { connectTimeout: 50, backoff: { min: 1, max: 5 } }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'UNREACHABLE')
    assert.ok(error.cause instanceof Error)
    return true
  })
})

test('bytes that are no frame end the client as BAD_FRAME', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  const closed = new Promise<ClientState>(resolve => client.on('state', state => state.state === 'closed' && resolve(state)))
  connection.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
  const state = await closed
  assert.equal(state.state === 'closed' && state.error.code, 'BAD_FRAME')
})

test('an address of another kind is refused at once', async () => {
  await assert.rejects(connect('http://127.0.0.1:7401'), TypeError)
})

test('a gateway that welcomes and closes again is tried less and less often, until it acknowledges something', async t => {
  t.mock.method(Math, 'random', () => 1 - Number.EPSILON)
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair({ backoff: { min: 10, max: 1_000 } })
  await using _ = client
  let { socket } = connection
  const waits: number[] = []
  const cut = async (): Promise<FakeConnection> => {
    const from = performance.now()
    socket.destroy()
    const next = await gateway.accept()
    waits.push(performance.now() - from)
    await next.handshake({ resumed: true })
    socket = next.socket
    return next
  }
  for (let i = 0; i < 4; i++) await cut()
  assert.ok(waits[3] >= 70, `the fourth wait was ${waits[3]} ms, expected about 80`)
  const last = await cut()
  last.send({ type: FrameType.ACK, msgId: 0 })
  // whatever has been answered has been read
  last.send({ type: FrameType.PING })
  await last.receive(FrameType.PONG)
  await cut()
  assert.ok(waits[5] < waits[3], `the wait after an acknowledgement was ${waits[5]} ms, expected about 10`)
})
