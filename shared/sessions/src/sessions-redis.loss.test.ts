// A Redis of its own that is killed and comes back with an older state: what a fail-over to a replica behind, or a machine crash under appendfsync everysec, leaves.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { backendTest } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { answer, openSession, outboxOf, recordingGateway, renewal, resumed, resumption } from './fixture.conformance.ts'
import { forgetfulStore } from './forgetful-store.fixture.ts'
import type { RenewStatus } from './sessions.ts'

const redisTest = (name: string, run: () => Promise<void>): void => backendTest(name, { redis: true }, run)

describe('sessions in a Redis that comes back', () => {
  redisTest('gives no delivery before the gateway has confirmed the session, then goes on where nothing was lost', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const { handlers, events } = recordingGateway()
    const gateway = uniqueName('gateway')
    const listening = await sessions.listen(gateway, handlers)
    const session = await openSession(sessions, gateway)
    await sessions.finish([answer(session, 1)])
    await store.keep()
    await store.restart()
    assert.deepEqual(await sessions.finish([answer(session, 2)]), [{ status: 'unconfirmed' }])
    await until(() => events.includes('store changed'))
    assert.deepEqual(await sessions.renew([renewal(session, { highestSeq: 1 })]), ['ok'])
    assert.deepEqual(await sessions.finish([answer(session, 2)]), [{ status: 'done' }])
    assert.deepEqual(await outboxOf(sessions, session), [
      [1, 'answer 1'],
      [2, 'answer 2'],
    ])
    assert.equal((await resumed(sessions, resumption(session, { lastSeq: 1 }))).recovered, true)
    await listening.close()
  })

  redisTest('says wentBack where a delivery is lost, and gives its number to no other', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    await store.keep()
    await sessions.finish([answer(session, 2)])
    await store.restart()
    // what would have filled the lost number again
    assert.deepEqual(await sessions.finish([answer(session, 3, 2)]), [{ status: 'unconfirmed' }])
    assert.deepEqual(await sessions.renew([renewal(session, { highestSeq: 2 })]), ['wentBack'])
    assert.deepEqual(await sessions.finish([answer(session, 3, 2)]), [{ status: 'expired' }])
    const state = await resumed(sessions, resumption(session, { lastSeq: 2 }))
    assert.deepEqual([state.recovered, state.seq], [false, 2])
    assert.notEqual(state.incarnation, session.incarnation)
  })

  redisTest(
    'tells a session without a gateway that it may have lost something, once a finish is missing that somebody had a reply for',
    async () => {
      await using store = await forgetfulStore()
      const { sessions } = store
      const [other, alone] = [await openSession(sessions), await openSession(sessions)]
      await store.keep()
      await sessions.finish([answer(other, 1)])
      await store.restart()
      assert.equal((await resumed(sessions, resumption(alone))).recovered, false)
      // until the client has been heard after it was told
      const { epoch } = await resumed(sessions, resumption(alone))
      await sessions.renew([renewal(alone, { epoch, greeted: false })])
      assert.equal((await resumed(sessions, resumption(alone))).recovered, false)
      await sessions.renew([renewal(alone, { epoch: epoch + 1 })])
      assert.equal((await resumed(sessions, resumption(alone))).recovered, true)
    },
  )

  redisTest('goes on without a gateway that confirms after a while, and says so at the resume', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    await store.keep()
    await store.restart()
    await until(async () => (await sessions.finish([answer(session, 2)]))[0]!.status === 'done', { timeoutMs: 10_000 })
    const state = await resumed(sessions, resumption(session, { lastSeq: 1 }))
    assert.equal(state.recovered, false)
    assert.ok(state.seq > 1_000_000, `seq ${state.seq} is beyond any number that was given before`)
    // what the client could not acknowledge must not count against its window
    assert.equal(state.acknowledged, state.seq - 1)
  })

  redisTest('says lost, once, for each session that has a message under way, and keeps its incarnation', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const [other, busy, idle] = [await openSession(sessions), await openSession(sessions), await openSession(sessions)]
    await sessions.finish([answer(idle, 1)])
    await store.keep()
    await sessions.finish([answer(other, 1)])
    await store.restart()
    const renewed = (): Promise<RenewStatus[]> =>
      sessions.renew([renewal(busy, { storedMark: 1, admitted: 2 }), renewal(idle, { storedMark: 1, highestSeq: 1 })])
    await until(async () => (await renewed()).join() === 'lost,ok')
    const { recovered, incarnation, epoch } = await resumed(sessions, resumption(busy, { stored: 1, waiting: [1] }))
    assert.deepEqual([recovered, incarnation], [false, busy.incarnation])
    assert.deepEqual(await sessions.finish([answer(busy, 1)]), [{ status: 'done' }])
    assert.deepEqual(await sessions.renew([renewal(busy, { epoch, storedMark: 2 })]), ['ok'])
    assert.equal((await resumed(sessions, resumption(busy, { lastSeq: 1 }))).recovered, true)
    assert.equal((await resumed(sessions, resumption(idle, { lastSeq: 1 }))).recovered, true)
  })

  redisTest('tells nobody anything where nothing was lost, whatever was under way', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const [held, alone] = [await openSession(sessions), await openSession(sessions)]
    await sessions.finish([answer(held, 1), answer(alone, 1)])
    for (let restarts = 0; restarts < 3; restarts++) {
      await store.keep()
      await store.restart()
      await until(async () => {
        assert.deepEqual(await sessions.renew([renewal(held, { storedMark: 1, admitted: 3, highestSeq: 1 })]), ['ok'])
        return (await sessions.finish([answer(held, 1)]))[0]!.status === 'duplicate'
      })
    }
    assert.equal((await resumed(sessions, resumption(alone, { lastSeq: 1, stored: 3, waiting: [2, 3] }))).recovered, true)
  })

  redisTest('says lost of a loss that is found when sessions are confirmed already', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const [held, alone, done, other] = [
      await openSession(sessions),
      await openSession(sessions),
      await openSession(sessions),
      await openSession(sessions),
    ]
    await store.keep()
    await store.restart()
    await resumed(sessions, resumption(alone, { stored: 1, waiting: [1] }))
    const renewed = (): Promise<RenewStatus[]> => sessions.renew([renewal(held, { storedMark: 1 }), renewal(done, { storedMark: 1 })])
    await until(async () => {
      assert.deepEqual(await renewed(), ['ok', 'ok'])
      return (await sessions.finish([answer(done, 1)]))[0]!.status === 'done'
    })
    // another gateway has seen a delivery that is not there
    assert.deepEqual(await sessions.renew([renewal(other, { highestSeq: 5 })]), ['wentBack'])
    assert.deepEqual(await renewed(), ['lost', 'ok'])
    assert.equal((await resumed(sessions, resumption(alone, { stored: 1, waiting: [1] }))).recovered, false)
    assert.equal((await resumed(sessions, resumption(done, { lastSeq: 1 }))).recovered, true)
  })

  redisTest('takes no confirmation from a renewal that was written down before its gateway knew of the other server', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    await store.keep()
    let stale: Promise<RenewStatus[]> | undefined
    // it waits for the connection; where that takes too long it fails, and confirms nothing either
    await store.restart(() => {
      stale = sessions.renew([renewal(session)]).catch(() => ['ok'])
    })
    assert.deepEqual(await stale, ['ok'])
    assert.deepEqual(await sessions.finish([answer(session, 1)]), [{ status: 'unconfirmed' }])
    await until(async () => {
      await sessions.renew([renewal(session)])
      return (await sessions.finish([answer(session, 1)]))[0]!.status === 'done'
    })
  })

  redisTest('gives no epoch twice, and says lost to a gateway whose resume is lost', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    await store.keep()
    const { epoch } = await resumed(sessions, resumption(session))
    await store.restart()
    assert.deepEqual(await sessions.renew([renewal(session, { epoch })]), ['lost'])
    const again = await resumed(sessions, resumption(session))
    assert.ok(again.epoch > epoch, `epoch ${again.epoch} after ${epoch}`)
    assert.equal(again.recovered, false)
  })

  redisTest('tells a listening gateway of another store, and of a loss that is found later', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const other = await openSession(sessions)
    const { handlers, events } = recordingGateway()
    const listening = await sessions.listen(uniqueName('gateway'), handlers)
    await store.keep()
    await store.restart()
    await until(() => events.length === 1)
    await sessions.renew([renewal(other, { highestSeq: 5 })])
    await until(() => events.length === 2)
    assert.deepEqual(events, ['store changed', 'store changed'])
    await listening.close()
  })
})
