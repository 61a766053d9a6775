import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { turn, until } from '@causeway/testing'
import { HeldHandlers, pickyHandler, routeOf } from './handlers.fixture.ts'
import { finals, type RecordChanges, recordOf } from './messages.fixture.ts'
import type { Route } from './route.ts'
import { FakeHolders, FakeRetries, FakeSessions } from './stores.fixture.ts'
import { type Workbench, workbench } from './workbench.fixture.ts'

/** Records of partition 0 from its beginning, as whoever is assigned it reads them. */
const LOG: RecordChanges[] = [
  { session: 'late', msgId: 1 },
  { session: 'late', msgId: 2 },
  { session: 'other', msgId: 1 },
]

/** Workers of one service on the same stores. */
class Workers implements Disposable {
  readonly stores = { sessions: new FakeSessions(), retries: new FakeRetries(), holders: new FakeHolders() }
  readonly #benches: Workbench[] = []

  hire(worker: string, ...routes: Route[]): Workbench {
    const bench = workbench(routes, 16, { ...this.stores, worker })
    this.#benches.push(bench)
    return bench
  }

  [Symbol.dispose](): void {
    for (const bench of this.#benches) bench[Symbol.dispose]()
  }
}

/** It has partition 0 and has read all of it. */
async function take({ dispatcher }: Workbench): Promise<void> {
  await dispatcher.assigned([0])
  dispatcher.records(
    0,
    LOG.map((changes, offset) => recordOf({ offset, ...changes })),
  )
}

/** Loses its partition while its handlers run. */
async function lose({ dispatcher }: Workbench, drainMs = 5): Promise<void> {
  await dispatcher.stop(drainMs)
}

async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

const allComplete = ({ dispatcher }: Workbench) => until(() => dispatcher.outstanding === 0)

/** A worker that has lost partition 0 while it handles message 1 of session `late`, and all of it is at another one now. */
async function handedOver(options: { order?: 'none' } = {}) {
  const workers = new Workers()
  const [old, fresh] = [new HeldHandlers(), pickyHandler()]
  const former = workers.hire('wk-1', routeOf(old.handler, options))
  const next = workers.hire('wk-2', routeOf(fresh.handler, options))
  await former.dispatcher.assigned([0])
  former.dispatcher.records(0, [recordOf({ offset: 0, ...LOG[0] })])
  await until(() => old.running.length === 1)
  await lose(former)
  await take(next)
  return { workers, ...workers.stores, old, former, next, ran: fresh.ran }
}

describe('a session whose handler still runs at the former owner', () => {
  test('waits there; the others of its partition go on at once', async () => {
    const { workers, old, next, ran } = await handedOver()
    using _ = workers
    await until(() => ran.includes('other1'))
    await quiet()
    assert.deepEqual([ran, next.dispatcher.late, next.dispatcher.unfinished], [['other1'], 1, 2])
    old.return('late1')
    await allComplete(next)
  })

  test('goes on with the next message when that handler has ended; what it finished is not handled again', async () => {
    const { workers, sessions, old, next, ran } = await handedOver()
    using _ = workers
    sessions.finishing.hold()
    old.return('late1')
    await until(() => sessions.calls.length > 0)
    await quiet()
    assert.equal(next.dispatcher.late, 1, 'it waits for the finish too')
    sessions.finishing.release()
    await allComplete(next)
    assert.deepEqual([ran, next.dispatcher.late, next.counters.duplicates], [['other1', 'late2'], 0, 1])
    assert.deepEqual(new Set(sessions.statuses), new Set(['done']))
  })

  test('is begun again once the former owner is known to be dead', async () => {
    const { workers, holders, next, ran } = await handedOver()
    using _ = workers
    await until(() => ran.includes('other1'))
    holders.die('wk-1')
    await allComplete(next)
    assert.deepEqual(ran, ['other1', 'late1', 'late2'])
  })

  test('is begun again where that handler fails: its retry is the present owner’s', async () => {
    const { workers, retries, old, former, next, ran } = await handedOver()
    using _ = workers
    await until(() => ran.includes('other1'))
    retries.lost = true
    old.throw('late1')
    await until(() => former.counters.left === 1)
    retries.lost = false
    await allComplete(next)
    assert.deepEqual([ran, retries.scheduled], [['other1', 'late1', 'late2'], []])
  })

  test('waits with its messages of routes without order too', async () => {
    const { workers, old, next, ran } = await handedOver({ order: 'none' })
    using _ = workers
    await until(() => ran.includes('other1'))
    await quiet()
    assert.deepEqual(ran, ['other1'])
    old.return('late1')
    await allComplete(next)
    assert.deepEqual([ran, next.counters.duplicates], [['other1', 'late2'], 1])
  })

  test('waits at the owner after the next as well', async () => {
    const { workers, old, next } = await handedOver()
    using _ = workers
    await until(() => next.dispatcher.unfinished === 2)
    await lose(next)
    const { handler, ran } = pickyHandler()
    const last = workers.hire('wk-3', routeOf(handler))
    await take(last)
    await quiet()
    assert.deepEqual([ran, last.dispatcher.late], [[], 1])
    old.return('late1')
    await allComplete(last)
    assert.deepEqual(ran, ['late2'])
  })

  test('waits though nobody can be asked for a while', async () => {
    const { workers, holders, old, next, ran } = await handedOver()
    using _ = workers
    let asked = 0
    const { late } = holders
    holders.late = async () => {
      asked++
      throw new Error('away')
    }
    old.return('late1')
    await until(() => asked > 1)
    assert.deepEqual([ran, next.dispatcher.late], [['other1'], 1])
    holders.late = late
    await allComplete(next)
    assert.deepEqual(ran, ['other1', 'late2'])
  })
})

describe('a session whose handler still runs from an earlier assignment of the same worker', () => {
  /** One that has partition 0 a second time, and read it from the beginning, while it handles message 1 of session `late`. */
  async function again(between: (workers: Workers) => Promise<void>) {
    const workers = new Workers()
    const held = new HeldHandlers()
    const { handler, ran } = pickyHandler()
    const worker = workers.hire(
      'wk-1',
      routeOf((input, ctx) => (ctx.session === 'late' ? held.handler(input, ctx) : handler(input, ctx))),
    )
    await worker.dispatcher.assigned([0])
    worker.dispatcher.records(0, [recordOf({ offset: 0, ...LOG[0] })])
    await until(() => held.running.length === 1)
    await worker.dispatcher.revoked()
    const { by, named } = workers.stores.holders
    assert.deepEqual([[...by], [...named]], [[], [['wk-1 late', 0]]])
    await between(workers)
    await take(worker)
    await until(() => ran.includes('other1'))
    return { workers, ...workers.stores, held, worker }
  }

  for (const [what, between] of [
    ['that kept its partition', async () => {}],
    [
      'that had lost its partition in between',
      async (workers: Workers) => {
        const other = workers.hire(
          'wk-2',
          routeOf(() => null),
        )
        await other.dispatcher.assigned([0])
        await other.dispatcher.revoked()
      },
    ],
  ] as const) {
    test(`${what} is not begun beside it, and goes on when it has ended`, async () => {
      const { workers, held, worker } = await again(between)
      using _ = workers
      await quiet()
      assert.deepEqual([held.started, worker.dispatcher.late], [['late1'], 1])
      held.return('late1')
      await until(() => held.running.includes('late2'))
      held.return('late2')
      await allComplete(worker)
      assert.deepEqual([held.started, worker.counters.duplicates], [['late1', 'late2'], 1])
    })
  }

  test('follows it into the retries where it fails', async () => {
    const { workers, retries, held, worker } = await again(async () => {})
    using _ = workers
    held.throw('late1')
    await allComplete(worker)
    assert.deepEqual(
      [held.started, retries.scheduled.map(({ message }) => message.msgId), retries.parked.map(({ msgId }) => msgId)],
      [['late1'], [1, 1], [2]],
    )
  })
})

describe('a worker that stops', () => {
  test('frees its partitions though handlers run, and waits for these', async () => {
    const { workers, holders, sessions, old, former } = await handedOver()
    using _ = workers
    assert.equal(holders.by.get(0), 'wk-2')
    let ended = false
    const ending = former.dispatcher.ended(60_000).then(() => {
      ended = true
    })
    await quiet()
    assert.equal(ended, false)
    old.return('late1')
    await ending
    assert.deepEqual(
      finals(sessions.entries)
        .filter(({ session }) => session === 'late')
        .map(({ msgId }) => msgId),
      [1],
    )
  })
})
