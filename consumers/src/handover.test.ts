import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { LEASE_MS } from '@causeway/registry'
import { silentLogger } from '@causeway/telemetry'
import { Counters } from './counters.ts'
import { Handover } from './handover.ts'
import { HANDOVER_MS, LATE_NAMED } from './limits.ts'
import { FakeHolders } from './stores.fixture.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Two workers on one registry, on a clock of the test's. */
function pair() {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  let now = 1_000
  const clock = mock.method(performance, 'now', () => now)
  const registry = new FakeHolders()
  const counters = new Counters()
  const of = (worker: string): Handover => new Handover({ service: 'orders', worker, registry, counters, logger: silentLogger })
  return {
    former: of('wk-1'),
    next: of('wk-2'),
    registry,
    counters,
    /** Whether it has resolved after so many ms more. */
    async pass(ms: number, waiting: Promise<unknown>): Promise<boolean> {
      let done = false
      void waiting.then(() => {
        done = true
      })
      for (let left = ms; left > 0; left -= 10) {
        now += 10
        mock.timers.tick(10)
        await settle()
      }
      return done
    },
    [Symbol.dispose]() {
      clock.mock.restore()
      mock.timers.reset()
    },
  }
}
const always = (): boolean => true
const late = (partition: number, session: string) => ({ partition, session })

describe('the hand-over of partitions', () => {
  test('waits for nothing where nobody worked', async () => {
    using at = pair()
    assert.equal(await at.pass(10, at.next.take([0, 1], always)), true)
    assert.equal(at.registry.by.get(1), 'wk-2')
  })

  test('waits until the former owner has released them, whatever still runs there, and is told of that', async () => {
    using at = pair()
    await at.former.take([0, 1], always)
    const taking = at.next.take([1], always)
    assert.equal(await at.pass(100, taking), false)
    await at.former.release([late(1, 'a'), late(0, 'b')])
    assert.equal(await at.pass(30, taking), true)
    assert.deepEqual(await taking, [late(1, 'a')])
    assert.deepEqual([at.counters.handoversLate, at.former.late], [0, ['a', 'b']])
  })

  test('gives up after its time, which runs from the beginning of the rebalance, and takes the partition', async () => {
    using at = pair()
    await at.former.take([0], always)
    at.next.rebalancing()
    await at.pass(HANDOVER_MS / 2, Promise.resolve())
    const taking = at.next.take([0], always)
    assert.equal(await at.pass(HANDOVER_MS / 2 - 50, taking), false)
    assert.equal(await at.pass(100, taking), true)
    assert.deepEqual([at.counters.handoversLate, at.registry.by.get(0)], [1, 'wk-2'])
    await at.former.release([])
    assert.equal(at.registry.by.get(0), 'wk-2')
  })

  test('ends its wait with an assignment that is no longer the present one', async () => {
    using at = pair()
    await at.former.take([0], always)
    let current = true
    const taking = at.next.take([0], () => current)
    assert.equal(await at.pass(100, taking), false)
    current = false
    assert.equal(await at.pass(30, taking), true)
  })

  test('lets go of what it is given after it has left', async () => {
    using at = pair()
    const { promise: answer, resolve } = Promise.withResolvers<void>()
    const { hold } = at.registry
    at.registry.hold = async (...asked) => {
      const held = await hold.apply(at.registry, asked)
      await answer
      return held
    }
    let current = true
    const taking = at.next.take([0], () => current)
    await settle()
    current = false
    await at.next.leave([])
    assert.equal(at.registry.by.get(0), 'wk-2')
    resolve()
    assert.deepEqual(await taking, [])
    await settle()
    assert.deepEqual([...at.registry.by], [])
  })

  test('claims until the store has heard it: retries are held against the claim', async () => {
    using at = pair()
    const { hold } = at.registry
    at.registry.hold = async () => {
      throw new Error('away')
    }
    const taking = at.next.take([0], always)
    assert.equal(await at.pass(HANDOVER_MS * 3, taking), false)
    at.registry.hold = hold
    assert.equal(await at.pass(30, taking), true)
    assert.equal(at.registry.by.get(0), 'wk-2')
  })
})

describe('late sessions', () => {
  test('are named at the former owner until they have ended, those of one turn settled in one call', async () => {
    using at = pair()
    await at.former.take([0], always)
    await at.former.release([late(0, 'a'), late(0, 'b'), late(0, 'c')])
    assert.deepEqual([at.former.ended('a'), at.former.ended('b'), at.former.ended('never-late')], [true, true, false])
    await settle()
    assert.deepEqual([at.registry.settled, [...at.registry.named.keys()]], [[['a', 'b']], ['wk-1 c']])
  })

  test('are named again while they run, so that their names do not run out, and no longer', async () => {
    using at = pair()
    await at.former.take([0], always)
    await at.former.release([late(0, 'a')])
    at.registry.named.clear()
    mock.timers.tick(LEASE_MS / 3)
    await settle()
    assert.deepEqual([...at.registry.named], [['wk-1 a', 0]])
    at.former.ended('a')
    await settle()
    mock.timers.tick(LEASE_MS)
    await settle()
    assert.deepEqual([...at.registry.named], [])
  })

  test('are waited for by a worker that stops, at most for its time, and by nobody once it has closed', async () => {
    using at = pair()
    await at.former.take([0], always)
    await at.former.leave([late(0, 'a'), late(0, 'b')])
    const ending = at.former.noneLate(1_000)
    at.former.ended('a')
    assert.equal(await at.pass(990, ending), false)
    assert.equal(await at.pass(20, ending), true)
    await at.former.close()
    assert.deepEqual([[...at.registry.named], at.registry.settled], [[], [['a'], ['b']]])
    assert.equal(await at.pass(10, at.former.noneLate(1_000)), true)
  })

  test(`are named up to ${LATE_NAMED}`, async () => {
    using at = pair()
    await at.former.take([0], always)
    await at.former.release(Array.from({ length: LATE_NAMED + 1 }, (_, index) => late(0, `s${index}`)))
    assert.equal(at.registry.named.size, LATE_NAMED)
  })
})
