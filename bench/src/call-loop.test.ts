import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CallLoop } from './call-loop.ts'
import { Tally } from './tally.ts'

function loopOf(depth: number) {
  const called: number[] = []
  const observer = new Tally()
  const loop = new CallLoop({ port: 0, depth, size: 5, observer }, slot => void called.push(slot))
  return { called, loop, seen: () => observer.result(new Tally()) }
}

describe('a call loop', () => {
  test('keeps `depth` calls outstanding: an answered slot is called again, no other', () => {
    const { called, loop, seen } = loopOf(3)
    loop.start()
    loop.answered(1, 5)
    assert.deepEqual(called, [0, 1, 2, 1])
    assert.equal(seen().roundTrips, 1)
  })

  test('tells an echo of a wrong length and a failure', () => {
    const { loop, seen } = loopOf(2)
    loop.start()
    loop.answered(0, 4)
    loop.failed('UNAVAILABLE')
    assert.equal(seen().wrongLengths, 1)
    assert.deepEqual(seen().errors, { UNAVAILABLE: 1 })
  })

  test('calls no more once it is closed', () => {
    const { called, loop, seen } = loopOf(1)
    loop.start()
    loop.close()
    loop.answered(0, 5)
    loop.failed('CANCELLED')
    assert.deepEqual(called, [0])
    assert.deepEqual(seen().errors, {})
  })
})
