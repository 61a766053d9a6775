import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type KnownRoute, RouteTable } from '@causeway/registry'
import type { CatchUpQuery, Sessions } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { pictureOf, routeOf } from './gateway.fixture.ts'
import { TRACK_WAIT_MS } from './limits.ts'
import { GatewaySession, type Pending, type SessionOwner } from './session.ts'
import { TrackChoice } from './track-choice.ts'

const both = (names = ['canary', 'stable']) => routeOf('echo', 1, { tracks: names.map(track => ({ track, lastSeen: Date.now() })) })

/** A choice among live tracks; the canary has the whole share or none. */
function choiceOf(route: KnownRoute = both()) {
  const routes = new RouteTable()
  const picture = pictureOf([route])
  const [worker] = picture.workers
  routes.follow({ ...picture, workers: [worker, { ...worker, id: 'wk-canary', track: 'canary' }] })
  const asked: CatchUpQuery[][] = []
  const state = { done: 0 }
  const sessions = {
    async catchUp(queries: CatchUpQuery[]) {
      asked.push(queries)
      return queries.filter(({ doneMark }) => state.done > doneMark!).map(({ session }) => ({ session }))
    },
  } as unknown as Sessions
  const choice = new TrackChoice({ routes, sessions, logger: silentLogger })
  return {
    choice,
    routes,
    route,
    asked,
    state,
    canary: (share: number) => routes.setTracks({ orders: { tracks: { stable: 1 - share, canary: share } } }),
  }
}

const sessionOf = () => new GatewaySession({ id: 's-1', bucket: 1, incarnation: 'inc', epoch: 1, principal: '' })
const pending = (msgId: number, service: string): Pending => ({
  ...{
    msgId,
    service,
    prev: msgId - 1,
    request: true,
    bytes: 1,
    deadline: Number.POSITIVE_INFINITY,
    admittedAt: 0,
    stored: true,
    ending: false,
  },
})

describe('the track of a session', () => {
  test('is its service where there is one only', () => {
    const { choice } = choiceOf()
    assert.equal(choice.of(sessionOf(), routeOf('echo', 1)), 'orders')
  })

  test('changes with the shares, once nothing is under way on the former one', () => {
    const { choice, canary, route } = choiceOf()
    const session = sessionOf()
    assert.equal(choice.of(session, route), 'orders')
    choice.take(session, route, 'orders')
    session.admit(pending(1, 'orders'))
    session.admit(pending(2, 'orders'))
    canary(1)
    assert.equal(choice.of(session, route), 'orders')
    session.settle(1)
    assert.equal(choice.of(session, route), 'orders')
    session.settle(2)
    assert.equal(choice.of(session, route), 'orders_canary')
  })

  test('is kept too where the other one came while messages were under way', () => {
    const { choice, canary, route } = choiceOf()
    const session = sessionOf()
    session.admit(pending(1, 'orders'))
    canary(1)
    assert.equal(choice.of(session, route), 'orders')
  })

  test('is not kept for messages of other services, nor where the route is not there', () => {
    const { choice, canary, route } = choiceOf()
    const session = sessionOf()
    choice.take(session, route, 'orders')
    session.admit(pending(1, 'billing'))
    canary(1)
    assert.equal(choice.of(session, route), 'orders_canary')
    session.admit(pending(2, 'orders'))
    assert.equal(choice.of(session, both(['canary'])), 'orders_canary')
  })
})

describe('a session that is to leave its track', () => {
  const leaving = () => {
    const bench = choiceOf()
    const session = sessionOf()
    let opened = 0
    session.owner = { windowOpened: () => opened++ } as unknown as SessionOwner
    bench.choice.take(session, bench.route, 'orders')
    session.admit(pending(1, 'orders'))
    bench.canary(1)
    return { ...bench, session, opened: () => opened }
  }

  test('is held back while messages are under way there, and goes on elsewhere then', () => {
    const { choice, session, route } = leaving()
    assert.ok(choice.waits(session, route))
    session.settle(1)
    assert.equal(choice.waits(session, route), false)
    assert.equal(choice.of(session, route), 'orders_canary')
  })

  test('goes on where it is when that takes too long, and is told so', async () => {
    const { choice, session, route, opened } = leaving()
    assert.ok(choice.waits(session, route))
    await until(() => opened() === 1, { timeoutMs: TRACK_WAIT_MS * 3, what: 'its owner to be told' })
    assert.deepEqual([choice.waits(session, route), choice.of(session, route)], [false, 'orders'])
  })

  test('is not held back where nothing is under way', () => {
    const { choice, session, route } = leaving()
    session.settle(1)
    assert.equal(choice.waits(session, route), false)
  })
})

describe('a resumed session', () => {
  const resumed = () => {
    const session = sessionOf()
    session.unsettledUpTo = 7
    let opened = 0
    session.owner = { windowOpened: () => opened++ } as unknown as SessionOwner
    return { session, opened: () => opened }
  }

  test('waits until what it had under way is finished, and is told', async () => {
    const { choice, route, state, asked } = choiceOf()
    const { session, opened } = resumed()
    assert.ok(choice.waits(session, route))
    assert.ok(choice.waits(session, route))
    await until(() => asked.length > 1)
    assert.equal(opened(), 0)
    state.done = 7
    await until(() => opened() === 1, { what: 'its owner to be told' })
    assert.equal(choice.waits(session, route), false)
    assert.equal(choice.overdue, 0)
  })

  test('waits so long at most', async () => {
    const { choice, route } = choiceOf()
    const { session, opened } = resumed()
    const from = performance.now()
    assert.ok(choice.waits(session, route))
    await until(() => opened() === 1, { timeoutMs: TRACK_WAIT_MS * 3, what: 'its owner to be told' })
    assert.ok(performance.now() - from >= TRACK_WAIT_MS - 50)
    assert.deepEqual([choice.waits(session, route), choice.overdue], [false, 1])
  })

  test('does not wait where nothing was under way, there is one track, or it has chosen', () => {
    const { choice, route } = choiceOf()
    assert.equal(choice.waits(sessionOf(), route), false)
    const { session } = resumed()
    assert.equal(choice.waits(session, routeOf('echo', 1)), false)
    choice.take(session, route, 'orders')
    assert.equal(choice.waits(session, route), false)
  })

  test('that is left while it waits is asked for no more', async () => {
    const { choice, route, asked } = choiceOf()
    const { session, opened } = resumed()
    choice.waits(session, route)
    session.owner = undefined
    await until(() => asked.length > 0)
    const { length } = asked
    choice.stop()
    assert.deepEqual([opened(), length], [0, 1])
  })
})
