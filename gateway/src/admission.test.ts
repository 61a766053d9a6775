import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APPEND_BUFFER, Codec, decodeRecordHeader, type Frame, FrameType, type Problem, partitionOf } from '@causeway/protocol'
import { fakeGateway, requestOf, textOf } from './gateway.fixture.ts'
import { APPEND_SHARE, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, NOTIFY_APPEND_MS } from './limits.ts'
import { GatewaySession, type SessionOwner } from './session.ts'

const NOW = Date.now()

/** An admission and a session whose refusals are kept. */
function admission(settings = {}) {
  const gateway = fakeGateway(settings)
  const session = new GatewaySession({ id: 'session-1', bucket: 77, incarnation: 'inc-1', epoch: 3, principal: 'someone' })
  const refusals: [number, Problem][] = []
  session.owner = { refuse: (msgId: number, refusal: Problem) => void refusals.push([msgId, refusal]) } as unknown as SessionOwner
  const admit = (...frames: Frame[]) => {
    for (const frame of frames) gateway.context.admission.admit(session, frame, { now: NOW, at: 0, receivedAt: NOW })
  }
  const headers = () => gateway.appender.records.map(record => decodeRecordHeader(record.header))
  return { ...gateway, session, refusals, admit, headers }
}

const named = (msgId: number, route: string) => requestOf(msgId, { opcode: 0, metadata: { route } })

describe('an admitted message', () => {
  test('becomes a record of its service, in the partition of its session', () => {
    const { admit, appender, headers, config, counters } = admission()
    const metadata = {
      idempotencyKey: 'k-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      contentType: 'text/x',
    }
    admit(requestOf(4, { codec: Codec.JSON, payload: '{"a":1}', metadata }))
    const [{ topic, partition, key, value, traceparent, contentType, deadline, resent }] = appender.records
    assert.deepEqual(
      [topic, partition, key, textOf(value), traceparent, contentType, deadline, resent],
      [
        ...['causeway.orders.requests', partitionOf(77, config.partitions), 'session-1', '{"a":1}'],
        ...[metadata.traceparent, 'text/x', NOW + 60_000, false],
      ],
    )
    const expected = {
      ...{ msgId: 4, prev: 0, route: 'echo', codec: Codec.JSON, kind: 'request', gateway: 'gw-1', epoch: 3, incarnation: 'inc-1' },
      ...{ principal: 'someone', deadline: NOW + 60_000, key: 'k-1', opcode: 1, resent: false },
    }
    assert.deepEqual(headers()[0], expected)
    assert.equal(counters.accepted, 1)
  })

  test('is found by name as by opcode', () => {
    const { admit, headers } = admission()
    admit(named(1, 'echo'), requestOf(2))
    assert.deepEqual(
      headers().map(header => [header.route, header.opcode]),
      [
        ['echo', 0],
        ['echo', 1],
      ],
    )
  })

  test('has the deadline of its frame, else of its route, and a day at most', () => {
    const { admit, session } = admission()
    const withTimeout = (msgId: number, timeout: number) => requestOf(msgId, { metadata: { timeout } })
    admit(withTimeout(1, 250), requestOf(2), withTimeout(3, 0xffffffff))
    assert.deepEqual(
      [...session.pending.values()].map(pending => pending.deadline - NOW),
      [250, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS],
    )
  })

  test('that is a notification has no deadline of its own, but the log has its time', () => {
    const { admit, session, appender, headers } = admission()
    admit(requestOf(1, { type: FrameType.NOTIFY, opcode: 2 }))
    assert.equal(session.pending.get(1)?.deadline, Number.POSITIVE_INFINITY)
    assert.deepEqual([appender.records[0].deadline, headers()[0].deadline, headers()[0].kind], [NOW + NOTIFY_APPEND_MS, 0, 'notify'])
  })
})

