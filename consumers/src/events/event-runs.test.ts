import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Log } from '@causeway/log'
import { decodeFrame } from '@causeway/protocol'
import type { DeadLetter as Letter } from '@causeway/retries'
import { FinishBatcher } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { machineClock } from '../clock.ts'
import type { Context } from '../context.ts'
import { EVENTS_AT_A_TIME, OUTSTANDING_RECORDS } from '../limits.ts'
import { onceOf, recordOf } from '../messages.fixture.ts'
import { DeadLetter, Reject } from '../outcome-errors.ts'
import { compileRoutes } from '../route-set.ts'
import { Running } from '../running.ts'
import { FakeConsumer, FakeSessions } from '../stores.fixture.ts'
import { type EventOptions, event, type SessionEvent } from './event.ts'
import { EventRuns } from './event-runs.ts'

const QUICK = { retry: { attempts: 3, min: 1, jitter: 0 } } as const

/** Event runs of one handler, with a partition assigned. */
async function runsOf(context: TestContext, handler: (told: SessionEvent, ctx: Context) => unknown, options: EventOptions = QUICK) {
  const sessions = new FakeSessions()
  const consumer = new FakeConsumer()
  const buried: Letter[] = []
  const running = new Running()
  const runs = new EventRuns({
    ...{ worker: 'wk-1', service: 'watch', maxPayload: 1_000, clock: machineClock, logger: silentLogger, once: onceOf() },
    routes: compileRoutes('watch', [event('session.opened', options).handle(handler)]),
    finisher: new FinishBatcher(sessions.port, silentLogger),
    publish: async () => 1,
    deadLetters: { bury: async letter => void buried.push(letter) },
    running,
  })
  context.after(async () => {
    await runs.stop()
    running.close()
  })
  let group = ''
  const log = {
    async consume(given: { group: string }) {
      group = given.group
      return consumer
    },
  }
  await runs.start(log as unknown as Log, 'watch.events')
  assert.equal(group, 'watch.events')
  runs.assigned([0])
  let offset = 0
  const tell = (...names: string[]) => {
    const made = names.map(session => {
      const input = { event: 'session.opened', session, principal: 'ann', gateway: 'gw-1', at: 1, epoch: 1 }
      return recordOf({ session, input, offset: offset++, kind: 'event', route: 'session.opened', key: `${session}/session.opened/1` })
    })
    runs.records(0, made)
  }
  /** What has been committed, once everything that is through is. */
  const committed = async () => {
    await runs.stop()
    return consumer.commits.at(-1)?.[1]
  }
  return { runs, tell, consumer, sessions, buried, committed }
}

describe('session events at a worker', () => {
  test('are handled in order for each session, with what was told and a key', async context => {
    const seen: string[] = []
    const { tell, committed } = await runsOf(
      context,
      (told, ctx) => void seen.push(`${told.session} ${told.principal} ${ctx.principal} ${ctx.key}`),
    )
    tell('a', 'b', 'a')
    await until(() => seen.length === 3)
    assert.deepEqual(seen.sort(), [
      'a ann someone a/session.opened/1',
      'a ann someone a/session.opened/1',
      'b ann someone b/session.opened/1',
    ])
    assert.equal(await committed(), 3)
  })

  test('a failing one is tried again in its place: its session waits, others go on, and nothing behind it is committed', async context => {
    const seen: string[] = []
    const gate = Promise.withResolvers<void>()
    const { tell, runs, consumer } = await runsOf(context, async ({ session }, ctx) => {
      seen.push(`${session}${ctx.attempt}`)
      if (session === 'bad' && ctx.attempt === 1) throw new Error('no')
      if (session === 'bad' && ctx.attempt === 2) await gate.promise
    })
    tell('ok', 'bad', 'bad', 'other')
    await until(() => seen.includes('bad2') && seen.includes('other1'))
    assert.deepEqual(
      seen.filter(each => each.startsWith('bad')),
      ['bad1', 'bad2'],
    )
    await until(() => consumer.commits.length > 0, { what: 'a commit' })
    assert.deepEqual(consumer.commits.at(-1), [0, 1])
    gate.resolve()
    await until(() => seen.filter(each => each === 'bad1').length === 2)
    await runs.stop()
    assert.equal(consumer.commits.at(-1)![1], 4)
  })

  test('one that fails too often, or is given up, is a dead letter; one that is rejected is through', async context => {
    const { tell, buried, committed } = await runsOf(context, ({ session }) => {
      if (session === 'rejected') throw new Reject('no')
      throw session === 'given-up' ? new DeadLetter('never') : new Error('no')
    })
    tell('failing', 'given-up', 'rejected')
    await until(() => buried.length === 2)
    assert.deepEqual(buried.map(({ session, service, route, attempts }) => [session, service, route, attempts]).sort(), [
      ['failing', 'watch', 'session.opened', 3],
      ['given-up', 'watch', 'session.opened', 1],
    ])
    assert.equal(await committed(), 3)
  })

  test('a push to the own session goes there when the handler has ended, and not where it failed', async context => {
    const { tell, sessions, committed } = await runsOf(context, async (_told, ctx) => {
      await ctx.push(ctx.session, `attempt ${ctx.attempt}`)
      if (ctx.attempt === 1) throw new Error('no')
    })
    tell('a')
    await until(() => sessions.entries.length > 0)
    const [entry] = sessions.entries
    assert.deepEqual([entry.kind, entry.session, sessions.entries.length], ['push', 'a', 1])
    assert.equal(Buffer.from(decodeFrame(entry.frame!).payload).toString(), '"attempt 2"')
    assert.equal(await committed(), 1)
  })

  test('state and emits have no finish here: the handler is told', async context => {
    const { tell, buried } = await runsOf(context, (_told, ctx) => ctx.emit('audit.note', 1), { retry: { attempts: 1 } })
    tell('a')
    await until(() => buried.length === 1)
    assert.match(buried[0].errors[0].error, /no finish/)
  })

  test('what is not wanted, or is no event, is passed over', async context => {
    const seen: string[] = []
    const { runs, tell, committed } = await runsOf(context, ({ session }) => void seen.push(session))
    runs.records(0, [recordOf({ offset: 0, kind: 'event', route: 'session.closed' }), { ...recordOf({ offset: 1 }), header: 'nonsense' }])
    assert.deepEqual(seen, [])
    assert.equal(await committed(), 2)
    tell('late')
    assert.deepEqual(seen, [])
  })

  test('so many run at a time, and a partition with too many that wait is paused', async context => {
    let running = 0
    const gate = Promise.withResolvers<void>()
    const { tell, consumer } = await runsOf(context, async () => {
      running++
      await gate.promise
    })
    tell(...Array.from({ length: OUTSTANDING_RECORDS + 1 }, (_, n) => `s${n}`))
    assert.deepEqual([running, consumer.flow], [EVENTS_AT_A_TIME, ['pause 0']])
    gate.resolve()
    await until(() => consumer.flow.includes('resume 0'), { what: 'the partition to be resumed' })
  })

  test('what still runs when its partition goes is not committed by it', async context => {
    const gate = Promise.withResolvers<void>()
    const { tell, runs, consumer } = await runsOf(context, () => gate.promise)
    tell('a')
    await runs.revoked()
    runs.assigned([1])
    gate.resolve()
    await runs.stop()
    assert.deepEqual(consumer.commits, [])
  })
})
