import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chosen, readOptions } from './options.ts'

test('without options everything runs, under a seed from the clock', () => {
  const { only, seed, proof } = readOptions([], 1_234_567)
  assert.deepEqual({ only, seed, proof }, { only: undefined, seed: 234_567, proof: 'with' })
})

test('one scenario is repeated by its name and seed, without the proof', () => {
  const { only, seed, requests, proof } = readOptions(['--only', 'worker-kill,retries', '--seed', '7', '--requests', '5000'], 0)
  assert.deepEqual({ only, seed, requests, proof }, { only: ['worker-kill', 'retries'], seed: 7, requests: 5_000, proof: 'without' })
})

test('a number that is none, and a name that is not there, are told', () => {
  assert.throws(() => readOptions(['--rounds', 'many'], 0), /--rounds is "many": expected a whole number/)
  assert.throws(() => chosen([{ name: 'a' }], ['b']), /--only b: there is no such thing; expected some of a/)
})
