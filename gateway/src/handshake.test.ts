import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeClose, decodeSynAck, Flag, FrameType } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { SignJWT } from 'jose'
import { FakeClient, openClient } from './client.fixture.ts'
import { answer, type FakeGateway, fakeGateway, push, quiet, requestOf, textOf } from './gateway.fixture.ts'

const closedWith = async (client: FakeClient) => {
  await until(() => client.transport.ended !== undefined)
  return decodeClose(client.transport.of(FrameType.CLOSE)[0].payload).code
}
const types = ({ transport }: FakeClient) => transport.frames.map(frame => frame.type)

describe('a handshake', () => {
  test('opens a new session and tells it what holds here', async () => {
    const gateway = fakeGateway({ window: 7, windowBytes: 4_096, maxPayload: 2_048 })
    const { session, resumeToken, ...rest } = await new FakeClient(gateway).open({ keepAliveMs: 5_000 })
    assert.ok(gateway.host.held.has(session) && resumeToken.length >= 16)
    assert.deepEqual(rest, {
      ...{ epoch: 1, resumed: false, recovered: false, lastMsgId: 0, window: { messages: 7, bytes: 4_096 }, maxPayload: 2_048 },
      ...{ keepAliveMs: 5_000, server: { id: 'gw-1', version: '0' } },
    })
  })

  test('keeps the keep-alive a client asks for within its bounds', async () => {
    const gateway = fakeGateway()
    const asked = async (keepAliveMs: number) => (await new FakeClient(gateway).open({ keepAliveMs })).keepAliveMs
    assert.deepEqual([await asked(1), await asked(0xffffffff)], [200, 600_000])
  })

  test('takes requests right behind SYN and ACK, in one read', async () => {
    const gateway = fakeGateway()
    const client = new FakeClient(gateway)
    client.send({ type: FrameType.SYN, payload: '{}' }, { type: FrameType.ACK }, requestOf(1), requestOf(2))
    assert.equal(client.transport.paused, true)
    await until(() => gateway.appender.records.length === 2)
    assert.deepEqual([types(client), client.transport.paused], [[FrameType.SYN_ACK], false])
  })

  test('sends no delivery before its ACK, and all of them after', async () => {
    const gateway = fakeGateway()
    const client = new FakeClient(gateway)
    client.syn()
    await until(() => client.transport.of(FrameType.SYN_ACK).length === 1)
    const { session } = decodeSynAck(client.transport.of(FrameType.SYN_ACK)[0].payload)
    await push(gateway, session, 'early')
    assert.deepEqual(types(client), [FrameType.SYN_ACK])
    client.send({ type: FrameType.ACK })
    await push(gateway, session, 'late')
    await until(() => client.transport.of(FrameType.PUSH).length === 2)
    assert.deepEqual(
      client.transport.of(FrameType.PUSH).map(frame => textOf(frame.payload)),
      ['early', 'late'],
    )
  })

  for (const [what, frames] of [
    ['a request first', [requestOf(1)]],
    ['an ACK first', [{ type: FrameType.ACK }]],
  ] as const) {
    test(`expects SYN, not ${what}`, async () => {
      const client = new FakeClient(fakeGateway())
      client.send(...frames)
      assert.equal(await closedWith(client), 'HANDSHAKE_EXPECTED')
    })
  }

  test('expects ACK behind SYN', async () => {
    const client = new FakeClient(fakeGateway())
    client.send({ type: FrameType.SYN, payload: '{}' }, requestOf(1))
    assert.equal(await closedWith(client), 'HANDSHAKE_EXPECTED')
  })

  test('with a SYN that is no JSON is BAD_FRAME', async () => {
    const client = new FakeClient(fakeGateway())
    client.send({ type: FrameType.SYN, payload: '{' })
    assert.equal(await closedWith(client), 'BAD_FRAME')
  })

  test('has its time, and no more', () => {
    const client = new FakeClient(fakeGateway({ handshakeTimeout: 1_000 }))
    const now = Date.now()
    client.connection.tick(now + 900)
    assert.equal(client.transport.endCode(), undefined)
    client.connection.tick(now + 1_100)
    assert.equal(client.transport.endCode(), 4505)
  })

  test('is refused while the gateway drains, or its store is away', async () => {
    const draining = fakeGateway()
    draining.state.draining = true
    const first = new FakeClient(draining)
    first.syn()
    assert.equal(await closedWith(first), 'GOING_AWAY')
    const away = fakeGateway()
    away.store.down = 'connection refused'
    const second = new FakeClient(away)
    second.syn()
    assert.equal(await closedWith(second), 'BACKEND_UNAVAILABLE')
  })

  test('whose client has gone meanwhile leaves no connection and no owner behind', async () => {
    const gateway = fakeGateway()
    const client = new FakeClient(gateway)
    client.syn()
    client.connection.ended('LOST')
    await quiet()
    assert.deepEqual([gateway.context.connections.size, gateway.counters.connections, gateway.counters.closed], [0, 0, { LOST: 1 }])
    assert.ok([...gateway.host.held.values()].every(session => session.owner === undefined))
  })
})

