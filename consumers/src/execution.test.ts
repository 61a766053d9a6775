import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Codec } from '@causeway/protocol'
import { z } from 'zod'
import { type AttemptOutcome, attempt } from './execution.ts'
import { contextOf, jsonOf, messageOf, type RecordChanges } from './messages.fixture.ts'
import { DeadLetter, Reject, RetryAfter } from './outcome-errors.ts'
import { bytes, type Handler, type InputSpec, message } from './route.ts'

function outcomeOf(input: InputSpec, handler: Handler<never>, changes: RecordChanges = {}): AttemptOutcome | Promise<AttemptOutcome> {
  const stored = messageOf(changes)
  const route = message('work', { input }).handle(handler as Handler<unknown>)
  return attempt(route, stored, contextOf(stored), 1 << 20)
}

type Answer = Extract<AttemptOutcome, { kind: 'answer' }>
function answerOf(outcome: AttemptOutcome): Answer {
  assert.equal(outcome.kind, 'answer')
  return outcome as Answer
}

describe('the input of a handler', () => {
  test('is parsed JSON without a schema', () => {
    const outcome = answerOf(outcomeOf(undefined, input => input, { input: { a: [1, null] } }) as AttemptOutcome)
    assert.deepEqual(jsonOf(outcome.payload), { a: [1, null] })
    assert.equal(outcome.codec, Codec.JSON)
  })

  test('is what the schema makes of it', () => {
    const schema = z.object({ n: z.coerce.number().default(3) })
    const outcome = answerOf(outcomeOf(schema, ({ n }: { n: number }) => n + 1, { input: {} }) as AttemptOutcome)
    assert.equal(jsonOf(outcome.payload), 4)
  })

  test('is the payload as sent with `bytes`, and bytes it answers wear the codec of the request', () => {
    const value = Uint8Array.of(0, 255, 7)
    const outcome = answerOf(outcomeOf(bytes, (input: Uint8Array) => input, { value, codec: 130 }) as AttemptOutcome)
    assert.deepEqual([...outcome.payload], [0, 255, 7])
    assert.equal(outcome.codec, 130)
  })

  test('that fails its schema is BAD_PAYLOAD with the path of each issue, and no handler runs', () => {
    const schema = z.object({ order: z.object({ lines: z.array(z.object({ amount: z.number() })) }), id: z.string() })
    let ran = 0
    const input = { order: { lines: [{ amount: 1 }, { amount: 'x' }] } }
    const outcome = outcomeOf(schema, () => ran++, { input })
    assert.ok(!(outcome instanceof Promise) && outcome.kind === 'badPayload')
    assert.match(outcome.detail, /order\.lines\.1\.amount: .*; id: /)
    assert.equal(ran, 0)
  })

  test('names the payload where the issue has no path', () => {
    const outcome = outcomeOf(z.string(), () => null, { input: 5 })
    assert.ok(!(outcome instanceof Promise) && outcome.kind === 'badPayload')
    assert.match(outcome.detail, /^payload: /)
  })

  test('may be checked by an asynchronous schema, for good and for bad', async () => {
    const schema = z.string().refine(async text => text === 'yes', 'says no')
    assert.equal((await outcomeOf(schema, input => input, { input: 'yes' })).kind, 'answer')
    assert.deepEqual(await outcomeOf(schema, input => input, { input: 'no' }), { kind: 'badPayload', detail: 'payload: says no' })
  })

  test('that is no JSON is BAD_PAYLOAD', () => {
    const outcome = outcomeOf(undefined, () => null, { value: Buffer.from('{a:1}') })
    assert.ok(!(outcome instanceof Promise) && outcome.kind === 'badPayload')
    assert.match(outcome.detail, /^payload: not JSON/)
  })

  test('of a codec that the route does not read is BAD_PAYLOAD, by its number', () => {
    const outcome = outcomeOf(undefined, () => null, { codec: Codec.PROTOBUF })
    assert.ok(!(outcome instanceof Promise) && outcome.kind === 'badPayload')
    assert.match(outcome.detail, /codec 3 is not served/)
  })
})

describe('the result of a handler', () => {
  test('comes without a promise where the handler is synchronous, with one where it is not', async () => {
    assert.ok(!(outcomeOf(undefined, () => 1) instanceof Promise))
    const later = outcomeOf(undefined, async () => 1)
    assert.ok(later instanceof Promise)
    assert.equal(jsonOf(answerOf(await later).payload), 1)
  })

  for (const nothing of [undefined, null]) {
    test(`${nothing} is an empty answer`, () => {
      const outcome = answerOf(outcomeOf(undefined, () => nothing) as AttemptOutcome)
      assert.equal(outcome.payload.length, 0)
      assert.equal(outcome.codec, Codec.BYTES)
    })
  }

  test('as bytes goes as it is, under codec 0 where the route reads JSON', () => {
    const outcome = answerOf(outcomeOf(undefined, () => Uint8Array.of(1, 2)) as AttemptOutcome)
    assert.deepEqual([...outcome.payload], [1, 2])
    assert.equal(outcome.codec, Codec.BYTES)
  })

  test('as an async iterable is a stream, returned at once or promised', async () => {
    async function* count() {
      yield 1
    }
    assert.equal((outcomeOf(undefined, count) as AttemptOutcome).kind, 'stream')
    assert.equal((await outcomeOf(undefined, async () => count())).kind, 'stream')
  })

  test('that its codec cannot hold is a dead letter: trying again would not help', async () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    for (const value of [1n, circle]) {
      const outcome = outcomeOf(undefined, () => value) as AttemptOutcome
      assert.ok(outcome.kind === 'deadLetter')
      assert.match(outcome.error.message, /result can't be encoded for codec 1: /)
      assert.equal((await outcomeOf(undefined, async () => value)).kind, 'deadLetter')
    }
  })

  test('from a promise of a library is waited for', async () => {
    // biome-ignore lint/suspicious/noThenProperty: query builders are such values
    const thenable = { then: (resolve: (value: string) => void) => void setImmediate(resolve, 'late') }
    assert.equal(jsonOf(answerOf(await outcomeOf(undefined, () => thenable)).payload), 'late')
  })
})

describe('what a handler throws', () => {
  const thrown = (error: unknown) => [
    () => {
      throw error
    },
    async () => {
      throw error
    },
  ]

  test('as RetryAfter with a time that is none leaves the wait to the back-off', async () => {
    for (const delayMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      const error = new RetryAfter(delayMs)
      assert.deepEqual(await outcomeOf(undefined, thrown(error)[0]), { kind: 'failed', error, delayMs: undefined })
    }
  })

  for (const [how, index] of [['synchronous', 0] as const, ['asynchronous', 1] as const]) {
    test(`as Reject, RetryAfter or DeadLetter says what becomes of the message (${how})`, async () => {
      assert.deepEqual(await outcomeOf(undefined, thrown(new Reject('sold out'))[index]), { kind: 'rejected', detail: 'sold out' })
      const later = new RetryAfter(1_500)
      assert.deepEqual(await outcomeOf(undefined, thrown(later)[index]), { kind: 'failed', error: later, delayMs: 1_500 })
      const hopeless = new DeadLetter('unknown tenant')
      assert.deepEqual(await outcomeOf(undefined, thrown(hopeless)[index]), { kind: 'deadLetter', error: hopeless })
    })

    test(`as anything else wants another attempt (${how})`, async () => {
      for (const error of [new Error('broken'), 'a text', undefined]) {
        assert.deepEqual(await outcomeOf(undefined, thrown(error)[index]), { kind: 'failed', error, delayMs: undefined })
      }
    })
  }
})
