import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { Codec, decodeFrame, FrameType } from '@causeway/protocol'
import type { ReplayResult, ReplayRun, ReplayStep } from '@causeway/retries'
import { silentLogger } from '@causeway/telemetry'
import type { Context } from './context.ts'
import { routeOf } from './handlers.fixture.ts'
import { jsonOf, messageOf, onceOf, SERVICE, textOf } from './messages.fixture.ts'
import { DeadLetter, Reject, RetryAfter } from './outcome-errors.ts'
import { ReplayRuns } from './replays.ts'
import { bytes, type Handler, type MessageOptions, message, type Route } from './route.ts'
import { compileRoutes } from './route-set.ts'
import { toRetry } from './stored-message.ts'
import { workbench } from './workbench.fixture.ts'

/** Message 1 of session a, which is a dead letter by now; its deadline has passed. */
function replayOf(changes: Partial<ReplayRun> = {}): ReplayRun {
  const letter = { ...toRetry(SERVICE, messageOf({ session: 'a', input: { id: 5 }, deadline: 1 })), deadAt: 9, reason: 'attempts failed' }
  return {
    ...{ letter, n: 2, route: 'work', value: letter.value, codec: undefined, deliver: 'letter' },
    attempts: 0,
    errors: [],
    kept: undefined,
    ...changes,
  }
}

/** Their clocks keep a process alive. */
const running: { close(): void }[] = []
afterEach(() => {
  for (const each of running.splice(0)) each.close()
})

function bench(route: Route, maxPayload = 1 << 20) {
  const { sessions, finisher, running: clock, counters, effects } = workbench([])
  running.push(clock)
  const options = {
    worker: 'wk-1',
    service: SERVICE,
    routes: compileRoutes(SERVICE, [route]),
    finisher,
    publish: async () => 1,
    once: onceOf(),
    effects,
    running: clock,
    maxPayload,
    counters,
    logger: silentLogger,
  }
  const runs = new ReplayRuns(options)
  const kept: ReplayResult[] = []
  return { sessions, counters, running: clock, kept, run: (replay: ReplayRun) => runs.run(replay, async result => void kept.push(result)) }
}

const handling = (handler: Handler<unknown>, options?: MessageOptions<undefined>) => bench(routeOf(handler, options))
const valuesOf = (step: ReplayStep): unknown[] =>
  step.kind === 'ended' ? (step.result?.values ?? []).map(({ value64 }) => JSON.parse(Buffer.from(value64, 'base64').toString())) : []

