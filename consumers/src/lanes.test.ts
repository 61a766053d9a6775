import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counters } from './counters.ts'
import { Lanes } from './lanes.ts'
import { LANES } from './limits.ts'

test(`beyond ${LANES} sessions idle lanes are forgotten, those with a head too, and then every new one is offered for parking`, () => {
  const heads = Array.from({ length: LANES }, (_, index) => `head-${index}`)
  const lanes = new Lanes(heads, new Counters())
  for (const session of heads) assert.equal(lanes.of(session, 0).head, true)
  assert.equal(lanes.of('new', 0).head, true)
  assert.ok(lanes.size <= LANES, `${lanes.size} lanes`)
  assert.equal(lanes.of('head-0', 0).head, true)
})

test('lanes without a head are forgotten without that cost', () => {
  const lanes = new Lanes([], new Counters())
  for (let session = 0; session <= LANES; session++) lanes.of(String(session), 0)
  assert.ok(lanes.size <= LANES, `${lanes.size} lanes`)
  assert.equal(lanes.of('new', 0).head, false)
})

test('a session is forgotten once it had no message for a whole turn of the clock; one that waits or has a head is not', () => {
  const lanes = new Lanes(['headed'], new Counters())
  for (const session of ['quiet', 'busy', 'waiting', 'headed']) lanes.of(session, 0)
  lanes.of('waiting', 0).unfinished = 1
  lanes.forgetUnused()
  assert.equal(lanes.size, 4)
  lanes.of('busy', 0)
  lanes.forgetUnused()
  assert.equal(lanes.size, 3)
  assert.equal(lanes.of('headed', 0).head, true)
  assert.equal(lanes.of('waiting', 0).unfinished, 1)
})
