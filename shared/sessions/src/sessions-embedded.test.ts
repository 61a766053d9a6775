import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type DataFolder, openDataFolder } from '@causeway/embedded'
import { silentLogger } from '@causeway/telemetry'
import { answer, openSession, outboxOf, push, recordingGateway, renewal, resumed, resumption } from './fixture.conformance.ts'
import { sessionsConformance } from './sessions.conformance.ts'
import { openEmbeddedSessions } from './sessions-embedded.ts'

async function openFresh() {
  const path = await mkdtemp(join(tmpdir(), 'causeway-sessions-'))
  let folder = await openDataFolder(path, { logger: silentLogger })
  return {
    sessions: await openEmbeddedSessions(folder, { logger: silentLogger }),
    folder: (): DataFolder => folder,
    async close() {
      await folder.close()
      await rm(path, { recursive: true })
    },
    async reopen() {
      await folder.close()
      folder = await openDataFolder(path, { logger: silentLogger })
      return openEmbeddedSessions(folder, { logger: silentLogger })
    },
  }
}

sessionsConformance('embedded', openFresh, {
  reopens: true,
  losesWakeUps: 'wake-ups are calls within the process',
  damages: 'the store fails whole, not for one session',
})

describe('embedded sessions', () => {
  test('tell a gateway nothing before it is on disk, and nothing at all when the disk fails', async () => {
    const opened = await openFresh()
    const { handlers, events } = recordingGateway()
    await opened.sessions.listen('gateway', handlers)
    const session = await openSession(opened.sessions, 'gateway')
    const finishing = opened.sessions.finish([answer(session, 1)])
    assert.equal(events.length, 0)
    await finishing
    assert.equal(events.length, 1)
    const failing = opened.folder().commit(() => {
      throw new Error('no disk')
    })
    await assert.rejects(opened.sessions.finish([answer(session, 2)]))
    await assert.rejects(failing)
    assert.equal(events.length, 1)
    await assert.rejects(opened.sessions.finish([answer(session, 3)]))
    await assert.rejects(opened.sessions.ping())
    await opened.close()
  })

  test('leave nothing on disk of a session that ended', async () => {
    const opened = await openFresh()
    const session = await openSession(opened.sessions)
    await opened.sessions.finish([answer(session, 1)])
    await opened.sessions.finish([answer(session, 2)])
    await opened.sessions.renew([renewal(session, { acknowledged: 1, highestSeq: 2 })])
    const ending = opened.sessions.end(session.session, session.bucket, 1)
    await Promise.all([opened.sessions.finish([answer(session, 3)]), ending])
    const folder = opened.folder()
    assert.deepEqual([[...folder.table('sessions').entries()].length, [...folder.table('deliveries').entries()].length], [0, 0])
    await opened.close()
  })

  test('take up a session that was stored before attempts were numbered', async () => {
    const opened = await openFresh()
    const session = await openSession(opened.sessions)
    await opened.sessions.finish([answer(session, 1)])
    const records = opened.folder().table('sessions')
    const [{ key, value }] = [...records.entries()]
    await opened.folder().commit(transaction => transaction.put(records, key, value.subarray(0, -12)))
    const sessions = await opened.reopen()
    const { epoch, seq, recovered } = await resumed(sessions, resumption(session, { attempt: 1 }))
    assert.deepEqual({ epoch, seq, recovered }, { epoch: 2, seq: 1, recovered: true })
    await opened.close()
  })

  test('take a push of a frame shared by many sessions and give each its own', async () => {
    const opened = await openFresh()
    const frames: Uint8Array[] = []
    await opened.sessions.listen('gateway', { ...recordingGateway().handlers, deliver: (_session, _seq, frame) => void frames.push(frame) })
    const [first, second] = [await openSession(opened.sessions, 'gateway'), await openSession(opened.sessions, 'gateway')]
    const shared = push(first, 'news')
    await opened.sessions.finish([shared, { ...push(second, ''), frame: shared.frame }])
    frames[0]!.fill(9)
    assert.notEqual(frames[1]![12], 9)
    assert.deepEqual(await outboxOf(opened.sessions, first), [[1, 'news']])
    await opened.close()
  })

  test('refuse pushes beyond 16 MiB, and take answers all the same', async () => {
    const opened = await openFresh()
    const session = await openSession(opened.sessions)
    const large = { ...push(session, ''), frame: new Uint8Array(1024 * 1024) }
    const results = await opened.sessions.finish(Array.from({ length: 17 }, () => large))
    assert.deepEqual(
      results.map(({ status }) => status),
      [...Array(15).fill('done'), 'outboxFull', 'outboxFull'],
    )
    assert.equal((await opened.sessions.finish([answer(session, 1)]))[0]?.status, 'done')
    await opened.close()
  })
})
