import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readStagesOptions } from './stages-options.ts'

describe('options of bench:stages', () => {
  test('measure both parts and write the page, unless told otherwise', () => {
    const { only, rounds, seconds, client, write } = readStagesOptions([])
    assert.deepEqual(
      { only, rounds, seconds, client, write },
      { only: ['account', 'flames'], rounds: 3, seconds: 5, client: 'kafkajs', write: true },
    )
  })

  test('choose a part, and leave the page alone', () => {
    const { only, write } = readStagesOptions(['--only', 'flames', '--no-write'])
    assert.deepEqual([only, write], [['flames'], false])
  })

  test('refuse a part that is none, and a number that is none', () => {
    assert.throws(() => readStagesOptions(['--only', 'flame']), /--only names flame: expected some of account, flames/)
    assert.throws(() => readStagesOptions(['--seconds', '0.5']), /--seconds is 0.5/)
  })
})