describe('a replay', () => {
  test('runs the handler on the letter as a first attempt, without the deadline that has passed, and finishes nothing', async () => {
    let ctx: Context | undefined
    const { run, sessions, kept, counters } = handling((input, given) => {
      ctx = given
      return { got: input }
    })
    const step = await run(replayOf())
    assert.deepEqual([step.kind, valuesOf(step)], ['ended', [{ got: { id: 5 } }]])
    assert.deepEqual([ctx!.attempt, ctx!.replay, ctx!.session, ctx!.msgId, ctx!.deadline], [1, 2, 'a', 1, Number.POSITIVE_INFINITY])
    assert.deepEqual([sessions.entries, kept, counters.replays], [[], [], { answered: 1 }])
  })

  test('takes an edited payload under its codec', async () => {
    const { run } = bench(message('echo', { input: bytes }).handle((payload, ctx) => `${ctx.route} ${textOf(payload)}`))
    assert.deepEqual(valuesOf(await run(replayOf({ route: 'echo', value: Buffer.from('edited'), codec: Codec.BYTES }))), ['echo edited'])
  })

  test('that fails wants another attempt as its route says, and ends with all errors', async () => {
    const { run, counters } = handling((_input, ctx) => {
      throw new Error(`attempt ${ctx.attempt}`)
    })
    const first = await run(replayOf())
    assert.ok(first.kind === 'retry')
    assert.deepEqual([first.delayMs, first.errors.map(({ error }) => error)], [100, ['Error: attempt 1']])
    assert.match(first.errors[0].trace!, /replays\.test/)
    const last = await run(replayOf({ attempts: 2, errors: first.errors }))
    assert.ok(last.kind === 'ended')
    assert.deepEqual([last.outcome, last.error, last.errors.map(({ attempt }) => attempt)], ['failed', 'Error: attempt 3', [1, 3]])
    assert.deepEqual(counters.replays, { failed: 1 })
  })

  test('waits as its handler asks', async () => {
    const { run } = handling(() => {
      throw new RetryAfter(7_000)
    })
    const step = await run(replayOf())
    assert.equal(step.kind === 'retry' && step.delayMs, 7_000)
  })

  test('ends at once where the handler gives up, says no, or is not there', async () => {
    const endOf = async (error: Error) => {
      const step = await handling(() => {
        throw error
      }).run(replayOf())
      return step.kind === 'ended' && [step.outcome, step.error, step.errors.length]
    }
    assert.deepEqual(await endOf(new DeadLetter('hopeless')), ['failed', 'DeadLetter: hopeless', 1])
    assert.deepEqual(await endOf(new Reject('no')), ['rejected', 'no', 0])
    const unknown = await handling(() => 1).run(replayOf({ route: 'gone' }))
    assert.ok(unknown.kind === 'ended' && unknown.outcome === 'failed')
    assert.match(unknown.error!, /no route gone/)
  })

  test('of a payload that is none for the route is rejected', async () => {
    const step = await handling(() => 1).run(replayOf({ value: Buffer.from('{'), codec: Codec.JSON }))
    assert.ok(step.kind === 'ended' && step.outcome === 'rejected')
  })

  test('fails at the time-out of its route', async () => {
    const { run } = handling(
      (_input, ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
      { timeout: 30 },
    )
    const step = await run(replayOf())
    assert.ok(step.kind === 'retry')
    assert.match(step.errors[0].error, /time-out/)
  })

  test('of a record that no gateway wrote runs where a route is named', async () => {
    const replay = replayOf()
    const step = await handling(input => input).run({ ...replay, letter: { ...replay.letter, header: 'nonsense', route: 'unreadable' } })
    assert.deepEqual(valuesOf(step), [{ id: 5 }])
  })
})

describe('the result of a replay', () => {
  test('is all values of a stream', async () => {
    const step = await handling(async function* () {
      yield 1
      yield 2
    }).run(replayOf())
    assert.deepEqual(valuesOf(step), [1, 2])
  })

  test('of a stream that breaks is none: it is tried again', async () => {
    const step = await handling(async function* () {
      yield 1
      throw new Error('broken')
    }).run(replayOf())
    assert.equal(step.kind, 'retry')
  })

  test('that is more than a client takes is counted, not held', async () => {
    const stream = async function* () {
      for (let n = 0; n < 5; n++) yield Buffer.alloc(40)
    }
    for (const handler of [() => Buffer.alloc(200), stream]) {
      const { run, sessions } = bench(routeOf(handler), 100)
      const step = await run(replayOf({ deliver: 'push' }))
      assert.ok(step.kind === 'ended')
      assert.deepEqual([step.outcome, step.result, step.pushed, sessions.entries], ['answered', { bytes: 200 }, 'tooLarge', []])
    }
  })

  test('is kept, then pushed to the session it came from and to no later one', async () => {
    const { run, sessions, kept } = handling(() => ({ ok: true }))
    const step = await run(replayOf({ deliver: 'push' }))
    assert.equal(step.kind === 'ended' && step.pushed, 'pushed')
    assert.deepEqual([kept.length, sessions.entries.length], [1, 1])
    const [entry] = sessions.entries
    assert.deepEqual([entry.kind, entry.session, entry.incarnation, entry.msgId], ['push', 'a', 'inc-1', undefined])
    const frame = decodeFrame(entry.frame!)
    assert.deepEqual(
      [frame.type, frame.codec, jsonOf(frame.payload), frame.metadata?.route],
      [FrameType.PUSH, Codec.JSON, { ok: true }, 'work'],
    )
  })

  test('says what became of a push that was not taken', async () => {
    const pushed = async (prepare: (sessions: ReturnType<typeof handling>['sessions']) => void) => {
      const { run, sessions } = handling(() => 1)
      prepare(sessions)
      const step = await run(replayOf({ deliver: 'push' }))
      return step.kind === 'ended' && [step.outcome, step.pushed, valuesOf(step)]
    }
    assert.deepEqual(await pushed(({ full }) => full.add('a')), ['answered', 'outboxFull', [1]])
    const gone = await pushed(sessions => Object.assign(sessions, { finish: async () => [{ status: 'expired' }] }))
    assert.deepEqual(gone, ['answered', 'sessionGone', [1]])
  })

  test('that was kept by an earlier run is pushed without another run of the handler', async () => {
    let ran = 0
    const { run, sessions, kept } = handling(() => ran++)
    const result: ReplayResult = { bytes: 2, values: [{ codec: Codec.JSON, value64: Buffer.from('42').toString('base64') }] }
    const step = await run(replayOf({ deliver: 'push', kept: result }))
    assert.deepEqual([ran, kept, valuesOf(step), sessions.entries.length], [0, [], [42], 1])
  })

  test('goes with what the handler pushed to its own session', async () => {
    const { run, sessions } = handling((_input, ctx) => ctx.push('a', 'by the way'))
    await run(replayOf())
    assert.deepEqual(
      sessions.entries.map(({ kind, session, incarnation }) => [kind, session, incarnation]),
      [['push', 'a', 'inc-1']],
    )
  })
})
