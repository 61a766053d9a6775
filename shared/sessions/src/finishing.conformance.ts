import assert from 'node:assert/strict'
import { uniqueName, unless } from '@causeway/testing'
import {
  answer,
  newSession,
  notified,
  type OnSessions,
  openSession,
  outboxOf,
  push,
  renewal,
  resumed,
  resumption,
  type SessionsCapabilities,
} from './fixture.conformance.ts'
import type { FinishEntry, MarkQuery, OpenSession, Sessions } from './sessions.ts'

const statuses = async (sessions: Sessions, entries: FinishEntry[]) => (await sessions.finish(entries)).map(({ status }) => status)
const markOf = (session: OpenSession, msgId: number): MarkQuery => ({
  session: session.session,
  bucket: session.bucket,
  incarnation: session.incarnation,
  msgId,
})

/** One final answer a message, marks over holes, numbering, and what one session's trouble may not do to others. */
export function finishing(onSessions: OnSessions, capabilities: SessionsCapabilities): void {
  onSessions('takes the first finish of a message and calls every later one a duplicate', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await statuses(sessions, [answer(session, 1), answer(session, 1)]), ['done', 'duplicate'])
    assert.deepEqual(await statuses(sessions, [answer(session, 1)]), ['duplicate'])
    assert.deepEqual(await outboxOf(sessions, session), [[1, 'answer 1']])
  })

  onSessions('lets exactly one of many concurrent finishes win', async ({ sessions }) => {
    const session = await openSession(sessions)
    const calls = Array.from({ length: 20 }, () => statuses(sessions, [answer(session, 1)]))
    const results = (await Promise.all(calls)).flat()
    assert.deepEqual(results.toSorted(), [...Array.from({ length: 1 }, () => 'done'), ...Array.from({ length: 19 }, () => 'duplicate')])
    assert.equal((await outboxOf(sessions, session)).length, 1)
  })

  onSessions('numbers deliveries without gaps in the order their finishes took effect', async ({ sessions }) => {
    const session = await openSession(sessions)
    await Promise.all(
      Array.from({ length: 10 }, (_, call) =>
        sessions.finish(Array.from({ length: 5 }, (_, entry) => answer(session, call * 5 + entry + 1))),
      ),
    )
    const outbox = await outboxOf(sessions, session)
    assert.deepEqual(
      outbox.map(([seq]) => seq),
      Array.from({ length: 50 }, (_, index) => index + 1),
    )
    assert.deepEqual(outbox.map(([, text]) => text).toSorted(), Array.from({ length: 50 }, (_, index) => `answer ${index + 1}`).toSorted())
    for (let call = 0; call < 10; call++) {
      const positions = Array.from({ length: 5 }, (_, entry) => outbox.findIndex(([, text]) => text === `answer ${call * 5 + entry + 1}`))
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
        'entries of one call out of order',
      )
    }
  })

  onSessions('closes marks over refused numbers, in whatever order messages finish', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 4, 3), answer(session, 7, 4)])
    const early = await resumed(sessions, resumption(session))
    assert.equal(early.doneMark, 0)
    assert.deepEqual(early.finishedAbove.toSorted(), [4, 7])
    await sessions.finish([answer(session, 1, 0)])
    const later = await resumed(sessions, resumption(session))
    assert.equal(later.doneMark, 1)
    assert.deepEqual(later.finishedAbove.toSorted(), [4, 7])
    await sessions.finish([answer(session, 3, 1)])
    const closed = await resumed(sessions, resumption(session))
    assert.equal(closed.doneMark, 7)
    assert.deepEqual(closed.finishedAbove, [])
    assert.deepEqual(
      await statuses(sessions, [answer(session, 1, 0), answer(session, 3, 1), answer(session, 4, 3), answer(session, 7, 4)]),
      Array(4).fill('duplicate'),
    )
    assert.deepEqual(await statuses(sessions, [answer(session, 9, 7)]), ['done'])
  })

  onSessions('finishes a thousand messages backwards', async ({ sessions }) => {
    const session = await openSession(sessions)
    const backwards = Array.from({ length: 1_000 }, (_, index) => answer(session, 1_000 - index))
    const results = await statuses(sessions, backwards)
    assert.ok(results.every(status => status === 'done'))
    const { doneMark, finishedAbove } = await resumed(sessions, resumption(session))
    assert.deepEqual({ doneMark, finishedAbove }, { doneMark: 1_000, finishedAbove: [] })
  })

  onSessions('tells fresh from finished from gone', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 3)])
    const otherIncarnation = { ...session, incarnation: uniqueName('incarnation') }
    const queries = [
      markOf(session, 1),
      markOf(session, 2),
      markOf(session, 3),
      markOf(session, 4),
      markOf(newSession(), 1),
      markOf(otherIncarnation, 1),
    ]
    assert.deepEqual(await sessions.marks(queries), ['finished', 'fresh', 'finished', 'fresh', 'gone', 'gone'])
  })

  onSessions('writes nothing for a session that is missing or of another incarnation', async ({ sessions }) => {
    const session = await openSession(sessions)
    const otherIncarnation = { ...session, incarnation: uniqueName('incarnation') }
    assert.deepEqual(await statuses(sessions, [answer(newSession(), 1), answer(otherIncarnation, 1), push(otherIncarnation, 'late')]), [
      'expired',
      'expired',
      'expired',
    ])
    assert.deepEqual(await sessions.marks([markOf(session, 1)]), ['fresh'])
    assert.deepEqual(await outboxOf(sessions, session), [])
  })

  onSessions('answers in the order of the entries, each for its own session', async ({ sessions }) => {
    const first = await openSession(sessions)
    const second = await openSession(sessions)
    await sessions.finish([answer(second, 1)])
    const entries = [answer(newSession(), 1), answer(first, 1), answer(second, 1), answer(first, 2), answer(second, 2), answer(first, 1)]
    assert.deepEqual(await statuses(sessions, entries), ['expired', 'done', 'duplicate', 'done', 'done', 'duplicate'])
    assert.equal((await outboxOf(sessions, first)).length, 2)
    assert.equal((await outboxOf(sessions, second)).length, 2)
  })

  onSessions(
    'leaves the others of a call untouched when the store fails for one session',
    async ({ sessions, damage }) => {
      const [before, broken, after] = [await openSession(sessions), await openSession(sessions), await openSession(sessions)]
      await damage!(broken.session, broken.bucket)
      assert.deepEqual(await statuses(sessions, [answer(before, 1), answer(broken, 1), answer(after, 1)]), ['done', 'failed', 'done'])
      assert.deepEqual(await outboxOf(sessions, before), [[1, 'answer 1']])
      assert.deepEqual(await outboxOf(sessions, after), [[1, 'answer 1']])
    },
    unless(capabilities.damages),
  )

  onSessions('finishes for two hundred sessions in one call', async ({ sessions }) => {
    const many = Array.from({ length: 200 }, () => newSession())
    await sessions.open(many)
    const results = await statuses(
      sessions,
      many.map(session => answer(session, 1)),
    )
    assert.deepEqual(results, Array(200).fill('done'))
    for (const session of many) assert.deepEqual(await outboxOf(sessions, session), [[1, 'answer 1']])
  })

  onSessions('marks a message without an answer finished and numbers nothing', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await statuses(sessions, [notified(session, 1), answer(session, 2), notified(session, 1)]), [
      'done',
      'done',
      'duplicate',
    ])
    assert.deepEqual(await outboxOf(sessions, session), [[1, 'answer 2']])
  })

  onSessions('numbers pushes with the answers, and repeats them when they are pushed again', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await statuses(sessions, [push(session, 'a'), answer(session, 1), push(session, 'a')]), ['done', 'done', 'done'])
    assert.deepEqual(await outboxOf(sessions, session), [
      [1, 'a'],
      [2, 'answer 1'],
      [3, 'a'],
    ])
  })

  onSessions('takes a push that names no incarnation for whichever the session has', async ({ sessions }) => {
    const session = await openSession(sessions)
    const toAny = (target: typeof session): ReturnType<typeof push> => ({ ...push(target, 'to any'), incarnation: '' })
    assert.deepEqual(await statuses(sessions, [toAny(session), toAny(newSession())]), ['done', 'expired'])
    assert.deepEqual(await outboxOf(sessions, session), [[1, 'to any']])
  })

  onSessions('takes a push that belongs to a message only while that one is not finished', async ({ sessions }) => {
    const session = await openSession(sessions)
    const belonging = { ...push(session, 'first'), msgId: 1 }
    assert.deepEqual(await statuses(sessions, [belonging, answer(session, 1), belonging]), ['done', 'done', 'duplicate'])
    assert.deepEqual(await outboxOf(sessions, session), [
      [1, 'first'],
      [2, 'answer 1'],
    ])
  })

  onSessions('closes the marks where a repeat names an earlier message before it', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await statuses(sessions, [answer(session, 1), answer(session, 5, 4), answer(session, 6)]), ['done', 'done', 'done'])
    assert.equal((await sessions.info(session.session, session.bucket))?.doneMark, 1)
    assert.deepEqual(await statuses(sessions, [answer(session, 5, 1)]), ['duplicate'])
    assert.equal((await sessions.info(session.session, session.bucket))?.doneMark, 6)
  })

  onSessions('keeps what it finished when the session is resumed', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 2)])
    await sessions.renew([renewal(session, { storedMark: 5 })])
    const { doneMark, storedMark, seq, incarnation } = await resumed(sessions, resumption(session))
    assert.deepEqual({ doneMark, storedMark, seq, incarnation }, { doneMark: 2, storedMark: 5, seq: 2, incarnation: session.incarnation })
    assert.deepEqual(await statuses(sessions, [answer(session, 2), answer(session, 3)]), ['duplicate', 'done'])
  })
}
