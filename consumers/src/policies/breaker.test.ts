import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { turn } from '@causeway/testing'
import { contextOf, messageOf } from '../messages.fixture.ts'
import { Reject } from '../outcome-errors.ts'
import { Cancelled, TimedOut, WorkerStops } from '../signal-reasons.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Breaker } from './breaker.ts'
import { NotNow } from './not-now.ts'

const never = () => new Promise<never>(() => undefined)
const fails = () => Promise.reject(new Error('away'))

/** A breaker whose next message is the one that tries. */
async function openedBreaker() {
  const clock = new TestClock(1_000_000)
  const breaker = new Breaker('ask', { failures: 1, openForMs: 10_000 }, clock, silentLogger)
  const run = async (handler: () => unknown, ctx = contextOf(messageOf())): Promise<unknown> => breaker.run(ctx, handler)
  /** A message that waits for its handler, and its end when its signal ends so. */
  const held = () => {
    const ctx = contextOf(messageOf())
    const ended = run(never, ctx)
    ended.catch(() => undefined)
    return { abort: (reason: Error) => ctx.abort(reason), ended }
  }
  await assert.rejects(run(fails), /away/)
  await assert.rejects(run(fails), NotNow)
  clock.moveTo(clock.now() + 10_000)
  return { clock, breaker, run, held }
}

describe('the message that tries whether a breaker can close', () => {
  for (const reason of [new Cancelled(), new WorkerStops()])
    test(`says nothing where its signal ends so: ${reason.message}; the next one tries`, async () => {
      const { breaker, run, held } = await openedBreaker()
      const trial = held()
      trial.abort(reason)
      await assert.rejects(trial.ended, reason)
      assert.equal(breaker.isOpen, true)
      await assert.rejects(run(fails), /away/)
      await assert.rejects(run(fails), NotNow)
    })

  test('leaves the trial to one that waits for its end', async () => {
    const { breaker, run, held } = await openedBreaker()
    const trial = held()
    const next = run(() => 'here')
    trial.abort(new Cancelled())
    assert.equal(await next, 'here')
    assert.equal(breaker.isOpen, false)
  })

  test('opens it again where its time is over', async () => {
    const { run, held } = await openedBreaker()
    const trial = held()
    trial.abort(new TimedOut())
    await assert.rejects(trial.ended, TimedOut)
    await assert.rejects(run(fails), NotNow)
  })

  test('closes it by an answer, and by a refusal, which is one', async () => {
    for (const handler of [() => 'here', () => Promise.reject(new Reject('sold out'))]) {
      const { breaker, run } = await openedBreaker()
      await run(handler).catch(error => assert.ok(error instanceof Reject))
      assert.equal(breaker.isOpen, false)
    }
  })
})

test('one whose time is over while another tries is not run, and says nothing', async () => {
  const { breaker, run, held } = await openedBreaker()
  const trial = held()
  const late = contextOf(messageOf())
  const waits = run(() => assert.fail('it ran'), late)
  late.abort(new TimedOut())
  await turn()
  trial.abort(new Cancelled())
  await assert.rejects(waits, TimedOut)
  assert.equal(await run(() => 'here'), 'here')
  assert.equal(breaker.isOpen, false)
})
