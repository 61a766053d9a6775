import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GeneratorResult } from './generator-event.ts'
import { connectionsOf } from './generators.ts'
import { merge } from './measure.ts'
import { BROAD, byGenerators, oneGeneratorName, SERIAL } from './shapes.ts'
import { Tally } from './tally.ts'

/** Of a generator that saw so many answers of this duration. */
function resultOf(answers: number, ms: number, changes: Partial<GeneratorResult>): GeneratorResult {
  const tally = new Tally()
  for (let i = 0; i < answers; i++) tally.answered(ms)
  return { ...tally.result(new Tally()), seconds: 2, ...changes }
}

describe('several generators', () => {
  test('share the connections as evenly as they can', () => {
    assert.deepEqual(connectionsOf({ ...BROAD, generators: 3 }), [22, 21, 21])
  })

  test('are no more than there are connections', () => {
    assert.deepEqual(connectionsOf({ ...SERIAL, generators: 2 }), [1])
  })

  test('have a name that leads back to the same load from one', () => {
    assert.equal(oneGeneratorName(byGenerators(BROAD, 2).name), BROAD.name)
  })

  test('add up; percentiles are those of all answers together, and the share of a core that of the busiest', () => {
    const merged = merge([resultOf(300, 1, { cpuSeconds: 1 }), resultOf(100, 50, { cpuSeconds: 1.9 })])
    assert.equal(merged.roundTrips, 400)
    assert.equal(merged.seconds, 2)
    assert.ok(merged.p50Ms < 1.02 && merged.p99Ms > 49, JSON.stringify(merged))
    assert.equal(merged.generatorCpuSeconds, 2.9)
    assert.equal(merged.generatorCpuShare, 0.95)
  })
})

describe('a tally', () => {
  test('counts the failures of the warm-up with its own, and no other of its figures', () => {
    const warmUp = new Tally()
    warmUp.answered(1)
    warmUp.gap()
    warmUp.failed('LOST')
    const tally = new Tally()
    tally.failed('LOST')
    tally.wrongLength()
    const { roundTrips, gaps, wrongLengths, errors } = tally.result(warmUp)
    assert.deepEqual({ roundTrips, gaps, wrongLengths, errors }, { roundTrips: 0, gaps: 1, wrongLengths: 1, errors: { LOST: 2 } })
  })
})
