import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Codec, decodeError, type Frame, FrameType, type Syn } from '@causeway/protocol'
import { turn, until } from '@causeway/testing'
import { FakeClient, openClient } from './client.fixture.ts'
import { type FakeGateway, fakeGateway, textOf } from './gateway.fixture.ts'
import { SUBSCRIBES_AHEAD } from './limits.ts'

const publish = (gateway: FakeGateway, value: unknown, channel = 'news'): Promise<number> =>
  gateway.context.publish(channel, Buffer.from(JSON.stringify(value)), Codec.JSON)

/** What came through channels, with its offset. */
const published = ({ transport }: FakeClient): unknown[] =>
  transport
    .of(FrameType.PUSH)
    .map(({ seq, payload, metadata }) => [metadata?.channel, JSON.parse(textOf(payload)), Number(metadata?.channelOffset), seq])

const subscribeTo = (channel: string, msgId = 1, offset?: number): Partial<Frame> & { type: number } => ({
  type: FrameType.SUBSCRIBE,
  msgId,
  metadata: { channel },
  codec: Codec.JSON,
  payload: Buffer.from(offset === undefined ? '' : JSON.stringify({ offset })),
})

/** Subscribes, and resolves with the answer. */
async function subscribe(client: FakeClient, channel = 'news', offset?: number): Promise<{ offset: number; recovered: boolean }> {
  const before = client.transport.of(FrameType.RESPONSE).length
  client.send(subscribeTo(channel, client.session.lastMsgId + 1, offset))
  await until(() => client.transport.of(FrameType.RESPONSE).length > before)
  return JSON.parse(textOf(client.transport.of(FrameType.RESPONSE).at(-1)!.payload))
}

describe('a subscription', () => {
  test('gets what is published from then on, in order, until it is ended', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const before = await publish(gateway, 0)
    assert.deepEqual(await subscribe(client), { offset: before, recovered: true })
    const offsets = [await publish(gateway, 1), await publish(gateway, 2)]
    await until(() => published(client).length === 2)
    assert.deepEqual(published(client), [
      ['news', 1, offsets[0], 0],
      ['news', 2, offsets[1], 0],
    ])
    client.send({ ...subscribeTo('news', 2), type: FrameType.UNSUBSCRIBE })
    await until(() => client.transport.of(FrameType.RESPONSE).length === 2)
    await publish(gateway, 3)
    await turn()
    assert.equal(published(client).length, 2)
  })

  test('from an offset gets what is kept above it first, behind the answer', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const offsets: number[] = []
    for (let n = 0; n < 250; n++) offsets.push(await publish(gateway, n))
    assert.deepEqual(await subscribe(client, 'news', offsets[9]), { offset: offsets[9], recovered: true })
    offsets.push(await publish(gateway, 250))
    await until(() => published(client).length === 241)
    assert.deepEqual(
      published(client).map(each => (each as number[])[2]),
      offsets.slice(10),
    )
  })

  test('from an offset that is no more connected to what is kept says so, and gets all there is', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const first = await publish(gateway, 0)
    for (let n = 1; n <= 1_010; n++) await publish(gateway, n)
    const { offset, recovered } = await subscribe(client, 'news', first)
    assert.deepEqual([recovered, offset > first], [false, true])
    await until(() => published(client).length === 1_000)
    assert.deepEqual(await subscribe(client, 'forgotten', 12_345), { offset: 0, recovered: false })
  })

  test('is refused without a name, without an offset that is one, and where the token does not include it', async () => {
    const gateway = fakeGateway()
    const identity = { principal: 'ada', expiresAt: Number.POSITIVE_INFINITY, channels: ['news', 'rooms.*'] }
    Object.assign(gateway.context, { authenticate: async () => identity })
    const client = await openClient(gateway)
    client.send(subscribeTo('', 1), { ...subscribeTo('news', 2), payload: Buffer.from('{"offset":"all"}') }, subscribeTo('secret', 3))
    await until(() => client.transport.of(FrameType.ERROR).length === 3)
    const refusals = client.transport.of(FrameType.ERROR).map(({ msgId, seq, payload }) => [msgId, seq, decodeError(payload).code])
    assert.deepEqual(refusals, [
      [1, 0, 'BAD_PAYLOAD'],
      [2, 0, 'BAD_PAYLOAD'],
      [3, 0, 'FORBIDDEN'],
    ])
    assert.equal((await subscribe(client, 'rooms.7')).recovered, true)
  })

  test('asked for twice begins once, where the second answer says', async () => {
    const gateway = fakeGateway()
    for (let n = 0; n < 5; n++) await publish(gateway, n)
    const client = await openClient(gateway)
    // the store answers the second reading late
    const late = Promise.withResolvers<void>()
    const read = gateway.channels.read.bind(gateway.channels)
    let readings = 0
    gateway.channels.read = async (...asked) => {
      const part = await read(...asked)
      if (++readings === 2) await late.promise
      return part
    }
    client.send(subscribeTo('news', 1), subscribeTo('news', 2))
    await until(() => client.transport.of(FrameType.RESPONSE).length === 1)
    await turn()
    late.resolve()
    await until(() => client.transport.of(FrameType.RESPONSE).length === 2)
    await publish(gateway, 5)
    await until(() => published(client).length === 1)
    assert.deepEqual([(published(client)[0] as unknown[])[1], client.transport.of(FrameType.CLOSE).length], [5, 0])
  })

  test('waits its turn where the store answers none: what is asked of it stays bounded, and no request overtakes', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const answers = Promise.withResolvers<void>()
    const read = gateway.channels.read.bind(gateway.channels)
    let readings = 0
    gateway.channels.read = async (...asked) => {
      readings++
      await answers.promise
      return await read(...asked)
    }
    const asked = Array.from({ length: 1_500 }, (_, index) => subscribeTo(`c${index % 500}`, index + 1))
    client.send(...asked, { type: FrameType.REQUEST, msgId: 1_501, opcode: 1 })
    await turn()
    assert.deepEqual([readings, client.transport.paused, gateway.appender.records.length], [SUBSCRIBES_AHEAD, true, 0])
    answers.resolve()
    await until(() => gateway.appender.records.length === 1)
    assert.equal(client.transport.of(FrameType.RESPONSE).length, 1_500)
    assert.equal(client.transport.paused, false)
  })

  test('ends with its connection', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    await subscribe(client)
    assert.equal(gateway.context.channels.subscriptions, 1)
    client.connection.ended('LOST')
    assert.equal(gateway.context.channels.subscriptions, 0)
  })
})

