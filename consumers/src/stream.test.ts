import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Codec, Flag, FrameType } from '@causeway/protocol'
import { FinishBatcher, type FinishChunk, type FinishEntry, type FinishFinal, type FinishResult } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { turn, until } from '@causeway/testing'
import { encodeValue } from './execution.ts'
import { STREAM_AHEAD } from './limits.ts'
import { contextOf, deliveryOf, finals, jsonOf, messageOf, problemOf, type RecordChanges } from './messages.fixture.ts'
import { FakeSessions } from './stores.fixture.ts'
import { writeStream } from './stream.ts'

interface Streaming {
  sessions: FakeSessions
  ended: Promise<FinishResult>
  /** Why it was cut before anything of it was seen. */
  unseen: Promise<unknown>
  abort(): void
}

function stream(values: AsyncIterable<unknown>, changes: RecordChanges = {}, sessions = new FakeSessions()): Streaming {
  const message = messageOf({ msgId: 9, opcode: 5, ...changes })
  const ctx = contextOf(message)
  const finisher = new FinishBatcher(sessions.port, silentLogger)
  const ending = writeStream(
    { message, ctx, finisher, run: 'run-1', encode: encodeValue, maxPayload: 1 << 20, before() {}, effects: () => undefined, waiting() {} },
    values,
  )
  return {
    sessions,
    ended: ending.then(end => ('cut' in end ? { status: 'expired' } : end.result)),
    unseen: ending.then(end => ('cut' in end ? end.cut : undefined)),
    abort: () => ctx.abort(new Error('stopped')),
  }
}

/** Values, each after a turn of the event loop. */
async function* slowly(...values: unknown[]) {
  for (const value of values) {
    await turn()
    await turn()
    yield value
  }
  await turn()
  await turn()
}

const chunks = (entries: readonly FinishEntry[]): FinishChunk[] => entries.filter(entry => entry.kind === 'chunk')

function onlyFinal(sessions: FakeSessions): FinishFinal {
  const ends = finals(sessions.entries)
  assert.equal(ends.length, 1)
  return ends[0]
}

describe('a stream', () => {
  test('numbers its chunks from 0 within its run, each with MORE', async () => {
    const { sessions, ended } = stream(slowly('a', 'b', 'c'))
    assert.equal((await ended).status, 'done')
    const written = chunks(sessions.entries)
    assert.deepEqual(
      written.map(({ run, chunk, msgId }) => [run, chunk, msgId]),
      [
        ['run-1', 0, 9],
        ['run-1', 1, 9],
        ['run-1', 2, 9],
      ],
    )
    for (const [index, entry] of written.entries()) {
      const { type, flags, codec, opcode, msgId, payload } = deliveryOf(entry)
      assert.deepEqual([type, flags, codec, opcode, msgId], [FrameType.RESPONSE, Flag.MORE, Codec.JSON, 5, 9])
      assert.equal(jsonOf(payload), 'abc'[index])
    }
  })

  test('that ends some time after its last value ends with an empty frame, numbered behind the chunks', async () => {
    const { sessions, ended } = stream(slowly('a', 'b'))
    await ended
    const { run, chunk, outcome, frame } = onlyFinal(sessions)
    assert.deepEqual([run, chunk, outcome], ['run-1', 2, 'answered'])
    assert.equal(deliveryOf({ ...onlyFinal(sessions), frame }).payload.length, 0)
    assert.equal(deliveryOf(onlyFinal(sessions)).flags, 0)
  })

  test('that ends right behind its last value sends that value as the end', async () => {
    async function* two() {
      yield 'a'
      yield 'b'
    }
    const { sessions, ended } = stream(two())
    await ended
    assert.equal(chunks(sessions.entries).length, 1)
    assert.equal(jsonOf(deliveryOf(onlyFinal(sessions)).payload), 'b')
    assert.equal(onlyFinal(sessions).chunk, 1)
  })

  test('of one value is one answer, under its run so that no other run is ended by it', async () => {
    async function* one() {
      yield { n: 1 }
    }
    const { sessions, ended } = stream(one())
    await ended
    assert.equal(sessions.entries.length, 1)
    assert.deepEqual([onlyFinal(sessions).run, onlyFinal(sessions).chunk], ['run-1', 0])
    assert.deepEqual(jsonOf(deliveryOf(onlyFinal(sessions)).payload), { n: 1 })
  })

  test('of no value is one empty answer', async () => {
    async function* none() {}
    const { sessions, ended } = stream(none())
    await ended
    assert.equal(sessions.entries.length, 1)
    assert.equal(deliveryOf(onlyFinal(sessions)).payload.length, 0)
  })

  test('sends bytes as they are', async () => {
    const { sessions, ended } = stream(slowly(Uint8Array.of(1, 2)))
    await ended
    const { codec, payload } = deliveryOf(chunks(sessions.entries)[0])
    assert.deepEqual([codec, ...payload], [Codec.BYTES, 1, 2])
  })

  test('of a notification runs to its end and sends nothing', async () => {
    const seen: string[] = []
    async function* noted() {
      for (const value of ['a', 'b', 'c']) {
        seen.push(value)
        yield value
        await turn()
      }
    }
    const { sessions, ended } = stream(noted(), { kind: 'notify' })
    await ended
    assert.deepEqual(seen, ['a', 'b', 'c'])
    assert.equal(chunks(sessions.entries).length, 0)
    assert.deepEqual([onlyFinal(sessions).outcome, onlyFinal(sessions).frame], ['notified', undefined])
  })
})

