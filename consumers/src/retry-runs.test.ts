import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RetryMessage, RunnerLease } from '@causeway/retries'
import { pickyHandler, routeOf } from './handlers.fixture.ts'
import { finals, messageOf, SERVICE } from './messages.fixture.ts'
import { RetryRuns } from './retry-runs.ts'
import { toRetry } from './stored-message.ts'
import { workbench } from './workbench.fixture.ts'

const lease: RunnerLease = { token: 'token-1', signal: new AbortController().signal }

/** Message 1 of session a, after one attempt that failed. */
function retryOf(): RetryMessage {
  const error = { at: 1, worker: 'wk-0', error: 'Error: before', attempt: 1 }
  return { ...toRetry(SERVICE, messageOf({ session: 'a' })), attempts: 1, errors: [error] }
}

function bench(failing: string[] = []) {
  const picky = pickyHandler(failing)
  const parts = workbench([routeOf(picky.handler)])
  return { ...parts, ran: picky.ran, runs: new RetryRuns(SERVICE, parts.runner, parts.sessions.port) }
}

describe('a retry', () => {
  test('of a head is finished together with the head it clears', async () => {
    const { runs, sessions, ran } = bench()
    assert.deepEqual(await runs.run(retryOf(), lease), { kind: 'finished', parked: 'cleared' })
    const [final] = finals(sessions.entries)
    assert.deepEqual([ran, final.unpark, final.outcome], [['a1'], { service: SERVICE, token: 'token-1' }, 'answered'])
  })

  test('of a message without order clears nothing', async () => {
    const { runs, sessions } = bench()
    assert.deepEqual(await runs.run(retryOf(), undefined), { kind: 'finished', parked: undefined })
    assert.equal(finals(sessions.entries)[0].unpark, undefined)
  })

  test('that fails wants another attempt and brings all errors along', async () => {
    const { runs, sessions } = bench(['a1'])
    const outcome = await runs.run(retryOf(), lease)
    assert.ok(outcome.kind === 'retry')
    assert.deepEqual([outcome.delayMs, outcome.message.attempts, outcome.message.errors.map(each => each.attempt)], [100, 2, [1, 2]])
    assert.equal(sessions.entries.length, 0)
  })

  test('whose attempts are used up is a dead letter, and the head is cleared', async () => {
    const { runs, sessions, retries } = bench(['a1'])
    assert.deepEqual(await runs.run({ ...retryOf(), attempts: 2 }, lease), { kind: 'finished', parked: 'cleared' })
    assert.deepEqual([retries.buried.length, finals(sessions.entries)[0].outcome], [1, 'deadLettered'])
  })

  test('of a message that was finished before does not run it, and clears the head all the same', async () => {
    const { runs, sessions, ran } = bench()
    sessions.markFinished('a', 1)
    assert.deepEqual(await runs.run(retryOf(), lease), { kind: 'finished', parked: 'cleared' })
    assert.deepEqual(ran, [])
  })

  test('of a stream ends the stream, then clears the head', async () => {
    using parts = workbench([
      routeOf(async function* () {
        yield 1
      }),
    ])
    const runs = new RetryRuns(SERVICE, parts.runner, parts.sessions.port)
    assert.deepEqual(await runs.run(retryOf(), lease), { kind: 'finished', parked: 'cleared' })
    assert.deepEqual(
      finals(parts.sessions.entries).map(entry => [entry.run === undefined, entry.unpark?.token]),
      [
        [false, undefined],
        [true, 'token-1'],
      ],
    )
  })
})
