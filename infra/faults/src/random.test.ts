import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from './random.ts'

const draws = (random: Random): number[] => Array.from({ length: 5 }, () => random.next())

test('a seed repeats its numbers, and another one gives others', () => {
  assert.deepEqual(draws(new Random(7)), draws(new Random(7)))
  assert.notDeepEqual(draws(new Random(7)), draws(new Random(8)))
})

test('a fork is not moved by what its origin draws afterwards', () => {
  const [one, other] = [new Random(7), new Random(7)]
  const [fork, sameFork] = [one.fork(), other.fork()]
  one.next()
  assert.deepEqual(draws(fork), draws(sameFork))
})

test('numbers stay in their bounds', () => {
  const random = new Random(1)
  for (let i = 0; i < 1_000; i++) {
    assert.ok(random.index(3) < 3)
    const between = random.between(5, 6)
    assert.ok(between >= 5 && between < 6)
  }
})