describe('a stream that breaks', () => {
  test('in the middle ends with HANDLER_FAILED behind what was sent', async () => {
    async function* broken() {
      yield* slowly('a')
      throw new Error('sensor lost')
    }
    const { sessions, ended } = stream(broken())
    assert.equal((await ended).status, 'done')
    assert.equal(chunks(sessions.entries).length, 1)
    assert.equal(onlyFinal(sessions).outcome, 'failed')
    const { code, detail } = problemOf(onlyFinal(sessions))
    assert.equal(code, 'HANDLER_FAILED')
    assert.match(detail, /sensor lost/)
  })

  test('before its first value ends with HANDLER_FAILED', async () => {
    const values: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]() {
        throw new Error('no iterator to be had')
      },
    }
    const { sessions, ended } = stream(values)
    await ended
    assert.match(problemOf(onlyFinal(sessions)).detail, /no iterator to be had/)
  })

  test('on a value that JSON cannot hold ends with HANDLER_FAILED', async () => {
    const { sessions, ended } = stream(slowly('a', 1n))
    await ended
    assert.equal(problemOf(onlyFinal(sessions)).code, 'HANDLER_FAILED')
  })

  for (const [what, values] of [
    ['its first chunk', () => slowly('a', 'b', 'c')],
    [
      'its only frame',
      async function* () {
        yield 'a'
      },
    ],
  ] as const) {
    test(`because another run was seen before ${what} ends with HANDLER_FAILED`, async () => {
      const sessions = new FakeSessions()
      sessions.beginStream('s', 9, 'run-0', 3)
      const { ended } = stream(values(), {}, sessions)
      assert.equal((await ended).status, 'done')
      const end = finals(sessions.entries).at(-1)
      assert.equal(end?.outcome, 'failed')
      assert.match(problemOf(end).detail, /another run of this stream/)
    })
  }
})

/** Counts up until told to stop, and says whether it was told. */
function endless() {
  const state = { produced: 0, returned: false }
  async function* values() {
    try {
      for (;;) {
        yield state.produced++
        await turn()
      }
    } finally {
      state.returned = true
    }
  }
  return { state, values: values() }
}

