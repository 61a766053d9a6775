import assert from 'node:assert/strict'
import { unless, until } from '@causeway/testing'
import { RESULT_BYTES } from './dead-letters-limits.ts'
import { lettersOf, type OnRetries, type RetriesCapabilities } from './fixture.conformance.ts'
import { ANSWERED, buried, endedReplays, endOf, failedOnce, order, RESULT, replayRunner } from './replay-fixture.conformance.ts'

/** A replay runs a letter once more, beside everything else. */
export function replaying(onRetries: OnRetries, capabilities: RetriesCapabilities): void {
  onRetries('hands the letter to a worker and keeps the result with it; the letter stays as it was', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const [letter] = letters as [(typeof letters)[0]]
    const before = await retries.deadLetters.get(letter)
    const { runner, runs } = replayRunner()
    const batch = await retries.deadLetters.replay(order(), letters)
    const worker = await retries.deadLetters.work(failing.service, runner, 4)
    const [replay] = await endedReplays(retries, letter, 1)
    assert.deepEqual(
      [replay!.n, replay!.batch, replay!.by, replay!.reason, replay!.deliver],
      [1, batch.id, 'ann', 'the cause is mended', 'letter'],
    )
    assert.deepEqual(endOf(replay!), { outcome: 'answered', result: RESULT, errors: [] })
    const [run] = runs
    assert.deepEqual([run!.letter.session, run!.letter.msgId, run!.letter.header, run!.n], [failing.session, 1, '1;1', 1])
    assert.deepEqual([run!.route, run!.codec, run!.attempts, run!.kept], ['demo.fail', undefined, 0, undefined])
    assert.deepEqual(Uint8Array.from(run!.value), Uint8Array.from([0, 255, 1]))
    assert.deepEqual({ ...(await retries.deadLetters.get(letter)), replays: [] }, before)
    assert.deepEqual(
      (await lettersOf(retries, failing.service)).map(({ replays, lastReplay }) => [replays, lastReplay]),
      [[1, 'answered']],
    )
    await worker.close(5_000)
  })

  onRetries('touches neither the ledger nor the counts of retries', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const ledger = await sessions.ledger()
    await retries.deadLetters.replay(order(), letters)
    assert.deepEqual(await retries.counts(failing.service), { retrying: 0, parked: 0, dead: 1 })
    assert.deepEqual(await retries.heads(failing.service, [failing.bucket]), [])
    const worker = await retries.deadLetters.work(failing.service, replayRunner().runner, 1)
    await endedReplays(retries, letters[0]!, 1)
    assert.deepEqual(await sessions.ledger(), ledger)
    assert.deepEqual(await retries.counts(failing.service), { retrying: 0, parked: 0, dead: 1 })
    await worker.close(5_000)
  })

  onRetries('runs the edited payload and route, and remembers that it did', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const { runner, runs } = replayRunner()
    const worker = await retries.deadLetters.work(failing.service, runner, 1)
    const edit = { route: 'echo', value64: Buffer.from('{"mended":true}').toString('base64'), codec: 1 }
    await retries.deadLetters.replay(order({ edit, deliver: 'push' }), letters)
    const [replay] = await endedReplays(retries, letters[0]!, 1)
    assert.deepEqual([replay!.route, replay!.edited, replay!.deliver], ['echo', true, 'push'])
    const [run] = runs
    assert.deepEqual([run!.route, Buffer.from(run!.value).toString(), run!.codec, run!.deliver], ['echo', '{"mended":true}', 1, 'push'])
    assert.equal(run!.letter.route, 'demo.fail')
    await worker.close(5_000)
  })

  onRetries('runs again what wants another attempt, with the errors so far, and ends with them', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const { runner, runs } = replayRunner(async run =>
      run.attempts < 2 ? failedOnce(run) : { kind: 'ended', outcome: 'failed', error: 'Error: attempt 3', errors: run.errors },
    )
    const worker = await retries.deadLetters.work(failing.service, runner, 1)
    await retries.deadLetters.replay(order(), letters)
    const [replay] = await endedReplays(retries, letters[0]!, 1)
    assert.deepEqual(
      runs.map(({ attempts, errors }) => [attempts, errors.length]),
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    )
    assert.deepEqual([replay!.outcome, replay!.error, replay!.errors!.length], ['failed', 'Error: attempt 3', 2])
    assert.equal((await retries.counts(failing.service)).dead, 1)
    await worker.close(5_000)
  })

  onRetries('refuses a second replay while one is under way, and numbers the next', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const both = await Promise.all([retries.deadLetters.replay(order(), letters), retries.deadLetters.replay(order(), letters)])
    assert.deepEqual(both.map(({ refused }) => refused).toSorted(), [0, 1])
    const refused = both.find(batch => batch.refused === 1)!
    assert.deepEqual([refused.refusals, refused.state], [{ [letters[0]!.id]: 'underWay' }, 'done'])
    assert.deepEqual(await retries.deadLetters.discard(letters), ['underWay'])
    assert.deepEqual(
      (await lettersOf(retries, failing.service)).map(({ lastReplay }) => lastReplay),
      ['underWay'],
    )
    const worker = await retries.deadLetters.work(failing.service, replayRunner().runner, 1)
    await endedReplays(retries, letters[0]!, 1)
    await retries.deadLetters.replay(order(), letters)
    const replays = await endedReplays(retries, letters[0]!, 2)
    assert.deepEqual(
      replays.map(({ n }) => n),
      [1, 2],
    )
    assert.deepEqual(await retries.deadLetters.discard(letters), ['discarded'])
    await worker.close(5_000)
  })

  onRetries('gives a run what an earlier one kept, when a backend failed in between', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const { runner, runs } = replayRunner(async (run, keep) => {
      if (run.kept !== undefined) return ANSWERED
      await keep(RESULT)
      throw new Error('the store is away')
    })
    const worker = await retries.deadLetters.work(failing.service, runner, 1)
    await retries.deadLetters.replay(order({ deliver: 'push' }), letters)
    await endedReplays(retries, letters[0]!, 1)
    assert.deepEqual(
      runs.map(({ kept, attempts }) => [kept, attempts]),
      [
        [undefined, 0],
        [RESULT, 0],
      ],
    )
    await worker.close(5_000)
  })

  onRetries('keeps of a large result its size alone', async ({ retries, sessions }) => {
    const { failing, letters } = await buried(retries, sessions)
    const value64 = Buffer.alloc(RESULT_BYTES + 1).toString('base64')
    const large = { bytes: RESULT_BYTES + 1, values: [{ codec: 0, value64 }] }
    const worker = await retries.deadLetters.work(failing.service, replayRunner(async () => ({ ...ANSWERED, result: large })).runner, 1)
    await retries.deadLetters.replay(order(), letters)
    const [replay] = await endedReplays(retries, letters[0]!, 1)
    assert.deepEqual(replay!.result, { bytes: RESULT_BYTES + 1 })
    await worker.close(5_000)
  })

  onRetries(
    'runs a replay again that a crash cut off, and not one that had ended',
    async opened => {
      const { failing, letters } = await buried(opened.retries, opened.sessions, 2)
      const cut = replayRunner(run => (run.letter.msgId === 1 ? new Promise(() => {}) : Promise.resolve(ANSWERED)))
      await opened.retries.deadLetters.work(failing.service, cut.runner, 4)
      await opened.retries.deadLetters.replay(order(), letters)
      await endedReplays(opened.retries, letters[1]!, 1)
      await until(() => cut.runs.length === 2)
      const { retries } = await opened.crash!()
      assert.deepEqual(await retries.deadLetters.discard(letters), ['underWay', 'discarded'])
      const { runner, runs } = replayRunner()
      const worker = await retries.deadLetters.work(failing.service, runner, 4)
      await endedReplays(retries, letters[0]!, 1)
      assert.deepEqual(
        runs.map(({ letter, n }) => [letter.msgId, n]),
        [[1, 1]],
      )
      await worker.close(5_000)
    },
    unless(capabilities.crashes),
  )
}
