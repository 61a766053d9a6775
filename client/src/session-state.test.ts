import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SynAck } from '@causeway/protocol'
import { decodeFrame, FrameType, frameMsgId, MAX_AHEAD } from '@causeway/protocol'
import type { CausewayError } from './errors.ts'
import { Message, messageInit } from './message.ts'
import type { MessageOptions } from './options.ts'
import { SessionState } from './session-state.ts'

const NOW = 1_000_000

const WELCOME: SynAck = {
  session: 's-1',
  resumeToken: 'r-1',
  epoch: 1,
  resumed: false,
  recovered: false,
  lastMsgId: 0,
  window: { messages: 10_000, bytes: 100 },
  maxPayload: 1_000,
  keepAliveMs: 30_000,
  server: { id: 'fake', version: '0' },
}

/** A message that notes what becomes of it. */
function makeMessage(type: number, payload: Uint8Array, options?: MessageOptions): { message: Message; ends: string[] } {
  const ends: string[] = []
  const events = {
    answer: () => ends.push('answer'),
    stored: () => ends.push('stored'),
    fail: (error: CausewayError) => ends.push(error.code),
  }
  return { message: new Message(messageInit(type, 1, payload, options), type === FrameType.NOTIFY, events, NOW), ends }
}

function welcomed(): SessionState {
  const state = new SessionState()
  state.welcome(WELCOME, NOW)
  return state
}

function enqueue(state: SessionState, size: number, options?: MessageOptions): ReturnType<typeof makeMessage> {
  const made = makeMessage(FrameType.REQUEST, new Uint8Array(size), options)
  state.enqueue(made.message)
  return made
}

test('a message is sent again with the time that is left', () => {
  const state = welcomed()
  enqueue(state, 1, { timeout: 5_000, key: 'k' })
  const sent = state.next()!
  assert.equal(decodeFrame(sent.frame).metadata?.timeout, 5_000)
  const [again] = state.welcome({ ...WELCOME, resumed: true }, NOW + 1_200)
  const frame = decodeFrame(again.frame)
  assert.deepEqual([frame.msgId, frame.metadata], [1, { timeout: 3_800, idempotencyKey: 'k' }])
})

test('bytes hold a message back until an answer makes room; one larger than the window goes alone', () => {
  const state = welcomed()
  for (const size of [60, 40, 1, 500]) enqueue(state, size)
  const first = state.next()!
  const second = state.next()!
  assert.equal(state.next(), undefined)
  state.finish(second)
  const third = state.next()!
  assert.equal(state.next(), undefined)
  state.finish(first)
  state.finish(third)
  assert.equal(state.next()?.size, 500)
})

test('none goes more than 4,096 above the oldest unanswered', () => {
  const state = welcomed()
  enqueue(state, 0)
  const oldest = state.next()!
  for (let count = 0; count < MAX_AHEAD; count++) {
    enqueue(state, 0)
    state.finish(state.next()!)
  }
  enqueue(state, 0)
  assert.equal(state.next(), undefined)
  state.finish(oldest)
  assert.equal(frameMsgId(state.next()!.frame), MAX_AHEAD + 2)
})

test('the SYN names the stored requests without an answer, with the milliseconds each has left', () => {
  const state = welcomed()
  const notify = makeMessage(FrameType.NOTIFY, new Uint8Array(1))
  enqueue(state, 1, { timeout: 2_000 })
  state.enqueue(notify.message)
  enqueue(state, 1)
  enqueue(state, 1)
  for (let count = 0; count < 4; count++) state.next()
  state.markStored(3)
  assert.deepEqual(notify.ends, ['stored'])
  assert.deepEqual(state.nextSyn(NOW + 500), {
    session: 's-1',
    resumeToken: 'r-1',
    attempt: 1,
    lastSeq: 0,
    stored: 3,
    waiting: [
      [1, 1_500],
      [3, 59_500],
    ],
  })
})

test('each SYN of a session has a number of its own, above those before it', () => {
  const state = welcomed()
  assert.deepEqual([state.nextSyn(NOW).attempt, state.nextSyn(NOW).attempt], [1, 2])
  state.welcome({ ...WELCOME, resumed: true }, NOW)
  assert.equal(state.nextSyn(NOW).attempt, 3)
  state.welcome({ ...WELCOME, session: 's-2' }, NOW)
  assert.equal(state.nextSyn(NOW).attempt, 1)
})

test('what waits ends at its deadline; what is sent gives the server time to say so itself', () => {
  const state = welcomed()
  const sent = enqueue(state, 1, { timeout: 100 })
  state.next()
  const waiting = enqueue(state, 1, { timeout: 100 })
  state.expire(NOW + 99)
  assert.deepEqual([sent.ends, waiting.ends], [[], []])
  state.expire(NOW + 100)
  assert.deepEqual([sent.ends, waiting.ends], [[], ['TIMEOUT']])
  state.expire(NOW + 350)
  state.expire(NOW + 400)
  assert.deepEqual(sent.ends, ['TIMEOUT'])
  assert.equal(state.inFlight, 1, 'it keeps its place in the window until the server ends it')
  assert.equal(state.hasDeadlines, false)
})

test('a gateway that takes smaller payloads refuses what waits for it, and nothing else', () => {
  const state = welcomed()
  const large = enqueue(state, 900)
  const small = enqueue(state, 10)
  state.welcome({ ...WELCOME, resumed: true, maxPayload: 100 }, NOW)
  assert.deepEqual([large.ends, small.ends], [['TOO_LARGE'], []])
  assert.equal(state.next(), small.message)
})