describe('a refused message', () => {
  test('leaves no hole: the next one admitted names the one admitted before it', () => {
    const { admit, headers, refusals, session } = admission()
    admit(requestOf(1), requestOf(2, { opcode: 999 }), named(3, 'nobody'), requestOf(4), requestOf(9))
    assert.deepEqual(
      headers().map(({ msgId, prev }) => [msgId, prev]),
      [
        [1, 0],
        [4, 1],
        [9, 4],
      ],
    )
    assert.deepEqual(
      refusals.map(([msgId]) => msgId),
      [2, 3],
    )
    assert.deepEqual([session.pending.size, session.lastMsgId], [3, 9])
  })

  test('keeps its number: the same number is a repeat afterwards', () => {
    const { admit, session } = admission()
    admit(requestOf(5, { opcode: 999 }))
    assert.deepEqual([session.lastMsgId, session.lastAdmitted], [5, 0])
  })

  test('without a route says what nobody has registered', () => {
    const { admit, refusals, counters } = admission()
    admit(requestOf(1, { opcode: 999 }), named(2, 'nobody'))
    assert.deepEqual(
      refusals.map(([, { code, detail }]) => [code, detail]),
      [
        ['NO_ROUTE', 'no service has registered opcode 999'],
        ['NO_ROUTE', 'no service has registered route nobody'],
      ],
    )
    assert.deepEqual(counters.refused, { NO_ROUTE: 2 })
  })

  test('whose route lost its last worker longer ago than the grace is NO_ROUTE, within it is stored', () => {
    const late = admission()
    late.admit(named(1, 'remembered'))
    assert.match(late.refusals[0][1].detail ?? '', /no worker serves remembered just now/)
    const early = admission({ routeGrace: 3_600_000 })
    early.context.routes.byName('remembered')!.lastSeen = NOW
    early.admit(named(1, 'remembered'))
    assert.deepEqual([early.refusals, early.appender.records.length], [[], 1])
  })

  test('is OVERLOADED while too much waits for the log, and asked to wait', () => {
    const { admit, appender, refusals } = admission()
    appender.waitingBytes = APPEND_BUFFER * APPEND_SHARE.normal + 1
    admit(requestOf(1))
    assert.deepEqual([refusals[0][1].code, refusals[0][1].retryAfterMs], ['OVERLOADED', 1_000])
    appender.waitingBytes = APPEND_BUFFER * APPEND_SHARE.normal
    admit(requestOf(2))
    assert.equal(appender.records.length, 1)
  })

  test('is RATE_LIMITED beyond what its principal may send in a second, and told when there is room again', () => {
    const { admit, refusals, appender } = admission({ rateLimit: 2 })
    admit(requestOf(1), requestOf(2), requestOf(3))
    assert.equal(appender.records.length, 2)
    assert.deepEqual(
      refusals.map(([msgId, { code, retryAfterMs }]) => [msgId, code, retryAfterMs]),
      [[3, 'RATE_LIMITED', 500]],
    )
  })

  test('after a resume is only what can not have been stored before: for the rest nobody could promise that nothing happened', () => {
    const { admit, state, session, refusals, headers } = admission()
    session.maybeStoredUpTo = 7
    state.closed = 'BACKEND_UNAVAILABLE'
    admit(requestOf(6), named(7, 'nobody'), requestOf(8))
    assert.deepEqual(
      headers().map(({ msgId }) => msgId),
      [6],
    )
    assert.deepEqual(
      refusals.map(([msgId, { code }]) => [msgId, code]),
      [
        [7, 'NO_ROUTE'],
        [8, 'BACKEND_UNAVAILABLE'],
      ],
    )
  })

  test('is BACKEND_UNAVAILABLE while a backend is away', () => {
    const { admit, state, refusals } = admission()
    state.closed = 'BACKEND_UNAVAILABLE'
    admit(requestOf(1))
    assert.deepEqual([refusals[0][1].code, refusals[0][1].retryAfterMs], ['BACKEND_UNAVAILABLE', 1_000])
  })
})
