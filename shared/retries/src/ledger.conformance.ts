import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Sessions } from '@causeway/sessions'
import { uniqueName, unless, until } from '@causeway/testing'
import { failingSession, finishingRunner, finishMessage, message, type OnRetries, type RetriesCapabilities } from './fixture.conformance.ts'

/** A ledger's figures but those that are 0; it has to balance wherever it is read. */
async function figures(sessions: Sessions): Promise<Record<string, number>> {
  const { accepted, ended, parked, retrying, inFlight } = await sessions.ledger()
  const parts: Record<string, number> = { ...ended, parked, retrying, inFlight: inFlight.reduce((sum, each) => sum + each) }
  const total = Object.values(parts).reduce((sum, each) => sum + each)
  assert.equal(total, accepted, JSON.stringify({ accepted, ...parts }))
  return Object.fromEntries(Object.entries({ accepted, ...parts }).filter(([, count]) => count !== 0))
}

/** The ledger's parked and retrying messages. */
export function ledger(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('counts a message as retrying or parked while it is, with and without order, however often it is told', async opened => {
    const { retries, sessions } = opened
    const failing = await failingSession(sessions)
    await retries.retry(message(failing, 1), 60_000, true)
    await retries.park([message(failing, 2), message(failing, 3)])
    await retries.park([message(failing, 3), message(failing, 1)])
    await retries.retry(message(failing, 1), 60_000, true)
    await retries.retry(message(failing, 4), 60_000, false)
    assert.deepEqual(await figures(sessions), { accepted: 4, parked: 2, retrying: 2 })
    await finishMessage(sessions, failing, 4, undefined)
    // ended by another hand, its deadline's, while it is parked
    await finishMessage(sessions, failing, 2, undefined)
    assert.deepEqual(await figures(sessions), { accepted: 4, answered: 2, parked: 1, retrying: 1 })
    await retries.park([message(failing, 2)])
    assert.deepEqual(await figures(sessions), { accepted: 4, answered: 2, parked: 1, retrying: 1 })
  })

  onRetries('moves a message from parked to retrying to its end', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const gate = Promise.withResolvers<void>()
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      if (handed.msgId === 2 && handed.attempts === 1) return { kind: 'retry', delayMs: 50, message: { ...handed, attempts: 2 } }
      if (handed.msgId === 2) await gate.promise
      return recorded.finish(handed, lease)
    })
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2), message(failing, 3)])
    const worker = await retries.work(failing.service, recorded.runner, 2)
    const between = { accepted: 3, answered: 1, retrying: 1, parked: 1 }
    await until(async () => isDeepStrictEqual(await figures(sessions), between), { what: 'one answered, one retrying, one parked' })
    gate.resolve()
    await until(() => recorded.outcomes.filter(({ kind }) => kind === 'finished').length === 3)
    assert.deepEqual(await figures(sessions), { accepted: 3, answered: 3 })
    await worker.close(1_000)
  })

  onRetries('lets what waits expire when its turn comes and its session is gone, and adds nothing of such a session', async opened => {
    const { retries, sessions } = opened
    const failing = await failingSession(sessions)
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2)])
    await sessions.end(failing.session, failing.bucket, 1)
    assert.deepEqual((await figures(sessions)).accepted, 2)
    await retries.park([message(failing, 3)])
    const { runner, outcomes } = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, runner, 1)
    await until(() => outcomes.length === 3)
    assert.deepEqual(await figures(sessions), { accepted: 2, expired: 2 })
    await worker.close(1_000)
  })

  onRetries('adds nothing of a message of another incarnation', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await retries.retry(message({ ...failing, incarnation: uniqueName('incarnation') }, 1), 60_000, true)
    assert.deepEqual(await figures(sessions), {})
  })

  onRetries(
    'knows after a crash what is parked and retrying',
    async opened => {
      const failing = await failingSession(opened.sessions)
      await opened.retries.retry(message(failing, 1), 60_000, true)
      await opened.retries.park([message(failing, 2), message(failing, 3)])
      await opened.retries.retry(message(failing, 4), 60_000, false)
      await finishMessage(opened.sessions, failing, 3, undefined)
      const { sessions } = await opened.crash!()
      assert.deepEqual(await figures(sessions), { accepted: 4, answered: 1, parked: 1, retrying: 2 })
    },
    unless(capabilities.crashes),
  )
}
