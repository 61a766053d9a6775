import assert from 'node:assert/strict'
import { OUTBOX_MESSAGES } from '@causeway/protocol'
import { unless } from '@causeway/testing'
import {
  answer,
  chunk,
  newSession,
  type OnSessions,
  openSession,
  outboxOf,
  push,
  renewal,
  resumed,
  resumption,
  type SessionsCapabilities,
} from './fixture.conformance.ts'

/** What is kept until the client has it, and how it is read again. */
export function outboxes(onSessions: OnSessions, capabilities: SessionsCapabilities): void {
  onSessions('gives what stands above a number, in order, as many as asked', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 2), answer(session, 3), answer(session, 4)])
    assert.deepEqual(await outboxOf(sessions, session, 1, 2), [
      [2, 'answer 2'],
      [3, 'answer 3'],
    ])
    assert.deepEqual(await outboxOf(sessions, session, 4), [])
    const answered = await sessions.outbox({ session: session.session, bucket: session.bucket, above: 4 }, 10)
    assert.deepEqual({ found: answered.found, doneMark: answered.doneMark }, { found: true, doneMark: 4 })
  })

  onSessions('says so where the session is missing', async ({ sessions }) => {
    const { session, bucket } = newSession()
    assert.deepEqual(await sessions.outbox({ session, bucket, above: 0 }, 10), { session, found: false, doneMark: 0, deliveries: [] })
  })

  onSessions('keeps the bytes of a frame as they were given, but for seq', async ({ sessions }) => {
    const session = await openSession(sessions)
    const entry = answer(session, 1)
    const given = Buffer.from(entry.frame!)
    await sessions.finish([entry])
    const [delivery] = (await sessions.outbox({ session: session.session, bucket: session.bucket, above: 0 }, 1)).deliveries
    const kept = Buffer.from(delivery!.frame)
    for (const frame of [given, kept]) frame.writeUInt32BE(0, 12)
    assert.deepEqual(kept, given)
  })

  onSessions('trims what the client has acknowledged, and nothing else', async ({ sessions }) => {
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1), answer(session, 2), answer(session, 3)])
    await sessions.finish([answer(session, 4), answer(session, 5)])
    assert.deepEqual(await sessions.renew([renewal(session, { acknowledged: 2, highestSeq: 5 })]), ['ok'])
    assert.deepEqual(
      (await outboxOf(sessions, session, 2)).map(([seq]) => seq),
      [3, 4, 5],
    )
    assert.equal((await sessions.info(session.session, session.bucket))?.acknowledged, 2)
    await sessions.renew([renewal(session, { acknowledged: 5, highestSeq: 5 })])
    assert.deepEqual(await outboxOf(sessions, session), [])
    assert.deepEqual(
      (await sessions.finish([answer(session, 6)])).map(({ status }) => status),
      ['done'],
    )
    assert.deepEqual(await outboxOf(sessions, session), [[6, 'answer 6']])
  })

  onSessions('catches up those sessions that stand above, and leaves the others out', async ({ sessions }) => {
    const [behind, level, missing] = [await openSession(sessions), await openSession(sessions), newSession()]
    await sessions.finish([answer(behind, 1), answer(behind, 2), answer(level, 1)])
    const answers = await sessions.catchUp([
      { session: behind.session, bucket: behind.bucket, above: 1 },
      { session: level.session, bucket: level.bucket, above: 1 },
    ])
    assert.deepEqual(
      answers.map(({ session, found, deliveries }) => ({ session, found, seqs: deliveries.map(({ seq }) => seq) })),
      [{ session: behind.session, found: true, seqs: [2] }],
    )
    const [gone] = await sessions.catchUp([{ session: missing.session, bucket: missing.bucket, above: 0 }])
    assert.equal(gone?.found ?? false, false)
  })

  onSessions('refuses pushes and chunks to a full outbox, never answers, and takes them again once it is trimmed', async ({ sessions }) => {
    const session = await openSession(sessions)
    const pushes = Array.from({ length: OUTBOX_MESSAGES }, (_, index) => push(session, `${index}`))
    for (let from = 0; from < pushes.length; from += 512) await sessions.finish(pushes.slice(from, from + 512))
    const full = await sessions.finish([push(session, 'over'), answer(session, 1), chunk(session, 2, 'run', 0)])
    assert.deepEqual(
      full.map(({ status }) => status),
      ['outboxFull', 'done', 'outboxFull'],
    )
    await sessions.renew([renewal(session, { acknowledged: 100, highestSeq: OUTBOX_MESSAGES + 1 })])
    const [again] = await sessions.finish([push(session, 'fits')])
    assert.equal(again?.status, 'done')
    assert.deepEqual(await outboxOf(sessions, session, OUTBOX_MESSAGES), [
      [OUTBOX_MESSAGES + 1, 'answer 1'],
      [OUTBOX_MESSAGES + 2, 'fits'],
    ])
  })

  onSessions(
    'bounds an outbox in bytes too: what waits beyond 16 MiB is refused to its publisher, answers are not',
    async ({ sessions }) => {
      const session = await openSession(sessions)
      const large = push(session, 'x'.repeat(1 << 20))
      const statuses: string[] = []
      for (let i = 0; i < 24; i++) statuses.push((await sessions.finish([large]))[0]!.status)
      const taken = statuses.indexOf('outboxFull')
      assert.ok(taken >= 15 && taken <= 17, `${taken} MiB were taken`)
      assert.ok(statuses.slice(taken).every(status => status === 'outboxFull'))
      assert.equal((await sessions.finish([answer(session, 1)]))[0]!.status, 'done')
      await sessions.renew([renewal(session, { acknowledged: 10, highestSeq: taken + 1 })])
      assert.equal((await sessions.finish([large]))[0]!.status, 'done')
    },
  )

  onSessions(
    'has its sessions, marks and deliveries when it is closed and opened again',
    async opened => {
      const session = await openSession(opened.sessions)
      await opened.sessions.finish([answer(session, 1), answer(session, 2), answer(session, 4, 2), answer(session, 7, 6)])
      await opened.sessions.renew([renewal(session, { acknowledged: 1, storedMark: 7, highestSeq: 4 })])
      const before = await opened.sessions.info(session.session, session.bucket)
      const sessions = await opened.reopen!()
      assert.deepEqual(await sessions.info(session.session, session.bucket), before)
      assert.deepEqual(
        (await outboxOf(sessions, session, 1)).map(([, text]) => text),
        ['answer 2', 'answer 4', 'answer 7'],
      )
      const { epoch, doneMark, finishedAbove, recovered } = await resumed(sessions, resumption(session, { lastSeq: 1 }))
      assert.deepEqual({ epoch, doneMark, finishedAbove, recovered }, { epoch: 2, doneMark: 4, finishedAbove: [7], recovered: true })
      const results = await sessions.finish([answer(session, 4, 2), answer(session, 6, 4), answer(session, 7, 6), answer(session, 8)])
      assert.deepEqual(
        results.map(({ status }) => status),
        ['duplicate', 'done', 'duplicate', 'done'],
      )
      assert.equal((await sessions.info(session.session, session.bucket))?.doneMark, 8)
    },
    unless(capabilities.reopens),
  )
}
