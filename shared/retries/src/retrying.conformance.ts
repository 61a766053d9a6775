import assert from 'node:assert/strict'
import { uniqueName, unless, until } from '@causeway/testing'
import { failedAgain, failingSession, finishingRunner, message, type OnRetries, type RetriesCapabilities } from './fixture.conformance.ts'

/** ms; jobs left over from a close start again. */
const SLOW_MS = 15_000

/** A failed message comes again, whole, not too early, and only once. */
export function retrying(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('runs a message again with its bytes, attempts and errors, not before its delay', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const { runner, runs } = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, runner, 4)
    const given = message(failing, 1, { traceparent: 'trace', contentType: 'application/json' })
    const from = Date.now()
    await retries.retry(given, 150, false)
    await until(() => runs.length === 1)
    const [run] = runs
    assert.ok(run!.at - from >= 149, `run after ${run!.at - from} ms`)
    assert.deepEqual({ ...run!.message, value: Uint8Array.from(run!.message.value) }, given)
    assert.equal(run!.lease, undefined)
    await worker.close(5_000)
  })

  onRetries('runs what was scheduled before anyone worked', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await retries.retry(message(failing, 1), 0, false)
    const { runner, runs } = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, runner, 1)
    await until(() => runs.length === 1)
    await worker.close(5_000)
  })

  onRetries('runs a message once though it was scheduled twice', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    for (const ordered of [false, true]) {
      const msgId = ordered ? 2 : 1
      await Promise.all([retries.retry(message(failing, msgId), 50, ordered), retries.retry(message(failing, msgId), 50, ordered)])
      await retries.retry(message(failing, msgId), 50, ordered)
    }
    const { runner, runs, msgIds } = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, runner, 1)
    await until(() => runs.length >= 2)
    await retries.retry(message(failing, 3), 0, false)
    await until(() => msgIds().includes(3))
    assert.deepEqual(msgIds().toSorted(), [1, 2, 3])
    await worker.close(5_000)
  })

  onRetries('schedules the next attempt that a run asks for', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const recorded = finishingRunner(sessions, failing, async (handed, lease) =>
      handed.attempts < 3 ? { kind: 'retry', delayMs: 20, message: failedAgain(handed) } : recorded.finish(handed, lease),
    )
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await retries.retry(message(failing, 1), 0, false)
    await until(() => recorded.outcomes.length === 3)
    assert.deepEqual(
      recorded.runs.map(({ message: { attempts, errors } }) => [attempts, errors.length]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    )
    await until(async () => (await retries.counts(failing.service)).retrying === 0)
    await worker.close(5_000)
  })

  onRetries('runs a job again whose runner failed', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    let broken = true
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      if (!broken) return recorded.finish(handed, lease)
      broken = false
      throw new Error('the store is away')
    })
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await retries.retry(message(failing, 1), 0, true)
    await until(() => recorded.outcomes.length === 1, { timeoutMs: SLOW_MS })
    assert.deepEqual(recorded.msgIds(), [1, 1])
    await worker.close(5_000)
  })

  onRetries('runs at most as many at a time as it was told', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    let running = 0
    let most = 0
    const gate = Promise.withResolvers<void>()
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      most = Math.max(most, ++running)
      await gate.promise
      running--
      return recorded.finish(handed, lease)
    })
    const worker = await retries.work(failing.service, recorded.runner, 3)
    for (let msgId = 1; msgId <= 8; msgId++) await retries.retry(message(failing, msgId), 0, false)
    await until(() => running === 3)
    gate.resolve()
    await until(() => recorded.outcomes.length === 8)
    assert.equal(most, 3)
    await worker.close(5_000)
  })

  onRetries('keeps services apart', async ({ retries, sessions }) => {
    const [mine, other] = [await failingSession(sessions), await failingSession(sessions, uniqueName('service'))]
    const { runner, runs } = finishingRunner(sessions, mine)
    const worker = await retries.work(mine.service, runner, 1)
    await retries.retry(message(other, 9), 0, false)
    await retries.retry(message(mine, 1), 20, false)
    await until(() => runs.length === 1)
    assert.equal(runs[0]!.message.service, mine.service)
    assert.equal((await retries.counts(other.service)).retrying, 1)
    await worker.close(5_000)
  })

  onRetries('waits for what runs before close resolves, and takes no more', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const gate = Promise.withResolvers<void>()
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      await gate.promise
      return recorded.finish(handed, lease)
    })
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await retries.retry(message(failing, 1), 0, true)
    await retries.retry(message(failing, 2), 0, false)
    await until(() => recorded.runs.length === 1)
    const closing = worker.close(5_000)
    gate.resolve()
    await closing
    assert.equal(recorded.outcomes.length, 1)
    assert.equal(recorded.runs.length, 1)
  })

  onRetries('tells a run that outlasts the close that it is over', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const aborted = Promise.withResolvers<void>()
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      lease!.signal.addEventListener('abort', () => aborted.resolve(), { once: true })
      await aborted.promise
      return { kind: 'retry', delayMs: 60_000, message: failedAgain(handed) }
    })
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await retries.retry(message(failing, 1), 0, true)
    await until(() => recorded.runs.length === 1)
    await worker.close(50)
    await aborted.promise
  })

  onRetries(
    'runs again what ran when its process died, with its head',
    async opened => {
      const failing = await failingSession(opened.sessions)
      const hanging = finishingRunner(opened.sessions, failing, () => new Promise(() => {}))
      await opened.retries.work(failing.service, hanging.runner, 2)
      await opened.retries.retry(message(failing, 1), 0, true)
      await opened.retries.retry(message(failing, 5), 60_000, false)
      await opened.retries.park([message(failing, 2)])
      await until(() => hanging.runs.length === 1)
      const { retries, sessions } = await opened.crash!()
      assert.deepEqual(await retries.counts(failing.service), { retrying: 2, parked: 1, dead: 0 })
      const { runner, msgIds } = finishingRunner(sessions, failing)
      const worker = await retries.work(failing.service, runner, 1)
      await until(() => msgIds().length === 2, { timeoutMs: SLOW_MS })
      assert.deepEqual(msgIds(), [1, 2])
      await worker.close(5_000)
    },
    unless(capabilities.crashes),
  )

  onRetries('answers a ping', async ({ retries }) => retries.ping())
}
