import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { now, Recorder } from './recorder.ts'

const wanted = (recorder: Recorder, session: string) =>
  Array.from({ length: 70 }, (_, msgId) => msgId).filter(msgId => recorder.wants(session, msgId))

describe('a recorder', () => {
  test('wants nothing until it is told to, and after it has ended', () => {
    const recorder = new Recorder()
    assert.deepEqual(wanted(recorder, 'abc'), [])
    recorder.begin(1)
    recorder.end()
    assert.deepEqual(wanted(recorder, 'abc'), [])
  })

  test('wants every so manieth of a session, in each session others, and no push', () => {
    const recorder = new Recorder()
    recorder.begin(7)
    const [first, second] = [wanted(recorder, 'abc'), wanted(recorder, 'acd')]
    for (const each of [first, second]) {
      assert.ok(each.length >= 9)
      assert.ok(each.slice(1).every((msgId, index) => msgId - each[index] === 7))
      assert.ok(!each.includes(0))
    }
    assert.notDeepEqual(first, second)
  })

  test('gives what it saw, once', () => {
    const recorder = new Recorder()
    recorder.begin(1)
    recorder.saw('sent', 'one', 1, 10)
    recorder.saw('heard', 'two', 3, 11)
    recorder.passed(4)
    const { moments, sessions, msgIds, times, names, roundTrips, roundTripsMs, dropped } = recorder.end()
    assert.deepEqual(
      [[...moments], [...sessions], [...msgIds], [...times]],
      [
        [0, 1],
        [0, 1],
        [1, 3],
        [10, 11],
      ],
    )
    assert.deepEqual([names, roundTrips, roundTripsMs, dropped], [['one', 'two'], 1, 4, 0])
    recorder.begin(1)
    assert.equal(recorder.end().moments.length, 0)
  })

  test('turns times of this process into the machine’s', () => {
    const recorder = new Recorder()
    recorder.begin(1)
    const before = now()
    const at = performance.now() + recorder.offset
    const after = now()
    // both clocks tell nanoseconds, the offset what lay between two looks
    assert.ok(at >= before - 1 && at <= after + 1, `${before} ${at} ${after}`)
  })
})
