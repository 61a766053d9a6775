import assert from 'node:assert/strict'
import { unless, until } from '@causeway/testing'
import type { ReplayBatch } from './dead-letters.ts'
import type { OnRetries, RetriesCapabilities } from './fixture.conformance.ts'
import { ANSWERED, buried, endedReplays, order, replayRunner } from './replay-fixture.conformance.ts'
import type { Retries } from './retries.ts'

async function batchIn(retries: Retries, id: string, fits: (batch: ReplayBatch) => boolean): Promise<ReplayBatch> {
  let batch: ReplayBatch | undefined
  await until(
    async () => {
      batch = await retries.deadLetters.batch(id)
      return fits(batch!)
    },
    { what: 'the batch being so far' },
  )
  return batch!
}

/** Many letters in one order: at a rate, with progress, until somebody says stop. */
export function replayBatches(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('counts how its replays ended, and is done with the last', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions, 3)
    const missing = { service: failing.service, id: 'nobody-1-dead' }
    const { id, ...begun } = await retries.deadLetters.replay(order(), [...letters, missing])
    assert.deepEqual([begun.total, begun.state, begun.refused, begun.refusals], [4, 'running', 1, { [missing.id]: 'missing' }])
    const { runner } = replayRunner(async run =>
      run.letter.msgId === 2 ? { kind: 'ended', outcome: 'rejected', error: 'no', errors: [] } : ANSWERED,
    )
    const worker = await retries.deadLetters.work(failing.service, runner, 2)
    const { ended } = await batchIn(retries, id, ({ state }) => state === 'done')
    assert.deepEqual(ended, { answered: 2, rejected: 1, failed: 0, cancelled: 0 })
    const [newest] = await retries.deadLetters.batches()
    assert.deepEqual([newest!.id, newest!.by, newest!.reason, newest!.perSecond], [id, 'ann', 'the cause is mended', 1_000])
    assert.equal(await retries.deadLetters.batch('nothing'), undefined)
    await worker.close(5_000)
  })

  onRetries('begins no more replays a second than it was told', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions, 4)
    const times: number[] = []
    const { runner } = replayRunner(async () => {
      times.push(Date.now())
      return ANSWERED
    })
    const worker = await retries.deadLetters.work(failing.service, runner, 4)
    const from = Date.now()
    const { id } = await retries.deadLetters.replay(order({ perSecond: 10 }), letters)
    await batchIn(retries, id, ({ state }) => state === 'done')
    for (const [index, time] of times.entries()) assert.ok(time - from >= index * 100 - 5, `replay ${index} after ${time - from} ms`)
    await worker.close(5_000)
  })

  onRetries('ends what has not begun when it is cancelled, and lets what has end its attempt', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions, 3)
    const gate = Promise.withResolvers<void>()
    const { runner, runs } = replayRunner(async () => {
      await gate.promise
      return ANSWERED
    })
    const worker = await retries.deadLetters.work(failing.service, runner, 1)
    const { id } = await retries.deadLetters.replay(order({ perSecond: 1 }), letters)
    await until(() => runs.length === 1)
    const cancelled = await retries.deadLetters.cancel(id)
    assert.deepEqual([cancelled!.state, cancelled!.ended], ['cancelled', { answered: 0, rejected: 0, failed: 0, cancelled: 2 }])
    gate.resolve()
    await batchIn(retries, id, ({ ended }) => ended.answered === 1)
    const [first, second] = [await endedReplays(retries, letters[0]!, 1), await endedReplays(retries, letters[1]!, 1)]
    assert.deepEqual([first[0]!.outcome, second[0]!.outcome], ['answered', 'cancelled'])
    assert.deepEqual(await retries.deadLetters.discard([letters[1]!]), ['discarded'])
    assert.equal(runs.length, 1)
    assert.equal(await retries.deadLetters.cancel('nothing'), undefined)
    await worker.close(5_000)
  })

  onRetries('does not try again what failed after it was cancelled', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const gate = Promise.withResolvers<void>()
    const { runner, runs } = replayRunner(async run => {
      await gate.promise
      return {
        kind: 'retry',
        delayMs: 10,
        counts: true,
        errors: [...run.errors, { at: 1, worker: 'w', error: 'Error: broken', attempt: 1 }],
      }
    })
    const worker = await retries.deadLetters.work(failing.service, runner, 1)
    const { id } = await retries.deadLetters.replay(order(), letters)
    await until(() => runs.length === 1)
    await retries.deadLetters.cancel(id)
    gate.resolve()
    const [replay] = await endedReplays(retries, letters[0]!, 1)
    assert.deepEqual([replay!.outcome, replay!.errors!.length, runs.length], ['cancelled', 1, 1])
    await worker.close(5_000)
  })

  onRetries('replays more letters than run at a time', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions, 40)
    const batch = await retries.deadLetters.replay(order(), letters)
    const worker = await retries.deadLetters.work(failing.service, replayRunner().runner, 16)
    const { ended } = await batchIn(retries, batch.id, ({ state }) => state === 'done')
    assert.equal(ended.answered, 40)
    await worker.close(5_000)
  })

  onRetries(
    'goes on after a crash as it was ordered, edit included',
    async opened => {
      const { failing, letters } = await buried(opened.retries, opened.sessions, 2)
      const { id } = await opened.retries.deadLetters.replay(order({ perSecond: 4, edit: { route: 'echo' } }), letters)
      const { retries } = await opened.crash!()
      const { runner, runs } = replayRunner()
      const worker = await retries.deadLetters.work(failing.service, runner, 4)
      const { ended } = await batchIn(retries, id, ({ state }) => state === 'done')
      assert.equal(ended.answered, 2)
      assert.deepEqual(
        runs.map(({ route }) => route),
        ['echo', 'echo'],
      )
      await worker.close(5_000)
    },
    unless(capabilities.crashes),
  )
}
