import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { CI_SEEDS } from './limits.ts'
import { type Outcome, runMany } from './many.ts'

async function outcomesOf(from: number, seeds: number): Promise<Map<number, Outcome>> {
  const outcomes = new Map<number, Outcome>()
  await runMany({
    ...{ from, seeds, processes: Math.max(1, availableParallelism() - 1), bug: undefined },
    told: outcome => void outcomes.set(outcome.seed, outcome),
  })
  return outcomes
}

test('a seed makes the same run each time, and another seed another run', async () => {
  const [first, again] = [await outcomesOf(1, 8), await outcomesOf(1, 8)]
  const digests = [...first.values()].map(({ digest }) => digest)
  assert.equal(new Set(digests).size, digests.length)
  for (const [seed, { digest }] of again) assert.equal(digest, first.get(seed)!.digest, `seed ${seed}`)
})

test(`${CI_SEEDS} seeds keep every promise`, async () => {
  const outcomes = await outcomesOf(1, CI_SEEDS)
  const failed = [...outcomes.values()].filter(({ violations }) => violations.length > 0)
  const told = failed.map(
    ({ seed, violations }) =>
      `npm run simulate -- --seed ${seed} --trace: ${violations.map(({ promise, detail }) => `${promise}: ${detail}`).join('; ')}`,
  )
  assert.deepEqual(told, [])
  assert.equal(outcomes.size, CI_SEEDS)
})
