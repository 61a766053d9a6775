import assert from 'node:assert/strict'
import { uniqueName, unless } from '@causeway/testing'
import {
  answer,
  newSession,
  notified,
  type OnSessions,
  openSession,
  renewal,
  resumed,
  resumption,
  type SessionsCapabilities,
} from './fixture.conformance.ts'
import type { Ledger, Sessions } from './sessions.ts'

/** A ledger's figures but those that are 0; it has to balance wherever it is read. */
export async function figures(sessions: Sessions): Promise<Record<string, number>> {
  const { accepted, ended, parked, retrying, inFlight } = await sessions.ledger()
  const all: Record<string, number> = { accepted, ...ended, parked, retrying, inFlight: inFlight.reduce((sum, each) => sum + each) }
  const { accepted: total, ...parts } = all
  assert.equal(
    Object.values(parts).reduce((sum, each) => sum + each),
    total,
    JSON.stringify(all),
  )
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0))
}

const emptyBuckets = (ledger: Ledger): number => ledger.inFlight.filter(count => count === 0).length

/** Every accepted message is accounted for, wherever it is. Parked and retrying ones are the retries' part. */
export function ledger(onSessions: OnSessions, capabilities: SessionsCapabilities): void {
  onSessions('counts an accepted message until it ends, and each end once', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await figures(sessions), {})
    await sessions.renew([renewal(session, { storedMark: 4 })])
    assert.deepEqual(await figures(sessions), { accepted: 4, inFlight: 4 })
    await sessions.finish([answer(session, 2), notified(session, 1), { ...answer(session, 3), outcome: 'timedOut' }, answer(session, 2)])
    assert.deepEqual(await figures(sessions), { accepted: 4, answered: 1, notified: 1, timedOut: 1, inFlight: 1 })
    await sessions.finish([answer(session, 4)])
    assert.deepEqual(await figures(sessions), { accepted: 4, answered: 2, notified: 1, timedOut: 1 })
    const info = await sessions.info(session.session, session.bucket)
    assert.deepEqual([info?.accepted, info?.finished, info?.waiting], [4, 4, 0])
  })

  onSessions('has accepted what is finished before its gateway could tell', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 2), answer(session, 5, 4)])
    assert.deepEqual(await figures(sessions), { accepted: 3, answered: 3 })
    await sessions.renew([renewal(session, { storedMark: 5 })])
    assert.deepEqual(await figures(sessions), { accepted: 5, answered: 3, inFlight: 2 })
    await sessions.finish([answer(session, 3), answer(session, 4), answer(session, 6)])
    assert.deepEqual(await figures(sessions), { accepted: 6, answered: 6 })
  })

  onSessions('does not count numbers that were refused', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.renew([renewal(session, { storedMark: 9, storedCount: 2 })])
    assert.deepEqual(await figures(sessions), { accepted: 2, inFlight: 2 })
    await sessions.finish([answer(session, 4, 0), answer(session, 9, 4)])
    assert.deepEqual(await figures(sessions), { accepted: 2, answered: 2 })
  })

  onSessions('learns at a resume what its client was told to be stored, and no more than that', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.renew([renewal(session, { storedMark: 2 })])
    await sessions.finish([answer(session, 1), answer(session, 4, 3)])
    // 3, 5 and 7 are waited for; 6 was refused; 9 is above what was told
    const state = await resumed(sessions, resumption(session, { stored: 7, waiting: [2, 3, 5, 7, 9] }))
    assert.deepEqual([state.storedMark, state.storedCount], [7, 6])
    assert.deepEqual(await figures(sessions), { accepted: 6, answered: 2, inFlight: 4 })
    await sessions.renew([renewal(session, { epoch: state.epoch, storedMark: 8, storedCount: 7 })])
    await sessions.finish([2, 3, 5].map(msgId => answer(session, msgId)))
    await sessions.finish([answer(session, 7, 5), answer(session, 8)])
    assert.deepEqual(await figures(sessions), { accepted: 7, answered: 7 })
  })

  onSessions('finds a notification at its end that a resume could not know of', async ({ sessions }) => {
    const session = await openSession(sessions)
    const { epoch } = await resumed(sessions, resumption(session, { stored: 3, waiting: [3] }))
    assert.deepEqual(await figures(sessions), { accepted: 1, inFlight: 1 })
    await sessions.renew([renewal(session, { epoch, storedMark: 4, storedCount: 2 })])
    await sessions.finish([notified(session, 1), notified(session, 2), answer(session, 3), answer(session, 4)])
    assert.deepEqual(await figures(sessions), { accepted: 4, answered: 2, notified: 2 })
  })

  onSessions('lets what was in flight expire with its session, and counts nothing of it again', async ({ sessions }) => {
    const [swept, ended] = [{ ...newSession(), expiresAt: Date.now() - 1 }, newSession()]
    await sessions.open([swept, ended])
    await sessions.renew([renewal(swept, { storedMark: 3 }), renewal(ended, { storedMark: 2 })])
    await sessions.finish([answer(swept, 1), answer(ended, 1)])
    await sessions.sweep(Date.now())
    assert.deepEqual(await figures(sessions), { accepted: 5, answered: 2, expired: 2, inFlight: 1 })
    await sessions.end(ended.session, ended.bucket, 1)
    await sessions.finish([answer(swept, 2), answer(ended, 2), answer(newSession(), 1)])
    assert.deepEqual(await figures(sessions), { accepted: 5, answered: 2, expired: 3 })
  })

  onSessions('lets what was in flight expire where the store went back', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.renew([renewal(session, { storedMark: 3 })])
    await sessions.finish([answer(session, 1)])
    assert.deepEqual(await sessions.renew([renewal(session, { storedMark: 3, highestSeq: 9 })]), ['wentBack'])
    assert.deepEqual(await figures(sessions), { accepted: 3, answered: 1, expired: 2 })
    await sessions.finish([answer(session, 2)])
    assert.deepEqual(await figures(sessions), { accepted: 3, answered: 1, expired: 2 })
  })

  onSessions(
    'lets what the store did not know of expire too: what the gateway tells then, and the client when it resumes',
    async ({ sessions }) => {
      const session = await openSession(sessions)
      await sessions.renew([renewal(session, { storedMark: 3 })])
      await sessions.finish([answer(session, 1)])
      await sessions.renew([renewal(session, { storedMark: 5, highestSeq: 9 })])
      assert.deepEqual(await figures(sessions), { accepted: 5, answered: 1, expired: 4 })
      const { incarnation } = await resumed(sessions, resumption(session, { stored: 8, waiting: [5, 6, 8] }))
      assert.deepEqual(await figures(sessions), { accepted: 7, answered: 1, expired: 6 })
      await sessions.finish([{ ...answer(session, 9, 8), incarnation }])
      assert.deepEqual(await figures(sessions), { accepted: 8, answered: 2, expired: 6 })
    },
  )

  onSessions('names the sessions with messages in flight, by bucket', async ({ sessions }) => {
    const [busy, quiet] = [await openSession(sessions), await openSession(sessions)]
    await sessions.renew([renewal(busy, { storedMark: 2 })])
    await sessions.finish([answer(quiet, 1)])
    const now = await sessions.ledger()
    assert.equal(now.inFlight[busy.bucket], 2)
    assert.equal(emptyBuckets(now), 255)
    const all = Array.from({ length: 256 }, (_, bucket) => bucket)
    assert.deepEqual(await sessions.inFlight(all, 10), [{ session: busy.session, inFlight: 2 }])
    assert.deepEqual(await sessions.inFlight([(busy.bucket + 1) % 256], 10), [])
  })

  onSessions('counts each message once whatever races: finishes, renewals, resumes', async ({ sessions }) => {
    const many = await Promise.all(Array.from({ length: 20 }, () => openSession(sessions, uniqueName('gateway'))))
    await Promise.all(
      many.flatMap(session => [
        sessions.finish([answer(session, 3), answer(session, 1)]),
        sessions.renew([renewal(session, { storedMark: 4 })]),
        sessions.resume(resumption(session, { stored: 3, waiting: [1, 2, 3] })),
        sessions.finish([answer(session, 2), answer(session, 3)]),
        sessions.finish([answer(session, 4), answer(session, 2)]),
      ]),
    )
    assert.deepEqual(await figures(sessions), { accepted: 80, answered: 80 })
  })

  onSessions(
    'goes on counting after the store is opened again',
    async opened => {
      const session = await openSession(opened.sessions)
      await opened.sessions.renew([renewal(session, { storedMark: 3 })])
      await opened.sessions.finish([answer(session, 2)])
      const sessions = await opened.reopen!()
      assert.deepEqual(await figures(sessions), { accepted: 3, answered: 1, inFlight: 2 })
      await sessions.finish([answer(session, 1), answer(session, 3)])
      assert.deepEqual(await figures(sessions), { accepted: 3, answered: 3 })
    },
    unless(capabilities.reopens),
  )
}
