import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { decodeClose, decodeError, FrameType } from '@causeway/protocol'
import type { EndedSession, RenewStatus } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { openClient } from './client.fixture.ts'
import { answer, type FakeGateway, fakeGateway, quiet, requestOf } from './gateway.fixture.ts'
import { Housekeeping } from './housekeeping.ts'
import { DEADLINE_TICK_MS, KEEP_ALIVE_TICK_MS, RENEW_TICK_MS, SWEEP_TICK_MS } from './limits.ts'

const NOW = 1_000_000
const TTL = 30_000
const endedOf = (session: string): EndedSession => ({ session, principal: 'ann', epoch: 4, incarnation: 'inc' })

describe('housekeeping', () => {
  let housekeeping: Housekeeping
  let gateway: FakeGateway
  let closed: unknown[]

  beforeEach(() => {
    mock.timers.enable({ apis: ['Date', 'setInterval'], now: NOW })
    gateway = fakeGateway({ sessionTtl: TTL })
    const { host, store, context } = gateway
    const connections = () => context.connections
    closed = []
    const events = { closed: (...told: unknown[]) => closed.push(told) }
    housekeeping = new Housekeeping({ host, events, sessions: store.port, sessionTtlMs: TTL, connections, logger: silentLogger })
    housekeeping.start()
  })
  afterEach(() => {
    housekeeping.stop()
    mock.timers.reset()
  })

  const renewals = () => gateway.store.renewals.flat()

  test('sends an acknowledgement of its own in the second tick after the log has the message', async () => {
    const client = await openClient(gateway)
    client.send(requestOf(1), requestOf(2))
    gateway.appender.confirm(1, 2)
    mock.timers.tick(DEADLINE_TICK_MS)
    assert.deepEqual(client.transport.of(FrameType.ACK), [])
    mock.timers.tick(DEADLINE_TICK_MS)
    assert.deepEqual(
      client.transport.of(FrameType.ACK).map(frame => frame.msgId),
      [2],
    )
    mock.timers.tick(DEADLINE_TICK_MS * 5)
    assert.equal(client.transport.of(FrameType.ACK).length, 1)
  })

  test('sends none where the answers took it along', async () => {
    const client = await openClient(gateway)
    client.send(requestOf(1))
    gateway.appender.confirm()
    mock.timers.tick(DEADLINE_TICK_MS)
    await answer(gateway, gateway.appender.records[0])
    mock.timers.tick(DEADLINE_TICK_MS * 5)
    assert.equal(client.transport.of(FrameType.ACK).length, 1)
  })

  test('ends a message at its deadline with TIMEOUT, once', async () => {
    const client = await openClient(gateway)
    client.send(requestOf(1, { metadata: { timeout: 100 } }), requestOf(2))
    mock.timers.tick(90)
    await quiet()
    assert.deepEqual(client.transport.of(FrameType.ERROR), [])
    mock.timers.tick(30)
    mock.timers.tick(DEADLINE_TICK_MS)
    await quiet()
    const [error, ...more] = client.transport.of(FrameType.ERROR)
    assert.deepEqual([error.msgId, decodeError(error.payload).code, more], [1, 'TIMEOUT', []])
    assert.deepEqual([...client.session.pending.keys()], [2])
  })

  test('tells the store acknowledgements and marks of all sessions in one call', async () => {
    const first = await openClient(gateway)
    const second = await openClient(gateway)
    first.send(requestOf(1))
    await answer(gateway, gateway.appender.records[0])
    first.send({ type: FrameType.ACK, seq: 1 })
    second.send(requestOf(1))
    gateway.appender.confirm()
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    assert.equal(gateway.store.renewals.length, 1)
    const told = renewals().map(({ session, acknowledged, storedMark, highestSeq, expiresAt }) => [
      session === first.session.id ? 'first' : 'second',
      ...[acknowledged, storedMark, highestSeq, expiresAt],
    ])
    assert.deepEqual(told.toSorted(), [
      ['first', 1, 1, 1, 0],
      ['second', 0, 1, 0, 0],
    ])
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    assert.equal(gateway.store.renewals.length, 1)
  })

  test('renews a lease at a third of its time', async () => {
    await openClient(gateway)
    mock.timers.tick(TTL / 3 - KEEP_ALIVE_TICK_MS)
    await quiet()
    assert.deepEqual(renewals(), [])
    mock.timers.tick(KEEP_ALIVE_TICK_MS + RENEW_TICK_MS)
    await quiet()
    assert.equal(renewals().length, 1)
    assert.ok(renewals()[0].expiresAt >= NOW + TTL / 3 + TTL)
  })

  test('makes a renewal that failed again', async () => {
    const client = await openClient(gateway)
    client.send(requestOf(1))
    gateway.appender.confirm()
    gateway.store.down = 'connection refused'
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    gateway.store.down = undefined
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    assert.equal(renewals().length, 1)
  })

  test('renews a lease at the next try where a renewal failed', async () => {
    await openClient(gateway)
    gateway.store.down = 'connection refused'
    mock.timers.tick(TTL / 3 + RENEW_TICK_MS)
    await quiet()
    assert.deepEqual(renewals(), [])
    gateway.store.down = undefined
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    assert.deepEqual(
      renewals().map(({ expiresAt }) => expiresAt),
      [NOW + TTL / 3 + RENEW_TICK_MS * 2 + TTL],
    )
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    assert.equal(renewals().length, 1)
  })

  test('at the end of a gateway tells everything, without keeping others from their turn while the store does not answer', async () => {
    const client = await openClient(gateway)
    client.send(requestOf(1))
    gateway.appender.confirm(1)
    const { renew } = gateway.store
    const { promise, resolve } = Promise.withResolvers<void>()
    gateway.store.renew = async entries => {
      await promise
      return await renew.call(gateway.store, entries)
    }
    mock.timers.tick(RENEW_TICK_MS)
    gateway.host.touched.add([...gateway.host.held.values()][0])
    let turns = 0
    const ending = housekeeping.renewAll(NOW + 60_000)
    for (; turns < 5; turns++) await new Promise(next => setImmediate(next))
    assert.deepEqual([turns, renewals().length], [5, 0])
    resolve()
    await ending
    assert.deepEqual([gateway.host.touched.size, renewals().at(-1)?.storedMark], [0, 1])
  })

  test('sweeps nothing soon after a renewal failed: clients are still there whose sessions could not be renewed', async () => {
    const client = await openClient(gateway)
    client.send(requestOf(1))
    gateway.appender.confirm()
    gateway.store.down = 'connection refused'
    mock.timers.tick(RENEW_TICK_MS)
    await quiet()
    gateway.store.down = undefined
    gateway.store.swept = [endedOf(client.session.id)]
    mock.timers.tick(SWEEP_TICK_MS)
    await quiet()
    assert.equal(client.transport.endCode(), undefined)
    mock.timers.tick(TTL / 3 + SWEEP_TICK_MS)
    await quiet()
    assert.equal(client.transport.endCode(), 4000)
  })

  const fallen: [RenewStatus, string][] = [
    ['replaced', 'REPLACED'],
    ['gone', 'GOING_AWAY'],
    ['wentBack', 'GOING_AWAY'],
    ['lost', 'GOING_AWAY'],
  ]
  for (const [status, code] of fallen) {
    test(`closes a session that is ${status} with ${code} and forgets it`, async () => {
      const client = await openClient(gateway)
      const { id } = client.session
      gateway.store.statuses.set(id, status)
      client.send(requestOf(1))
      gateway.appender.confirm()
      mock.timers.tick(RENEW_TICK_MS)
      await quiet()
      assert.equal(decodeClose(client.transport.of(FrameType.CLOSE)[0].payload).code, code)
      assert.equal(gateway.host.held.has(id), false)
    })
  }

  test('keeps a session without a connection for its time, renews it once, then forgets it', async () => {
    const client = await openClient(gateway)
    const { id } = client.session
    client.connection.ended('LOST')
    mock.timers.tick(TTL - KEEP_ALIVE_TICK_MS)
    await quiet()
    assert.deepEqual([gateway.host.held.has(id), renewals().filter(entry => entry.expiresAt > 0).length], [true, 1])
    mock.timers.tick(KEEP_ALIVE_TICK_MS * 2)
    assert.equal(gateway.host.held.has(id), false)
  })

  test('closes what a sweep of the store has ended', async () => {
    const client = await openClient(gateway)
    gateway.store.swept = [endedOf(client.session.id), endedOf('held by another gateway')]
    mock.timers.tick(SWEEP_TICK_MS)
    await quiet()
    assert.equal(client.transport.endCode(), 4000)
  })

  test('tells whose session a sweep has ended, whichever gateway had it', async () => {
    gateway.store.swept = [endedOf('held by another gateway')]
    mock.timers.tick(SWEEP_TICK_MS)
    await quiet()
    assert.deepEqual(closed, [[{ id: 'held by another gateway', principal: 'ann', epoch: 4, incarnation: 'inc' }, 'expired']])
  })
})
