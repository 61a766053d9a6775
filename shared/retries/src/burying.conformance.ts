import assert from 'node:assert/strict'
import { failingSession, message, type OnRetries } from './fixture.conformance.ts'
import { deadLetterId } from './retries.ts'

/** What was given up is kept, once, with all an operator needs to mend it. */
export function burying(onRetries: OnRetries): void {
  onRetries('keeps a dead letter with its payload, headers, errors and reason', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const letter = {
      ...message(failing, 1, { attempts: 3, traceparent: 'trace', contentType: 'text/plain' }),
      deadAt: Date.now(),
      reason: 'attempts exhausted',
    }
    await retries.bury(letter)
    const name = { service: failing.service, id: deadLetterId(letter) }
    const kept = await retries.deadLetters.get(name)
    assert.deepEqual({ ...kept, value: Uint8Array.from(kept!.value) }, { ...letter, id: name.id, replays: [] })
    assert.equal(await retries.deadLetters.get({ ...name, id: 'nobody-1-dead' }), undefined)
  })

  onRetries('buries a message once', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    const letter = { ...message(failing, 1), deadAt: Date.now(), reason: 'first' }
    await Promise.all([retries.bury(letter), retries.bury(letter)])
    await retries.bury({ ...letter, reason: 'second' })
    await retries.bury({ ...letter, msgId: 2 })
    for (const msgId of [1, 2]) {
      const kept = await retries.deadLetters.get({ service: failing.service, id: deadLetterId({ ...letter, msgId }) })
      assert.deepEqual([kept!.msgId, kept!.reason], [msgId, 'first'])
    }
    assert.equal((await retries.counts(failing.service)).dead, 2)
  })

  onRetries('shows its queues to operators', async ({ retries, sessions }) => {
    const failing = await failingSession(sessions)
    await retries.retry(message(failing, 1), 60_000, false)
    await retries.bury({ ...message(failing, 2), deadAt: Date.now(), reason: 'attempts exhausted' })
    const boards = retries.board(failing.service)
    assert.equal(boards.length, 3)
    assert.ok(boards.every(board => board.getName().includes(failing.service)))
    const counts = await Promise.all(boards.map(board => board.getJobCounts()))
    assert.deepEqual(
      counts.map(count => Object.values(count).reduce((sum, each) => sum + each, 0)),
      [1, 1, 0],
    )
    for (const [index, board] of boards.slice(0, 2).entries()) {
      const jobs = await board.getJobs(board.getJobStatuses(), 0, 10)
      assert.equal(jobs.length, 1)
      assert.ok(JSON.stringify(jobs[0]!.toJSON().data).includes(failing.session), `board ${index}`)
    }
  })
}
