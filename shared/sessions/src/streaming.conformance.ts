import assert from 'node:assert/strict'
import { answer, chunk, type OnSessions, openSession, outboxOf } from './fixture.conformance.ts'
import type { FinishEntry, FinishFinal, OpenSession, Sessions } from './sessions.ts'

const statuses = async (sessions: Sessions, entries: FinishEntry[]) => (await sessions.finish(entries)).map(({ status }) => status)
const lastChunk = (session: OpenSession, msgId: number, run: string, number: number): FinishFinal => ({
  ...answer(session, msgId),
  run,
  chunk: number,
})

/** A stream belongs to the run that began it, and its chunks come in order or not at all. */
export function streaming(onSessions: OnSessions): void {
  onSessions('numbers the chunks of a stream and its end in order', async ({ sessions }) => {
    const session = await openSession(sessions)
    const entries = [chunk(session, 1, 'run', 0), chunk(session, 1, 'run', 1), lastChunk(session, 1, 'run', 2)]
    assert.deepEqual(await statuses(sessions, entries), ['done', 'done', 'done'])
    assert.deepEqual(await outboxOf(sessions, session), [
      [1, 'chunk 0'],
      [2, 'chunk 1'],
      [3, 'answer 1'],
    ])
  })

  onSessions('takes only the next chunk, and calls one taken before a duplicate', async ({ sessions }) => {
    const session = await openSession(sessions)
    const entries = [
      chunk(session, 1, 'run', 1),
      chunk(session, 1, 'run', 0),
      chunk(session, 1, 'run', 0),
      chunk(session, 1, 'run', 2),
      lastChunk(session, 1, 'run', 2),
    ]
    assert.deepEqual(await statuses(sessions, entries), ['streamTaken', 'done', 'duplicate', 'streamTaken', 'streamTaken'])
    assert.deepEqual(await statuses(sessions, [chunk(session, 1, 'run', 1)]), ['done'])
    assert.equal((await outboxOf(sessions, session)).length, 2)
  })

  onSessions('refuses a second run of a stream once seen', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([chunk(session, 1, 'first', 0)])
    const second = [chunk(session, 1, 'second', 0), chunk(session, 1, 'second', 1), lastChunk(session, 1, 'second', 1)]
    assert.deepEqual(await statuses(sessions, second), ['streamTaken', 'streamTaken', 'streamTaken'])
    assert.equal((await outboxOf(sessions, session)).length, 1)
  })

  onSessions('lets an end without a run close a stream that another run began', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([chunk(session, 1, 'first', 0)])
    assert.deepEqual(await statuses(sessions, [{ ...answer(session, 1), outcome: 'failed' }]), ['done'])
    assert.deepEqual(await statuses(sessions, [chunk(session, 1, 'first', 1), lastChunk(session, 1, 'first', 1)]), [
      'duplicate',
      'duplicate',
    ])
  })

  onSessions('streams of one session do not disturb each other', async ({ sessions }) => {
    const session = await openSession(sessions)
    const entries = [
      chunk(session, 1, 'a', 0),
      chunk(session, 2, 'b', 0),
      chunk(session, 1, 'a', 1),
      lastChunk(session, 2, 'b', 1),
      lastChunk(session, 1, 'a', 2),
    ]
    assert.deepEqual(await statuses(sessions, entries), Array(5).fill('done'))
  })

  onSessions('ends a stream of no chunks but the last', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await statuses(sessions, [lastChunk(session, 1, 'run', 0)]), ['done'])
  })
}
