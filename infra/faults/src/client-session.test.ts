import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFrame, type SynAck } from '@causeway/protocol'
import { ClientSession } from './client-session.ts'
import { REQUEST_TIMEOUT_MS } from './limits.ts'

const NOW = 1_000_000

const synAck = (parts: Partial<SynAck>): SynAck => ({
  session: 's1',
  resumeToken: 't',
  epoch: 1,
  resumed: false,
  recovered: false,
  lastMsgId: 0,
  window: { messages: 1_024, bytes: 8 << 20 },
  maxPayload: 1 << 20,
  keepAliveMs: 1_000,
  server: { id: 'gw', version: '0' },
  ...parts,
})

/** A session with three requests, of which the first is stored, and a notification. */
function begun(): ClientSession {
  const session = new ClientSession()
  session.welcome(synAck({}))
  for (let n = 1; n <= 3; n++) session.message('count', { n }, NOW)
  session.message('note', { n: 4 }, NOW)
  session.markStored(1)
  return session
}

test('a SYN names what is stored and unanswered, with the time it has left', () => {
  const { session, resumeToken, attempt, lastSeq, stored, waiting } = begun().syn(NOW + 500)
  assert.deepEqual(
    { session, resumeToken, attempt, lastSeq, stored, waiting },
    { session: 's1', resumeToken: 't', attempt: 1, lastSeq: 0, stored: 1, waiting: [[1, REQUEST_TIMEOUT_MS - 500]] },
  )
})

test('every SYN of a session has a higher number than those before it', () => {
  const session = begun()
  assert.deepEqual([session.syn(NOW).attempt, session.syn(NOW).attempt], [1, 2])
})

test('after a resume what is not stored is sent again, in order, under its numbers and the present acknowledgement', () => {
  const session = begun()
  session.lastSeq = 9
  const { again, givenUp } = session.welcome(synAck({ resumed: true, recovered: true, lastMsgId: 2 }))
  const frames = again.map(({ frame }) => decodeFrame(frame))
  assert.deepEqual(
    frames.map(({ msgId, seq }) => [msgId, seq]),
    [
      [3, 9],
      [4, 9],
    ],
  )
  assert.deepEqual(givenUp, [])
  assert.equal(session.sure, 4)
})

test('a resume that did not recover leaves what was stored unsure, and nothing else', () => {
  const session = begun()
  session.welcome(synAck({ resumed: true, recovered: false, lastMsgId: 1 }))
  assert.equal(session.sure, 3)
  assert.equal(session.unsettled.get(1)?.unsure, true)
})

test('a new session in place of the old one gives up what the old one left, and counts from 1', () => {
  const session = begun()
  const { again, givenUp } = session.welcome(synAck({ session: 's2' }))
  assert.deepEqual(again, [])
  assert.equal(givenUp.length, 4)
  assert.equal(session.syn(NOW).attempt, 1)
  assert.equal(session.message('count', { n: 5 }, NOW).msgId, 1)
})

test('a notification is settled once it is stored, a request is not', () => {
  const session = begun()
  session.markStored(4)
  assert.deepEqual([...session.unsettled.keys()], [1, 2, 3])
})
