import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeClose, encodeFrame, FrameType } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { FakeClient, openClient } from './client.fixture.ts'
import { type FakeGateway, fakeGateway, push, quiet, textOf } from './gateway.fixture.ts'

const pushes = ({ transport }: FakeClient) => transport.of(FrameType.PUSH).map(({ seq, payload }) => [seq, textOf(payload)])
const pushFrame = (payload: string) => encodeFrame({ type: FrameType.PUSH, payload })

/** A client that has taken the first of five deliveries and lost its connection. */
async function lostClient(gateway: FakeGateway) {
  const client = new FakeClient(gateway)
  const { session, resumeToken } = await client.open()
  for (const payload of ['1', '2', '3', '4', '5']) await push(gateway, session, payload)
  client.connection.ended('LOST')
  gateway.store.outboxReads = 0
  return { syn: { session, resumeToken, lastSeq: 1 }, kept: gateway.store.kept.get(session)! }
}

describe('a resume after deliveries were lost', () => {
  test('is told so, and gets what there still is, by one read', async () => {
    const gateway = fakeGateway()
    const { syn, kept } = await lostClient(gateway)
    kept.outbox = kept.outbox.filter(({ seq }) => seq >= 4)
    const client = new FakeClient(gateway)
    assert.equal((await client.open(syn)).recovered, false)
    await until(() => pushes(client).length === 2)
    await push(gateway, syn.session, '6')
    assert.deepEqual(pushes(client), [
      [4, '4'],
      [5, '5'],
      [6, '6'],
    ])
    assert.equal(gateway.store.outboxReads, 1)
  })

  test('with nothing left gets the next delivery, however far above it is, without another read', async () => {
    const gateway = fakeGateway()
    const { syn, kept } = await lostClient(gateway)
    kept.outbox = []
    kept.seq = 900
    const client = new FakeClient(gateway)
    assert.equal((await client.open(syn)).recovered, false)
    await quiet()
    assert.deepEqual([pushes(client), gateway.store.outboxReads], [[], 1])
    await push(gateway, syn.session, 'next')
    await until(() => pushes(client).length === 1)
    await push(gateway, syn.session, 'and on')
    assert.deepEqual(pushes(client), [
      [901, 'next'],
      [902, 'and on'],
    ])
    assert.equal(gateway.store.outboxReads, 1)
  })

  test('acknowledges what it got, beyond the gap', async () => {
    const gateway = fakeGateway()
    const { syn, kept } = await lostClient(gateway)
    kept.outbox = kept.outbox.filter(({ seq }) => seq >= 4)
    const client = await openClient(gateway, syn)
    await until(() => pushes(client).length === 2)
    client.send({ type: FrameType.ACK, seq: 5 })
    assert.equal(client.session.acknowledged, 5)
  })
})

describe('a gap that stays', () => {
  const lost = (client: Awaited<ReturnType<typeof openClient>>) => ({
    pushes: pushes(client),
    closed: client.transport.of(FrameType.CLOSE).map(frame => decodeClose(frame.payload).code),
  })

  test('after one read that does not fill it ends the connection: its client has to be told before it gets what follows', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    gateway.host.deliver(client.session.id, 9, pushFrame('nine'))
    await until(() => lost(client).closed.length === 1)
    assert.deepEqual([lost(client), gateway.store.outboxReads], [{ pushes: [], closed: ['GOING_AWAY'] }, 1])
  })

  test('that shows only while the outbox is read is read for once more, then does the same', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    gateway.store.meanwhile = async () => gateway.host.deliver(client.session.id, 9, pushFrame('nine'))
    await gateway.host.catchUp(client.session)
    assert.deepEqual([lost(client), gateway.store.outboxReads], [{ pushes: [], closed: ['GOING_AWAY'] }, 2])
  })

  test('is none while its deliveries are only late', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { id } = client.session
    gateway.store.meanwhile = async () => {
      gateway.store.wakes = false
      await push(gateway, id, 'one')
      gateway.store.wakes = true
      await push(gateway, id, 'two')
    }
    await gateway.host.catchUp(client.session)
    assert.deepEqual(pushes(client), [
      [1, 'one'],
      [2, 'two'],
    ])
  })
})

describe('a wake-up lost while the outbox is read', () => {
  test('makes it read again', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    gateway.store.wakes = false
    gateway.store.meanwhile = async () => {
      await push(gateway, client.session.id, 'missed')
      gateway.host.lost()
      await quiet()
    }
    await gateway.host.catchUp(client.session)
    assert.deepEqual(pushes(client), [[1, 'missed']])
  })
})

describe('a session that the store has lost', () => {
  const finds: [string, (gateway: FakeGateway, session: string) => void][] = [
    ['a gap', ({ host }, session) => host.deliver(session, 5, pushFrame('five'))],
    ['lost wake-ups', ({ host }) => host.lost()],
  ]
  for (const [what, find] of finds) {
    test(`is closed with GOING_AWAY and forgotten when ${what} shows it`, async () => {
      const gateway = fakeGateway()
      const client = await openClient(gateway)
      const { session } = client
      gateway.store.kept.clear()
      find(gateway, session.id)
      await until(() => client.transport.ended !== undefined)
      assert.equal(decodeClose(client.transport.of(FrameType.CLOSE)[0].payload).code, 'GOING_AWAY')
      const { host } = gateway
      assert.deepEqual([host.held.size, host.touched.has(session), host.unacknowledged.has(session)], [0, false, false])
    })
  }
})
