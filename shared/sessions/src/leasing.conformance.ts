import assert from 'node:assert/strict'
import { uniqueName, unless } from '@causeway/testing'
import {
  answer,
  newSession,
  type OnSessions,
  openSession,
  outboxOf,
  renewal,
  resumed,
  resumption,
  type SessionsCapabilities,
} from './fixture.conformance.ts'

/** Who holds a session, how it is resumed, and how it ends. */
export function leasing(onSessions: OnSessions, capabilities: SessionsCapabilities): void {
  onSessions('opens a session under epoch 1 with nothing numbered', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.deepEqual(await sessions.info(session.session, session.bucket), {
      session: session.session,
      principal: 'someone',
      gateway: session.gateway,
      epoch: 1,
      incarnation: session.incarnation,
      seq: 0,
      acknowledged: 0,
      storedMark: 0,
      doneMark: 0,
      expiresAt: session.expiresAt,
      accepted: 0,
      finished: 0,
      waiting: 0,
    })
    const { total, sessions: alive } = await sessions.list(100_000)
    assert.ok(alive.includes(session.session))
    assert.ok(total >= alive.length)
    assert.equal((await sessions.list(0)).sessions.length, 0)
  })

  onSessions('resumes under the next epoch at the new gateway', async ({ sessions }) => {
    const session = await openSession(sessions)
    const gateway = uniqueName('gateway')
    const expiresAt = Date.now() + 90_000
    const first = await resumed(sessions, resumption(session, { gateway, expiresAt }))
    assert.deepEqual(first, {
      status: 'resumed',
      incarnation: session.incarnation,
      epoch: 2,
      principal: 'someone',
      seq: 0,
      storedMark: 0,
      storedCount: 0,
      acknowledged: 0,
      doneMark: 0,
      finishedAbove: [],
      recovered: true,
      previousGateway: session.gateway,
    })
    const info = await sessions.info(session.session, session.bucket)
    assert.deepEqual([info?.gateway, info?.epoch, info?.expiresAt], [gateway, 2, expiresAt])
  })

  onSessions('gives concurrent resumes different epochs', async ({ sessions }) => {
    const session = await openSession(sessions)
    const results = await Promise.all(Array.from({ length: 10 }, () => resumed(sessions, resumption(session))))
    assert.deepEqual(
      results.map(({ epoch }) => epoch).toSorted((a, b) => a - b),
      Array.from({ length: 10 }, (_, index) => index + 2),
    )
  })

  onSessions('lets no earlier attempt take a session from a later one', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 2)])
    await resumed(sessions, resumption(session, { attempt: 3, lastSeq: 1 }))
    const before = await sessions.info(session.session, session.bucket)
    const stale = resumption(session, { attempt: 2, lastSeq: 2, stored: 9, expiresAt: 1 })
    assert.deepEqual(await sessions.resume(stale), { status: 'stale' })
    assert.deepEqual(await sessions.info(session.session, session.bucket), before)
    assert.equal((await outboxOf(sessions, session)).length, 1)
    const next = await resumed(sessions, resumption(session, { attempt: 2 ** 53 - 1, lastSeq: 1 }))
    assert.deepEqual([next.epoch, next.recovered], [3, true])
    assert.deepEqual(await sessions.resume(resumption(session, { attempt: 2 ** 53 - 2 })), { status: 'stale' })
  })

  onSessions('takes the same attempt for the same resume asked again: its first answer may have been lost', async ({ sessions }) => {
    const session = await openSession(sessions)
    assert.equal((await resumed(sessions, resumption(session, { attempt: 1 }))).epoch, 2)
    assert.equal((await resumed(sessions, resumption(session, { attempt: 1 }))).epoch, 3)
  })

  onSessions('resumes without an attempt whatever came before, and forgets none by it', async ({ sessions }) => {
    const session = await openSession(sessions)
    await resumed(sessions, resumption(session, { attempt: 5 }))
    assert.equal((await resumed(sessions, resumption(session))).epoch, 3)
    assert.deepEqual(await sessions.resume(resumption(session, { attempt: 4 })), { status: 'stale' })
    assert.deepEqual(await sessions.resume(resumption(session, { attempt: 4, tokenDigest: 'wrong' })), { status: 'denied' })
  })

  onSessions(
    'knows the attempts it has seen when it is closed and opened again',
    async opened => {
      const session = await openSession(opened.sessions)
      await resumed(opened.sessions, resumption(session, { attempt: 2 ** 40 }))
      const sessions = await opened.reopen!()
      assert.deepEqual(await sessions.resume(resumption(session, { attempt: 2 ** 40 - 1 })), { status: 'stale' })
      assert.equal((await resumed(sessions, resumption(session, { attempt: 2 ** 40 + 1 }))).epoch, 3)
    },
    unless(capabilities.reopens),
  )

  onSessions('does not know a session that is not there, and denies a wrong token without effect', async ({ sessions }) => {
    assert.deepEqual(await sessions.resume(resumption(newSession())), { status: 'unknown' })
    const session = await openSession(sessions)
    assert.deepEqual(await sessions.resume(resumption(session, { tokenDigest: 'wrong' })), { status: 'denied' })
    assert.deepEqual(await sessions.resume(resumption(session, { principal: 'somebody else' })), { status: 'denied' })
    const info = await sessions.info(session.session, session.bucket)
    assert.deepEqual([info?.epoch, info?.gateway], [1, session.gateway])
  })

  onSessions('says that deliveries were lost where the client is behind what is kept or ahead of what is known', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 2), answer(session, 3)])
    await sessions.renew([renewal(session, { acknowledged: 2, highestSeq: 3 })])
    const recovered = async (lastSeq: number) => (await resumed(sessions, resumption(session, { lastSeq }))).recovered
    assert.equal(await recovered(2), true)
    assert.equal(await recovered(3), true)
    assert.equal(await recovered(1), false)
    assert.equal(await recovered(4), false)
  })

  onSessions('raises the stored mark and the end, and never lowers the mark', async ({ sessions }) => {
    const session = await openSession(sessions)
    const expiresAt = Date.now() + 120_000
    assert.deepEqual(await sessions.renew([renewal(session, { storedMark: 9, expiresAt })]), ['ok'])
    assert.deepEqual(await sessions.renew([renewal(session, { storedMark: 4 })]), ['ok'])
    const info = await sessions.info(session.session, session.bucket)
    assert.deepEqual([info?.storedMark, info?.expiresAt], [9, expiresAt])
  })

  onSessions('renews many in one call, each answered for itself', async ({ sessions }) => {
    const [fine, replaced, otherIncarnation, ahead] = await Promise.all(Array.from({ length: 4 }, () => openSession(sessions)))
    await resumed(sessions, resumption(replaced!))
    const entries = [
      renewal(newSession()),
      renewal(replaced!),
      renewal({ ...otherIncarnation!, incarnation: 'another' }),
      renewal(ahead!, { highestSeq: 5 }),
      renewal(fine!),
    ]
    assert.deepEqual(await sessions.renew(entries), ['gone', 'replaced', 'gone', 'wentBack', 'ok'])
  })

  onSessions('lets an older epoch change nothing', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    const { epoch } = await resumed(sessions, resumption(session))
    const before = await sessions.info(session.session, session.bucket)
    const late = renewal(session, { epoch: epoch - 1, acknowledged: 1, storedMark: 7, highestSeq: 1, expiresAt: 1 })
    assert.deepEqual(await sessions.renew([late]), ['replaced'])
    await sessions.end(session.session, session.bucket, epoch - 1)
    assert.deepEqual(await sessions.info(session.session, session.bucket), before)
    assert.equal((await outboxOf(sessions, session)).length, 1)
  })

  onSessions('gives a session of which the store lost deliveries a new incarnation', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    assert.deepEqual(await sessions.renew([renewal(session, { highestSeq: 2 })]), ['wentBack'])
    const info = await sessions.info(session.session, session.bucket)
    assert.notEqual(info?.incarnation, session.incarnation)
    assert.deepEqual(
      (await sessions.finish([answer(session, 2)])).map(({ status }) => status),
      ['expired'],
    )
    const next = await resumed(sessions, resumption(session, { lastSeq: 1 }))
    assert.equal(next.recovered, false)
    assert.equal(next.incarnation, info?.incarnation)
  })

  onSessions('ends a session on its client’s wish', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    await sessions.end(session.session, session.bucket, 1)
    assert.equal(await sessions.info(session.session, session.bucket), undefined)
    assert.deepEqual(await sessions.resume(resumption(session)), { status: 'unknown' })
    assert.equal((await sessions.outbox({ session: session.session, bucket: session.bucket, above: 0 }, 1)).found, false)
    assert.ok(!(await sessions.list(100_000)).sessions.includes(session.session))
  })

  onSessions('sweeps sessions past their time, tells whose they were, and leaves the others', async ({ sessions }) => {
    const past = { ...newSession(), expiresAt: Date.now() - 1 }
    const present = newSession()
    await sessions.open([past, present])
    const ended = await sessions.sweep(Date.now())
    const { session, principal, incarnation } = past
    assert.deepEqual(
      ended.filter(each => each.session === session),
      [{ session, principal, incarnation, epoch: 1 }],
    )
    assert.ok(!ended.some(each => each.session === present.session))
    assert.equal(await sessions.info(past.session, past.bucket), undefined)
    assert.ok(await sessions.info(present.session, present.bucket))
    assert.deepEqual(
      (await sessions.finish([answer(past, 1), answer(present, 1)])).map(({ status }) => status),
      ['expired', 'done'],
    )
    assert.ok(!(await sessions.sweep(Date.now())).some(each => each.session === session))
  })

  onSessions('answers a ping', async ({ sessions }) => sessions.ping())
}
