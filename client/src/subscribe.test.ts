import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SynAck } from '@causeway/protocol'
import { Codec, encodeError, FrameType, problem } from '@causeway/protocol'
import { type FakeConnection, FakeGateway } from './fake-gateway.fixture.ts'

const RESUMED: Partial<SynAck> = { resumed: true, recovered: true, epoch: 2, resumeToken: 'r-2' }
const publish = (connection: FakeConnection, ...offsets: number[]): void =>
  connection.send(
    ...offsets.map(offset => ({
      type: FrameType.PUSH,
      codec: Codec.JSON,
      metadata: { channel: 'news', channelOffset: BigInt(offset) },
      payload: String(offset),
    })),
  )
/** Takes a SUBSCRIBE and answers it. */
async function answer(connection: FakeConnection, subscribed: object): Promise<void> {
  const { msgId, metadata } = await connection.receive(FrameType.SUBSCRIBE)
  assert.equal(metadata?.channel, 'news')
  connection.send({ type: FrameType.RESPONSE, codec: Codec.JSON, msgId, payload: JSON.stringify(subscribed) })
}

test('a subscription gives each message of its channel once, and is taken up again where it stood', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const taken: unknown[] = []
  client.on('push', ({ channel, payload }) => taken.push([channel, payload]))
  const subscribing = client.subscribe('news', { offset: 3 })
  await answer(connection, { offset: 3, recovered: true })
  publish(connection, 4, 5)
  const subscription = await subscribing
  assert.equal(subscription.recovered, true)
  await client.request('echo', 1, { timeout: 50 }).catch(() => undefined)
  assert.equal(subscription.offset, 5)
  connection.socket.destroy()
  const again = await gateway.accept()
  const syn = await again.handshake({ ...RESUMED, channels: { news: { offset: 5, recovered: true } } })
  assert.deepEqual(syn.channels, { news: 5 })
  const echo = client.request('echo', 2)
  publish(again, 5, 6)
  const { msgId } = await again.receive(FrameType.REQUEST).then(() => again.receive(FrameType.REQUEST))
  again.respond(msgId, 1, 'done')
  await echo
  assert.deepEqual(taken, [
    ['news', 4],
    ['news', 5],
    ['news', 6],
  ])
})

test('what could not be had after a lost connection is told', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const missed: unknown[] = []
  client.on('missed', each => missed.push(each))
  const subscribing = client.subscribe('news')
  await answer(connection, { offset: 7, recovered: true })
  await subscribing
  connection.socket.destroy()
  const again = await gateway.accept()
  await again.handshake({ ...RESUMED, channels: { news: { offset: 90, recovered: false } } })
  again.socket.destroy()
  const third = await gateway.accept()
  assert.deepEqual((await third.handshake({ ...RESUMED, channels: {} })).channels, { news: 90 })
  third.socket.destroy()
  assert.equal((await (await gateway.accept()).handshake(RESUMED)).channels, undefined)
  assert.deepEqual(missed, [
    { channel: 'news', subscribed: true },
    { channel: 'news', subscribed: false },
  ])
})

test('a SUBSCRIBE whose answer was lost is asked again under a new number, in the same session or the next', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const subscribing = client.subscribe('news')
  assert.equal((await connection.receive(FrameType.SUBSCRIBE)).msgId, 1)
  connection.socket.destroy()
  const again = await gateway.accept()
  const syn = await again.handshake({ ...RESUMED, lastMsgId: 5 })
  assert.deepEqual(syn.waiting, [])
  await again.receive(FrameType.SUBSCRIBE)
  again.socket.destroy()
  const anew = await gateway.accept()
  await anew.handshake({ session: 's-2' })
  await answer(anew, { offset: 1, recovered: true })
  assert.equal((await subscribing).offset, 1)
})

test('a refusal rejects, and after unsubscribe the channel is named no more', async () => {
  await using gateway = await FakeGateway.listen()
  const { client, connection } = await gateway.pair()
  await using _ = client
  const refused = assert.rejects(client.subscribe('news'), { code: 'FORBIDDEN' })
  const { msgId } = await connection.receive(FrameType.SUBSCRIBE)
  connection.send(encodeError(problem('FORBIDDEN'), { msgId }))
  await refused
  const subscribing = client.subscribe('news')
  await answer(connection, { offset: 1, recovered: true })
  const leaving = (await subscribing).unsubscribe()
  const left = await connection.receive(FrameType.UNSUBSCRIBE)
  connection.send({ type: FrameType.RESPONSE, codec: Codec.JSON, msgId: left.msgId, payload: '{}' })
  await leaving
  connection.socket.destroy()
  assert.equal((await (await gateway.accept()).handshake(RESUMED)).channels, undefined)
})
