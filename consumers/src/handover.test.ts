import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { Counters } from './counters.ts'
import { Handover } from './handover.ts'
import { HANDOVER_MS } from './limits.ts'
import { FakeHolders } from './stores.fixture.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Two workers on one registry, on a clock of the test's. */
function pair() {
  mock.timers.enable({ apis: ['setTimeout'] })
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
    async pass(ms: number, waiting: Promise<void>): Promise<boolean> {
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

describe('the hand-over of partitions', () => {
  test('waits for nothing where nobody worked', async () => {
    using at = pair()
    assert.equal(await at.pass(10, at.next.take([0, 1], always)), true)
    assert.equal(at.registry.by.get(1), 'wk-2')
  })

  test('waits until the former owner has ended its last handler, and no longer', async () => {
    using at = pair()
    await at.former.take([0, 1], always)
    at.former.begin(1)
    at.former.begin(1)
    await at.former.take([0], always)
    const taking = at.next.take([1], always)
    assert.equal(await at.pass(100, taking), false)
    at.former.end(1)
    assert.equal(await at.pass(100, taking), false)
    at.former.end(1)
    await settle()
    assert.equal(await at.pass(30, taking), true)
    assert.equal(at.counters.handoversLate, 0)
  })

  test('gives up after its time, which runs from the beginning of the rebalance, and takes the partition', async () => {
    using at = pair()
    await at.former.take([0], always)
    at.former.begin(0)
    at.next.rebalancing()
    await at.pass(HANDOVER_MS / 2, Promise.resolve())
    const taking = at.next.take([0], always)
    assert.equal(await at.pass(HANDOVER_MS / 2 - 50, taking), false)
    assert.equal(await at.pass(100, taking), true)
    assert.deepEqual([at.counters.handoversLate, at.registry.by.get(0)], [1, 'wk-2'])
    at.former.end(0)
    await settle()
    assert.equal(at.registry.by.get(0), 'wk-2')
  })

  test('waits for handlers of its own that an earlier assignment began', async () => {
    using at = pair()
    await at.next.take([0], always)
    at.next.begin(0)
    const taking = at.next.take([0], always)
    assert.equal(await at.pass(100, taking), false)
    at.next.end(0)
    assert.equal(await at.pass(30, taking), true)
  })

  test('ends its wait with an assignment that is no longer the present one', async () => {
    using at = pair()
    await at.former.take([0], always)
    at.former.begin(0)
    let current = true
    const taking = at.next.take([0], () => current)
    assert.equal(await at.pass(100, taking), false)
    current = false
    assert.equal(await at.pass(30, taking), true)
  })

  test('of a worker that leaves, frees at once what it does not work on, the rest with its last handler', async () => {
    using at = pair()
    await at.former.take([0, 1], always)
    at.former.begin(1)
    await at.former.leave()
    assert.deepEqual([...at.registry.by.keys()], [1])
    at.former.end(1)
    await settle()
    assert.deepEqual([...at.registry.by.keys()], [])
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
