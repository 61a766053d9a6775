import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameType } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { openClient } from './client.fixture.ts'
import { answer, fakeGateway, push, quiet, requestOf, textOf } from './gateway.fixture.ts'
import { CATCH_UP_DELIVERIES } from './limits.ts'

describe('wake-ups', () => {
  test('that were lost are made good from the outbox, in order and once', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { id } = client.session
    await push(gateway, id, '1')
    gateway.store.wakes = false
    for (const payload of ['2', '3']) await push(gateway, id, payload)
    gateway.store.wakes = true
    gateway.host.lost()
    await until(() => client.transport.of(FrameType.PUSH).length === 3)
    await push(gateway, id, '4')
    assert.deepEqual(
      client.transport.of(FrameType.PUSH).map(frame => textOf(frame.payload)),
      ['1', '2', '3', '4'],
    )
    assert.deepEqual([gateway.counters.lostWakeUps, gateway.counters.redelivered], [1, 0])
  })

  test('that were lost show by the next one: what is missing is read before it is written', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { id } = client.session
    gateway.store.wakes = false
    await push(gateway, id, '1')
    gateway.store.wakes = true
    await push(gateway, id, '2')
    await until(() => client.transport.of(FrameType.PUSH).length === 2)
    assert.deepEqual(
      client.transport.of(FrameType.PUSH).map(frame => frame.seq),
      [1, 2],
    )
  })

  test('that were lost settle what they would have settled', async () => {
    const gateway = fakeGateway({ window: 1 })
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2))
    gateway.store.wakes = false
    await answer(gateway, gateway.appender.records[0])
    gateway.store.wakes = true
    gateway.host.lost()
    await until(() => gateway.appender.records.length === 2)
    assert.deepEqual([...client.session.pending.keys()], [2])
  })

  test(`may be more than ${CATCH_UP_DELIVERIES} behind`, async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    gateway.store.wakes = false
    const all = CATCH_UP_DELIVERIES * 2 + 3
    for (let n = 1; n <= all; n++) await push(gateway, client.session.id, `${n}`)
    gateway.store.wakes = true
    gateway.host.lost()
    await until(() => client.transport.of(FrameType.PUSH).length === all)
    assert.deepEqual(
      client.transport.of(FrameType.PUSH).map(frame => frame.seq),
      Array.from({ length: all }, (_, index) => index + 1),
    )
  })

  test('for a session without a connection settle its messages and write nothing', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { session } = client
    client.send(requestOf(1))
    client.connection.ended('LOST')
    await answer(gateway, gateway.appender.records[0])
    assert.deepEqual([session.pending.size, session.outgoing.length], [0, 0])
  })

  test('that one connection cannot write end that connection, and reach the others', async () => {
    const gateway = fakeGateway()
    const broken = await openClient(gateway)
    const sound = await openClient(gateway)
    broken.connection.deliver = () => {
      throw new Error('cannot be written')
    }
    await push(gateway, broken.session.id, 'a')
    await push(gateway, sound.session.id, 'b')
    await until(() => sound.transport.of(FrameType.PUSH).length === 1)
    assert.equal(broken.transport.endCode(), 4000)
  })

  test('for sessions of other gateways are left alone', async () => {
    const { host } = fakeGateway()
    host.deliver('unknown', 1, requestOf(1).payload)
    host.finished('unknown', 1)
    host.replaced('unknown', 9)
    host.flush()
    await quiet()
    assert.equal(host.held.size, 0)
  })
})

describe('a session that another gateway holds now', () => {
  test('is REPLACED here by a newer epoch, not by its own', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    const { id } = client.session
    gateway.host.replaced(id, 1)
    assert.equal(client.transport.endCode(), undefined)
    gateway.host.replaced(id, 2)
    assert.deepEqual([client.transport.endCode(), gateway.host.held.has(id)], [4512, false])
  })
})

describe('an acknowledgement', () => {
  test('never goes back, and never beyond what was written', async () => {
    const gateway = fakeGateway()
    const client = await openClient(gateway)
    for (const payload of ['1', '2']) await push(gateway, client.session.id, payload)
    const { host } = gateway
    host.acknowledged(client.session, 2)
    host.acknowledged(client.session, 1)
    assert.equal(client.session.acknowledged, 2)
    host.acknowledged(client.session, 900)
    assert.equal(client.session.acknowledged, 2)
  })
})
