import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from './channel-control.ts'

test('keeps so many messages under way as the window says, and counts one as over when all subscribers have it', () => {
  const pace = new Pace()
  pace.told(3)
  assert.equal(pace.due(), 0)
  pace.told(2)
  assert.equal(pace.due(), 2)
  pace.told(2)
  assert.equal(pace.due(), 0)
  pace.told(1)
  assert.equal(pace.due(), 1)
  pace.told(6)
  assert.equal(pace.due(), 2)
})
