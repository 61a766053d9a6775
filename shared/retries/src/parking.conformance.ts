import assert from 'node:assert/strict'
import { laneOf } from '@causeway/protocol'
import { uniqueName, unless, until } from '@causeway/testing'
import {
  failedAgain,
  failingSession,
  finishingRunner,
  finishMessage,
  message,
  type OnRetries,
  type RetriesCapabilities,
} from './fixture.conformance.ts'

/** Behind a failing message the later ones of its session wait, and come in order. */
export function parking(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('lets messages go while no head stands', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    assert.deepEqual(await retries.park([message(failing, 1), message(failing, 2)]), ['go', 'go'])
    assert.deepEqual(await retries.counts(failing.service), { retrying: 0, parked: 0, dead: 0 })
  })

  onRetries('parks what follows a head, knows the head itself, and lets other sessions and services go', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const neighbour = await failingSession(sessions, failing.service)
    const elsewhere = { ...failing, service: uniqueName('service') }
    await retries.retry(message(failing, 4), 60_000, true)
    const answers = await retries.park([
      message(failing, 5),
      message(neighbour, 1),
      message(failing, 4),
      message(elsewhere, 5),
      message(failing, 7),
      message(failing, 5),
    ])
    assert.deepEqual(answers, ['parked', 'go', 'head', 'go', 'parked', 'parked'])
    assert.deepEqual(await retries.counts(failing.service), { retrying: 1, parked: 2, dead: 0 })
  })

  onRetries('handles the head, then the parked ones by msgId, and clears the head with the last', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await retries.retry(message(failing, 1), 20, true)
    assert.deepEqual(await retries.park([message(failing, 3), message(failing, 2), message(failing, 10)]), ['parked', 'parked', 'parked'])
    const { runner, runs, outcomes, msgIds } = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, runner, 4)
    await until(() => outcomes.length === 4)
    assert.deepEqual(msgIds(), [1, 2, 3, 10])
    assert.deepEqual(
      outcomes.map(outcome => (outcome.kind === 'finished' ? outcome.parked : outcome.kind)),
      ['more', 'more', 'more', 'cleared'],
    )
    assert.ok(runs.every(({ lease }) => lease && lease.token !== '' && !lease.signal.aborted))
    assert.deepEqual([...runs[2]!.message.value], [0, 255, 3])
    assert.deepEqual(await retries.park([message(failing, 11)]), ['go'])
    await until(async () => (await retries.counts(failing.service)).retrying === 0)
    assert.deepEqual(await retries.counts(failing.service), { retrying: 0, parked: 0, dead: 0 })
    await worker.close(5_000)
  })

  onRetries(
    'parks each key of a session by itself: what has another key goes, and its own comes in order',
    async ({ retries, sessions }) => {
      const failing = await failingSession(sessions)
      const { service, session, bucket } = failing
      const of = (key: string, msgId: number) => message(failing, msgId, { lane: laneOf(session, key) })
      await retries.retry(of('a', 1), 30, true)
      await retries.retry(of('b', 2), 60_000, true)
      const offered = [of('a', 3), of('c', 4), of('b', 5), message(failing, 6), of('a', 7), of('b', 2)]
      assert.deepEqual(await retries.park(offered), ['parked', 'go', 'parked', 'go', 'parked', 'head'])
      assert.deepEqual((await retries.heads(service, [bucket])).sort(), [laneOf(session, 'a'), laneOf(session, 'b')])
      const { runner, runs, outcomes, msgIds } = finishingRunner(sessions, failing)
      const worker = await retries.work(service, runner, 4)
      await until(() => outcomes.length === 3)
      assert.deepEqual(msgIds(), [1, 3, 7])
      assert.ok(runs.every(run => run.message.lane === laneOf(session, 'a')))
      assert.deepEqual(
        outcomes.map(outcome => (outcome.kind === 'finished' ? outcome.parked : outcome.kind)),
        ['more', 'more', 'cleared'],
      )
      assert.deepEqual(await retries.park([of('a', 8), of('b', 9)]), ['go', 'parked'])
      assert.deepEqual(await retries.heads(service, [bucket]), [laneOf(session, 'b')])
      await worker.close(5_000)
    },
  )

  onRetries('makes a parked message that fails the new head', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const recorded = finishingRunner(sessions, failing, async (handed, lease) =>
      handed.msgId === 2 && handed.attempts === 1
        ? { kind: 'retry', delayMs: 60, message: failedAgain(handed) }
        : recorded.finish(handed, lease),
    )
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2), message(failing, 3)])
    const worker = await retries.work(failing.service, recorded.runner, 4)
    await until(() => recorded.outcomes.length === 2)
    await until(async () => (await retries.park([message(failing, 2)]))[0] === 'head')
    assert.deepEqual(await retries.park([message(failing, 3)]), ['parked'])
    await until(() => recorded.outcomes.length === 4)
    assert.deepEqual(recorded.msgIds(), [1, 2, 2, 3])
    await worker.close(5_000)
  })

  onRetries('makes no head of a message that has ended', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    for (const msgId of [1, 3]) await finishMessage(sessions, failing, msgId, undefined)
    for (const msgId of [1, 3]) assert.equal(await retries.retry(message(failing, msgId), 0, true), 'kept')
    assert.deepEqual(await retries.park([message(failing, 4)]), ['go'])
    assert.deepEqual(await retries.counts(failing.service), { retrying: 0, parked: 0, dead: 0 })
  })

  onRetries('keeps a head in order through its attempts', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const recorded = finishingRunner(sessions, failing, async (handed, lease) =>
      handed.msgId === 1 && handed.attempts < 3
        ? { kind: 'retry', delayMs: 20, message: failedAgain(handed) }
        : recorded.finish(handed, lease),
    )
    const worker = await retries.work(failing.service, recorded.runner, 4)
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2)])
    await until(() => recorded.outcomes.length === 4)
    assert.deepEqual(recorded.msgIds(), [1, 1, 1, 2])
    assert.ok(recorded.runs.every(({ lease }) => lease))
    await worker.close(5_000)
  })

  onRetries('loses no message between park and the clearing of a head', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const { runner, msgIds } = finishingRunner(sessions, failing)
    await retries.retry(message(failing, 1), 0, true)
    const worker = await retries.work(failing.service, runner, 4)
    const parked: number[] = []
    const gone: number[] = []
    for (let msgId = 2; msgId <= 40; msgId++) {
      const [decision] = await retries.park([message(failing, msgId)])
      if (decision === 'parked') parked.push(msgId)
      else gone.push(msgId)
    }
    await until(() => msgIds().length === 1 + parked.length)
    assert.deepEqual(msgIds(), [1, ...parked])
    assert.deepEqual(
      [...parked, ...gone],
      Array.from({ length: 39 }, (_, index) => index + 2),
      'parked after a go',
    )
    assert.deepEqual(await retries.counts(failing.service).then(({ parked: left }) => left), 0)
    await worker.close(5_000)
  })

  onRetries('names the sessions that have a head, by bucket', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const { service, bucket, session } = failing
    await retries.retry(message(failing, 1), 30, true)
    const everyBucket = Array.from({ length: 256 }, (_, index) => index)
    assert.deepEqual(await retries.heads(service, everyBucket), [session])
    assert.deepEqual(await retries.heads(service, [bucket]), [session])
    assert.deepEqual(await retries.heads(service, [(bucket + 1) % 256]), [])
    assert.deepEqual(await retries.heads(uniqueName('service'), everyBucket), [])
    const { runner, outcomes } = finishingRunner(sessions, failing)
    const worker = await retries.work(service, runner, 1)
    await until(() => outcomes.length === 1)
    assert.deepEqual(await retries.heads(service, everyBucket), [])
    await worker.close(5_000)
  })

  onRetries('unparks a message that had been finished elsewhere, and one whose session is gone', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2), message(failing, 3)])
    await finishMessage(sessions, failing, 2, undefined)
    const statuses: string[] = []
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      if (handed.msgId === 3) await sessions.end(failing.session, failing.bucket, 1)
      const { status, parked } = await finishMessage(sessions, failing, handed.msgId, lease)
      statuses.push(`${status} ${parked}`)
      return { kind: 'finished', parked }
    })
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await until(() => statuses.length === 3)
    assert.deepEqual(statuses, ['done more', 'duplicate more', 'expired cleared'])
    assert.deepEqual(await retries.heads(failing.service, [failing.bucket]), [])
    await worker.close(5_000)
  })

  onRetries('tells a finish under another token that it has lost the head, and leaves the head', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const parkedSaid: unknown[] = []
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      const stranger = { token: uniqueName('token'), signal: lease!.signal }
      parkedSaid.push(
        (await finishMessage(sessions, failing, handed.msgId, stranger)).parked,
        ...(await retries.heads(failing.service, [failing.bucket])),
      )
      return recorded.finish(handed, lease)
    })
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await retries.retry(message(failing, 1), 0, true)
    await until(() => recorded.outcomes.length === 1)
    assert.deepEqual(parkedSaid, ['lost', failing.session])
    assert.deepEqual(recorded.outcomes, [{ kind: 'finished', parked: 'cleared' }])
    await worker.close(5_000)
  })

  onRetries('does not hold one session up by another', async ({ retries, sessions }) => {
    const poisoned = await failingSession(sessions)
    const healthy = await failingSession(sessions, poisoned.service)
    await retries.retry(message(poisoned, 1), 60_000, true)
    await retries.park([message(poisoned, 2)])
    await retries.retry(message(healthy, 1), 0, true)
    await retries.park([message(healthy, 2)])
    const { runner, outcomes, runs } = finishingRunner(sessions, healthy)
    const worker = await retries.work(poisoned.service, runner, 1)
    await until(() => outcomes.length === 2)
    assert.ok(runs.every(({ message: { session } }) => session === healthy.session))
    await worker.close(5_000)
  })

  onRetries(
    'keeps heads and parked messages through a crash',
    async opened => {
      const failing = await failingSession(opened.sessions)
      await opened.retries.retry(message(failing, 1), 60_000, true)
      await opened.retries.park([message(failing, 2)])
      const { retries } = await opened.crash!()
      assert.deepEqual(await retries.park([message(failing, 1), message(failing, 2), message(failing, 3)]), ['head', 'parked', 'parked'])
      assert.deepEqual(await retries.heads(failing.service, [failing.bucket]), [failing.session])
    },
    unless(capabilities.crashes),
  )
}