describe('a stream without end', () => {
  test(`is at most ${STREAM_AHEAD} chunks ahead of the store, and goes on when the store does`, async () => {
    const sessions = new FakeSessions()
    sessions.finishing.hold()
    const { state, values } = endless()
    const { abort, ended } = stream(values, {}, sessions)
    await until(() => state.produced > STREAM_AHEAD)
    for (let i = 0; i < 20; i++) await turn()
    // one value is looked at beyond the chunk that waits
    assert.equal(state.produced, STREAM_AHEAD + 1)
    sessions.finishing.release()
    await until(() => state.produced > 2 * STREAM_AHEAD)
    abort()
    await ended
  })

  test('ends when its signal is aborted, and its iterator is told', async () => {
    const { state, values } = endless()
    const { abort, ended, sessions } = stream(values)
    await until(() => state.produced > 3)
    abort()
    await ended
    await until(() => state.returned)
    assert.equal(onlyFinal(sessions).outcome, 'failed')
    assert.match(problemOf(onlyFinal(sessions)).detail, /the stream was cut: stopped/)
  })

  test('that stalls ends with HANDLER_FAILED when its signal is aborted, whether its iterator ever returns or not', async () => {
    const stalled: AsyncIterator<unknown> = { next: () => new Promise(() => {}), return: () => new Promise(() => {}) }
    async function* first() {
      yield* slowly('a')
    }
    const begun = first()
    let asked = 0
    const values = { [Symbol.asyncIterator]: () => ({ ...stalled, next: () => (asked++ === 0 ? begun.next() : stalled.next()) }) }
    const { abort, ended, sessions } = stream(values)
    await until(() => chunks(sessions.entries).length === 1)
    abort()
    assert.equal((await ended).status, 'done')
    assert.equal(problemOf(onlyFinal(sessions)).code, 'HANDLER_FAILED')
  })

  test('aborted before its first value has ended nothing: it may be begun again', async () => {
    const { abort, unseen, sessions } = stream({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) })
    abort()
    assert.match(String(await unseen), /stopped/)
    assert.deepEqual(sessions.entries, [])
  })

  test('that ends by itself because its signal is aborted does not end as answered', async () => {
    const state = { stop: false }
    async function* values() {
      yield* slowly('a')
      while (!state.stop) await turn()
    }
    const { abort, ended, sessions } = stream(values())
    await until(() => chunks(sessions.entries).length === 1)
    state.stop = true
    abort()
    await ended
    assert.equal(onlyFinal(sessions).outcome, 'failed')
  })

  test('ends when its message has ended otherwise, and its iterator is told', async () => {
    const { state, values } = endless()
    const { ended, sessions } = stream(values)
    await until(() => state.produced > 3)
    sessions.markFinished('s', 9)
    assert.equal((await ended).status, 'duplicate')
    await until(() => state.returned)
  })
})

describe('a stream to a full outbox', () => {
  const taken = (sessions: FakeSessions) => sessions.entries.filter((_, index) => sessions.statuses[index] === 'done')

  test('waits for room, loses nothing and keeps its order', async () => {
    const sessions = new FakeSessions()
    sessions.full.add('s')
    const { ended } = stream(slowly('a', 'b', 'c'), {}, sessions)
    await until(() => sessions.statuses.filter(status => status === 'outboxFull').length === 2, { what: 'a second try' })
    sessions.full.clear()
    assert.equal((await ended).status, 'done')
    assert.deepEqual(
      taken(sessions).map(entry => entry.kind !== 'push' && entry.chunk),
      [0, 1, 2, 3],
    )
    assert.equal(finals(taken(sessions))[0].outcome, 'answered')
  })

  test('ends with HANDLER_FAILED when it is aborted first', async () => {
    const sessions = new FakeSessions()
    sessions.full.add('s')
    const { ended, abort } = stream(slowly('a', 'b'), {}, sessions)
    await until(() => sessions.statuses.includes('outboxFull'))
    abort()
    await ended
    assert.deepEqual(
      taken(sessions).map(entry => [entry.kind, problemOf(entry).code]),
      [['final', 'HANDLER_FAILED']],
    )
  })
})

test('a stream whose call was made again goes on behind the chunks that were taken the first time', async () => {
  const sessions = new FakeSessions()
  sessions.beginStream('s', 9, 'run-1', 2)
  const { ended } = stream(slowly('a', 'b', 'c'), {}, sessions)
  assert.equal((await ended).status, 'done')
  assert.deepEqual([sessions.statuses, onlyFinal(sessions).outcome], [['duplicate', 'duplicate', 'done', 'done'], 'answered'])
})
