import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ErrorEntry, ErrorName } from './errors.ts'
import { ERRORS, errorByNumber, isErrorName, ProtocolError, problem, shouldReconnect } from './errors.ts'
import { errorsDoc } from './errors-doc.ts'

const entries = Object.entries<ErrorEntry>(ERRORS) as [ErrorName, ErrorEntry][]

/** docs/protocol.md, section 6: what a client that doesn't have this registry relies on. */
const NUMBERS: Record<ErrorName, number> = {
  GOING_AWAY: 4000,
  OVERLOADED: 4001,
  IDLE: 4002,
  SLOW_CONSUMER: 4003,
  BACKEND_UNAVAILABLE: 4004,
  TOKEN_EXPIRED: 4010,
  NO_ROUTE: 4100,
  TIMEOUT: 4101,
  DEAD_LETTERED: 4102,
  RATE_LIMITED: 4103,
  CANCELLED: 4104,
  HANDLER_FAILED: 4105,
  BAD_FRAME: 4500,
  BAD_CHECKSUM: 4501,
  UNSUPPORTED_VERSION: 4502,
  UNKNOWN_TYPE: 4503,
  TOO_LARGE: 4504,
  HANDSHAKE_EXPECTED: 4505,
  UNAUTHENTICATED: 4510,
  FORBIDDEN: 4511,
  REPLACED: 4512,
  SESSION_UNKNOWN: 4513,
  BAD_PAYLOAD: 4600,
  REJECTED: 4601,
}

test('docs/errors.md is what the registry makes (npm run errors-doc)', () => {
  assert.equal(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8'), errorsDoc())
})

test('every number is the one the protocol gives, and none is used twice', () => {
  assert.deepEqual(Object.fromEntries(entries.map(([name, entry]) => [name, entry.number])), NUMBERS)
  assert.equal(new Set(entries.map(([, entry]) => entry.number)).size, entries.length)
})

test('an error is found by its number, and nothing by another', () => {
  for (const [name, { number }] of entries) assert.equal(errorByNumber(number), name)
  assert.equal(errorByNumber(4_999), undefined)
  assert.equal(isErrorName('TIMEOUT'), true)
  assert.equal(isErrorName('toString'), false)
})

test('4000 to 4499 say reconnect, the others do not', () => {
  assert.deepEqual([3_999, 4_000, 4_499, 4_500, 4_999].map(shouldReconnect), [false, true, true, false, false])
})

test('no error from which a client must not reconnect is retryable', () => {
  for (const [name, entry] of entries) assert.ok(!(entry.retryable && entry.number >= 4_500), name)
})

test('every entry says in a sentence what to do', () => {
  for (const [name, { title, remedy }] of entries) {
    assert.match(remedy, /\.$/, name)
    assert.ok(title.length > 10 && !title.includes('|') && !remedy.includes('|'), name)
  }
})

test('a protocol error turns into the problem to send, and keeps its cause', () => {
  const cause = new Error('inner')
  const error = new ProtocolError('TOO_LARGE', 'payload has 17 bytes', { msgId: 3, cause })
  assert.deepEqual(error.problem(), problem('TOO_LARGE', { detail: 'payload has 17 bytes' }))
  assert.equal(error.cause, cause)
  assert.equal(error.msgId, 3)
  assert.match(error.message, /TOO_LARGE: payload has 17 bytes/)
})