describe('a message of a channel', () => {
  test('is the same bytes for every subscriber', async () => {
    const gateway = fakeGateway()
    const clients = [await openClient(gateway), await openClient(gateway)]
    for (const client of clients) await subscribe(client)
    const queued = clients.map(({ transport }) => {
      const frames: Uint8Array[] = []
      transport.queue = bytes => void frames.push(bytes)
      return frames
    })
    await publish(gateway, 'once')
    await until(() => queued.every(({ length }) => length === 1))
    assert.equal(queued[0][0], queued[1][0])
  })

  test('waits for a subscriber that does not read, and holds up no other', async () => {
    const gateway = fakeGateway({ sendBuffer: 4_096 })
    const [slow, quick] = [await openClient(gateway), await openClient(gateway)]
    for (const client of [slow, quick]) await subscribe(client)
    slow.transport.waitingBytes = 4_097
    for (let n = 0; n < 3; n++) await publish(gateway, n)
    await until(() => published(quick).length === 3)
    assert.equal(published(slow).length, 0)
    slow.transport.drain()
    await until(() => published(slow).length === 3)
    await publish(gateway, 3)
    await until(() => published(slow).length === 4)
    assert.deepEqual(published(slow), published(quick))
  })

  test('that is kept no more when its subscriber reads again ends the connection, so that the resume can say so', async () => {
    const gateway = fakeGateway({ sendBuffer: 4_096 })
    const client = await openClient(gateway)
    const { offset } = await subscribe(client)
    client.transport.waitingBytes = 4_097
    for (let n = 0; n < 1_100; n++) await publish(gateway, n)
    client.transport.drain()
    await until(() => client.transport.of(FrameType.CLOSE).length === 1)
    assert.equal(decodeError(client.transport.of(FrameType.CLOSE)[0].payload).code, 'SLOW_CONSUMER')
    const again = await openClient(gateway, { channels: { news: offset } })
    await until(() => published(again).length === 1_000)
  })
})

describe('a SYN that names channels', () => {
  test('that the store can not give leaves neither a subscription nor a session that is held', async () => {
    const gateway = fakeGateway()
    const read = gateway.channels.read.bind(gateway.channels)
    gateway.channels.read = async (channel, ...asked) => {
      if (channel === 'broken') throw new Error('away')
      return await read(channel, ...asked)
    }
    const client = new FakeClient(gateway)
    client.syn({ channels: { news: 0, broken: 0 } })
    await until(() => client.transport.endCode() === 4004)
    const [session] = gateway.host.held.values()
    assert.deepEqual([gateway.context.channels.subscriptions, session.owner], [0, undefined])
  })

  test('is told where each goes on, and gets what it missed once its handshake has ended', async () => {
    const gateway = fakeGateway()
    const taken = await publish(gateway, 'taken')
    const missed = await publish(gateway, 'missed')
    const client = await openClient(gateway, { channels: { news: taken, silent: 0, '': 3 } } satisfies Syn)
    await until(() => published(client).length === 1)
    assert.deepEqual(published(client), [['news', 'missed', missed, 0]])
    const synAck = JSON.parse(textOf(client.transport.of(FrameType.SYN_ACK)[0].payload))
    assert.deepEqual(synAck.channels, { news: { offset: taken, recovered: true }, silent: { offset: 0, recovered: true } })
  })
})
