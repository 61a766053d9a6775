// Needs a Redis of its own that comes back with an older state, as sessions-redis.loss.test.ts does.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { bucketOf } from '@causeway/protocol'
import { backendTest } from '@causeway/test-backends'
import { until } from '@causeway/testing'
import type { Effects } from './effects.ts'
import { newSession, notified, openSession } from './fixture.conformance.ts'
import { forgetfulStore } from './forgetful-store.fixture.ts'
import type { FinishFinal, FinishStatus } from './sessions.ts'

const SERVICE = 'cart'

describe('emits of a Redis that comes back without its last writes', () => {
  backendTest('are given no number that a lost one had: their target would take them for repeats', { redis: true }, async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    const source = `~${SERVICE}~${session.session}~stock`
    const emitting = (msgId: number): FinishFinal => {
      const emits = [{ source, bucket: bucketOf(source), record: Buffer.from(`of ${msgId}`) }]
      const about = { service: SERVICE, principal: '', incarnation: `incarnation ${msgId}`, expiresAt: Date.now() + 60_000 }
      const effects: Effects = { pushes: [], emits: { ...about, emits } }
      return { ...notified(session, msgId), effects }
    }
    await sessions.finish([emitting(1)])
    await store.keep()
    await sessions.finish([emitting(2)])
    const [first, lost] = await sessions.emits(SERVICE, session.bucket, 10)
    await store.restart()
    let status: FinishStatus = 'unconfirmed'
    const finished = async (): Promise<boolean> => {
      if (status === 'unconfirmed') [{ status }] = await sessions.finish([emitting(3)])
      return status !== 'unconfirmed'
    }
    await until(finished, { timeoutMs: 10_000 })
    assert.equal(status, 'done')
    const [kept, after] = await sessions.emits(SERVICE, session.bucket, 10)
    assert.deepEqual([kept, after.prev, after.incarnation], [first, 1, first.incarnation])
    assert.ok(after.msgId > lost.msgId + 1_000_000, `${after.msgId}`)
    // the log may have had the lost one: it comes to its end as the others do
    const from = { ...newSession(), session: source, bucket: bucketOf(source), incarnation: first.incarnation }
    const ends = [notified(from, 1), notified(from, 2), notified(from, after.msgId, after.prev)]
    const ended = async () => (await sessions.finish(ends)).every(result => result.status === 'done' || result.status === 'duplicate')
    await until(ended, { timeoutMs: 10_000 })
    const { doneMark, accepted, finished: all } = (await sessions.info(source, from.bucket))!
    assert.deepEqual([doneMark, accepted, all], [after.msgId, 3, 3])
  })
})