describe('a handshake with a token', () => {
  const secret = 'a secret of at least thirty-two bytes'
  const tokenOf = (expiresIn: string) =>
    new SignJWT({ sub: 'device-7' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(expiresIn).sign(Buffer.from(secret))
  const settings = { auth: 'jwt', jwtSecret: secret }

  test('tells the principal, wherever the token came', async () => {
    const token = await tokenOf('1h')
    assert.equal((await new FakeClient(fakeGateway(settings)).open({ token })).principal, 'device-7')
    assert.equal((await new FakeClient(fakeGateway(settings), { token }).open()).principal, 'device-7')
  })

  test('is UNAUTHENTICATED without one', async () => {
    const client = new FakeClient(fakeGateway(settings))
    client.syn()
    assert.equal(await closedWith(client), 'UNAUTHENTICATED')
  })

  test('ends with the token', async () => {
    const client = new FakeClient(fakeGateway(settings), { token: await tokenOf('60s') })
    await client.open()
    client.connection.tick(Date.now() + 50_000)
    assert.equal(client.transport.endCode(), undefined)
    client.send({ type: FrameType.PONG })
    client.connection.tick(Date.now() + 61_000)
    assert.equal(await closedWith(client), 'TOKEN_EXPIRED')
  })
})

/** A client with two requests stored and one delivery, whose connection is lost. */
async function lostClient(gateway: FakeGateway) {
  const client = new FakeClient(gateway)
  const { session, resumeToken } = await client.open()
  client.send(requestOf(1), requestOf(2))
  gateway.appender.confirm()
  await answer(gateway, gateway.appender.records[0])
  client.connection.ended('LOST')
  gateway.store.kept.get(session)!.storedMark = 2
  return { client, session, resumeToken }
}

describe('a resume', () => {
  test('takes the session on: deliveries again, marked, and numbers go on', async () => {
    const gateway = fakeGateway()
    const { session, resumeToken } = await lostClient(gateway)
    const client = new FakeClient(gateway)
    const synAck = await client.open({ session, resumeToken, lastSeq: 0, stored: 2, waiting: [[2, 30_000]] })
    assert.deepEqual([synAck.session, synAck.epoch, synAck.resumed, synAck.recovered, synAck.lastMsgId], [session, 2, true, true, 2])
    await until(() => client.transport.of(FrameType.RESPONSE).length === 1)
    const [{ msgId, seq, flags }] = client.transport.of(FrameType.RESPONSE)
    assert.deepEqual([msgId, seq, flags], [1, 1, Flag.REDELIVERED])
    await answer(gateway, gateway.appender.records[1])
    const [, second] = client.transport.of(FrameType.RESPONSE)
    assert.deepEqual([second.msgId, second.seq, second.flags], [2, 2, 0])
    client.send(requestOf(3))
    assert.equal(gateway.appender.records.at(-1)?.pending.prev, 2)
  })

  test('arms the deadlines of what the client waits for, but of nothing that is finished', async () => {
    const gateway = fakeGateway()
    const { session, resumeToken } = await lostClient(gateway)
    const client = new FakeClient(gateway)
    const before = Date.now()
    await client.open({
      session,
      resumeToken,
      lastSeq: 1,
      stored: 2,
      waiting: [
        [2, 30_000],
        [1, 10_000],
      ],
    })
    const pendings = [...client.session.pending.values()]
    assert.deepEqual(
      pendings.map(pending => pending.msgId),
      [2],
    )
    assert.ok(pendings[0].deadline >= before + 30_000 && pendings[0].deadline <= Date.now() + 30_000)
  })

  test('takes repeats of what was stored for repeats', async () => {
    const gateway = fakeGateway()
    const { session, resumeToken } = await lostClient(gateway)
    const client = await openClient(gateway, { session, resumeToken, lastSeq: 1 })
    client.send(requestOf(1), requestOf(2), requestOf(3))
    assert.deepEqual([gateway.appender.records.length, gateway.counters.repeats], [3, 2])
  })

  test('says so where deliveries are lost', async () => {
    const gateway = fakeGateway()
    const { session, resumeToken } = await lostClient(gateway)
    gateway.store.kept.get(session)!.outbox = []
    const { resumed, recovered } = await new FakeClient(gateway).open({ session, resumeToken, lastSeq: 0 })
    assert.deepEqual([resumed, recovered], [true, false])
  })

  test('takes a live session over: the older connection is REPLACED and writes nothing more', async () => {
    const gateway = fakeGateway()
    const first = new FakeClient(gateway)
    const { session, resumeToken } = await first.open()
    const second = await openClient(gateway, { session, resumeToken })
    assert.equal(await closedWith(first), 'REPLACED')
    const written = first.transport.writes.length
    await push(gateway, session, 'for the second')
    assert.deepEqual([first.transport.writes.length, second.transport.of(FrameType.PUSH).length], [written, 1])
    assert.equal(gateway.host.held.get(session), second.session)
  })

  test('of an earlier attempt comes from a connection that its client has given up: it takes nothing over', async () => {
    const gateway = fakeGateway()
    const { session, resumeToken } = await lostClient(gateway)
    const living = await openClient(gateway, { session, resumeToken, attempt: 2 })
    const givenUp = new FakeClient(gateway)
    givenUp.syn({ session, resumeToken, attempt: 1 })
    assert.equal(await closedWith(givenUp), 'REPLACED')
    assert.deepEqual([living.transport.endCode(), living.session.epoch, gateway.counters.staleSyns], [undefined, 2, 1])
    assert.equal(gateway.host.held.get(session), living.session)
    await push(gateway, session, 'for the one that lives')
    assert.equal(living.transport.of(FrameType.PUSH).length, 1)
  })

  test('of a session that is gone opens a new one', async () => {
    const gateway = fakeGateway()
    const { session, resumed, recovered } = await new FakeClient(gateway).open({ session: 'gone', resumeToken: 'x', lastSeq: 9 })
    assert.deepEqual([session === 'gone', resumed, recovered], [false, false, false])
  })

  test('with a wrong token is SESSION_UNKNOWN, and the session stays with its owner', async () => {
    const gateway = fakeGateway()
    const first = new FakeClient(gateway)
    const { session } = await first.open()
    const thief = new FakeClient(gateway)
    thief.syn({ session, resumeToken: 'guessed' })
    assert.equal(await closedWith(thief), 'SESSION_UNKNOWN')
    assert.equal(first.transport.endCode(), undefined)
  })
})
