import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FinishedMarks } from './sessions-embedded-marks.ts'

function marksOf(...finished: readonly [msgId: number, prev: number][]): FinishedMarks {
  const marks = new FinishedMarks()
  for (const [msgId, prev] of finished) marks.finish(msgId, prev)
  return marks
}

describe('finished marks', () => {
  test('move along the chain of admitted messages, whatever the order', () => {
    const chain: [number, number][] = [
      [2, 0],
      [5, 2],
      [6, 5],
      [9, 6],
    ]
    for (const order of [chain, chain.toReversed(), [chain[1]!, chain[3]!, chain[0]!, chain[2]!]]) {
      const marks = marksOf(...order)
      assert.deepEqual([marks.doneMark, marks.above], [9, 0])
    }
  })

  test('keep what is finished above a message that is not', () => {
    const marks = marksOf([3, 2], [7, 3], [1, 0])
    assert.deepEqual([marks.doneMark, marks.finishedAbove()], [1, [3, 7]])
    assert.deepEqual(
      [1, 2, 3, 4, 7].map(msgId => marks.has(msgId)),
      [true, false, true, false, true],
    )
  })

  test('learn from a repeat that names an earlier message before it', () => {
    const marks = marksOf([1, 0], [5, 4], [6, 5])
    assert.deepEqual([marks.doneMark, marks.finishedAbove()], [1, [5, 6]])
    marks.closeGap(5, 1)
    assert.deepEqual([marks.doneMark, marks.finishedAbove()], [6, []])
  })

  test('close what a jump overtakes, in the order of the chain and not of arrival', () => {
    const marks = marksOf([1, 0], [10, 9], [9, 5], [12, 11])
    marks.finish(6, 0)
    assert.deepEqual([marks.doneMark, marks.finishedAbove()], [10, [12]])
    marks.finish(11, 10)
    assert.deepEqual([marks.doneMark, marks.above], [12, 0])
  })
})
