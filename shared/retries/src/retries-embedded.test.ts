import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compositeKey, type DataFolder, openDataFolder } from '@causeway/embedded'
import { openEmbeddedSessions } from '@causeway/sessions/embedded'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { deadLettersConformance } from './dead-letters.conformance.ts'
import { failedAgain, failingSession, finishingRunner, finishMessage, lettersOf, message } from './fixture.conformance.ts'
import { buried, endedReplays, order, replayRunner } from './replay-fixture.conformance.ts'
import { retriesConformance } from './retries.conformance.ts'
import { openEmbeddedRetries } from './retries-embedded.ts'
import { encodeStored, type StoredRetry } from './retries-embedded-message.ts'

async function openFresh() {
  const path = await mkdtemp(join(tmpdir(), 'causeway-retries-'))
  let folder!: DataFolder
  const openHere = async () => {
    folder = await openDataFolder(path, { logger: silentLogger })
    return {
      sessions: await openEmbeddedSessions(folder, { logger: silentLogger }),
      retries: await openEmbeddedRetries(folder, { logger: silentLogger }),
    }
  }
  let current = await openHere()
  const closeAll = async () => {
    await current.retries.close()
    await folder.close()
  }
  return {
    ...current,
    folder: () => folder,
    async close() {
      await closeAll()
      await rm(path, { recursive: true })
    },
    async crash() {
      await closeAll()
      current = await openHere()
      return current
    },
  }
}

retriesConformance('embedded', openFresh, { crashes: true })
deadLettersConformance('embedded', openFresh, { crashes: true })

describe('embedded retries', () => {
  test('run no finished head again after a crash before its job was removed, but what is parked behind it', async () => {
    const opened = await openFresh()
    const failing = await failingSession(opened.sessions)
    const crashing = finishingRunner(opened.sessions, failing, async (handed, lease) => {
      await finishMessage(opened.sessions, failing, handed.msgId, lease)
      return new Promise(() => {})
    })
    await opened.retries.retry(message(failing, 1), 0, true)
    await opened.retries.park([message(failing, 2), message(failing, 3)])
    await opened.retries.work(failing.service, crashing.runner, 1)
    await until(async () => (await opened.sessions.ledger()).ended.answered === 1)
    const { retries, sessions } = await opened.crash()
    const { runner, msgIds, outcomes } = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, runner, 1)
    await until(() => outcomes.length === 2)
    assert.deepEqual(msgIds(), [2, 3])
    assert.deepEqual(await retries.counts(failing.service), { retrying: 0, parked: 0, dead: 0 })
    await worker.close(1_000)
    await opened.close()
  })

  test('stop between parked messages when the worker closes, and go on with the next worker', async () => {
    const opened = await openFresh()
    const { retries, sessions } = opened
    const failing = await failingSession(sessions)
    const gate = Promise.withResolvers<void>()
    const first = finishingRunner(sessions, failing, async (handed, lease) => {
      await gate.promise
      return first.finish(handed, lease)
    })
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2), message(failing, 3)])
    const closing = await retries.work(failing.service, first.runner, 1)
    await until(() => first.runs.length === 1)
    const closed = closing.close(5_000)
    gate.resolve()
    await closed
    const second = finishingRunner(sessions, failing)
    const worker = await retries.work(failing.service, second.runner, 1)
    await until(() => second.outcomes.length === 2)
    assert.deepEqual([first.msgIds(), second.msgIds()], [[1], [2, 3]])
    await worker.close(1_000)
    await opened.close()
  })

  test('run a parked message again whose run failed', async () => {
    const opened = await openFresh()
    const { retries, sessions } = opened
    const failing = await failingSession(sessions)
    let broken = true
    const recorded = finishingRunner(sessions, failing, async (handed, lease) => {
      if (handed.msgId === 1 || !broken) return recorded.finish(handed, lease)
      broken = false
      throw new Error('the store is away')
    })
    await retries.retry(message(failing, 1), 0, true)
    await retries.park([message(failing, 2), message(failing, 3)])
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await until(() => recorded.outcomes.length === 3)
    assert.deepEqual(recorded.msgIds(), [1, 2, 2, 3])
    await worker.close(1_000)
    await opened.close()
  })

  test('run an attempt that is due at once with what its forerunner made of the message', async () => {
    const opened = await openFresh()
    const { retries, sessions } = opened
    const failing = await failingSession(sessions)
    const recorded = finishingRunner(sessions, failing, async (handed, lease) =>
      handed.attempts < 4 ? { kind: 'retry', delayMs: 0, message: failedAgain(handed) } : recorded.finish(handed, lease),
    )
    const worker = await retries.work(failing.service, recorded.runner, 1)
    await retries.retry(message(failing, 1), 0, false)
    await until(() => recorded.outcomes.some(({ kind }) => kind === 'finished'))
    assert.deepEqual(
      recorded.runs.map(({ message: { attempts, errors } }) => [attempts, errors.length]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ],
    )
    await worker.close(1_000)
    await opened.close()
  })

  test('run no replay again after a crash between its end and that of its job', async () => {
    const opened = await openFresh()
    const { failing, letters } = await buried(opened.retries, opened.sessions)
    const worker = await opened.retries.deadLetters.work(failing.service, replayRunner().runner, 1)
    await opened.retries.deadLetters.replay(order(), letters)
    await endedReplays(opened.retries, letters[0]!, 1)
    await worker.close(1_000)
    const job = encodeStored<StoredRetry>({ message: message(failing, 1), dueAt: 0, ordered: false })
    const table = opened.folder().table('replay-jobs')
    await opened.folder().commit(transaction => transaction.put(table, compositeKey(failing.service, failing.session, 1), job))
    const { retries } = await opened.crash()
    const { runner, runs } = replayRunner()
    const again = await retries.deadLetters.work(failing.service, runner, 1)
    assert.deepEqual(await retries.deadLetters.discard(letters), ['discarded'])
    assert.deepEqual(
      [
        runs,
        opened
          .folder()
          .table('replay-jobs')
          .keys(Buffer.from([0]), Buffer.from([255]), 10),
      ],
      [[], []],
    )
    await again.close(1_000)
    await opened.close()
  })

  test('keep dead letters, newest first, and show them on the board with their reason', async () => {
    const opened = await openFresh()
    const failing = await failingSession(opened.sessions)
    for (const msgId of [1, 2, 3])
      await opened.retries.bury({ ...message(failing, msgId), deadAt: 1_000 + msgId, reason: `reason ${msgId}` })
    const { retries } = await opened.crash()
    assert.deepEqual(
      (await lettersOf(retries, failing.service)).map(({ msgId }) => msgId),
      [3, 2, 1],
    )
    const [, board] = retries.board(failing.service)
    const [newest] = await board!.getJobs(['failed'], 0, 0)
    assert.deepEqual([newest!.toJSON().failedReason, newest!.toJSON().name], ['reason 3', 'demo.fail'])
    assert.equal((await board!.getJob(String(newest!.toJSON().id)))?.toJSON().failedReason, 'reason 3')
    assert.equal(board!.readOnlyMode, true)
    await opened.close()
  })
})
