import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, test } from 'node:test'
import { runMany } from './many.ts'
import { SEEDED_BUGS } from './seeded-bugs.ts'

/** First seed that finds a bug, of those within which it must be found. */
async function foundBy(bug: keyof typeof SEEDED_BUGS): Promise<number | undefined> {
  const found = new AbortController()
  let seed: number | undefined
  await runMany({
    ...{ from: 1, seeds: SEEDED_BUGS[bug].within, processes: Math.max(1, availableParallelism() - 1), bug, signal: found.signal },
    told: outcome => {
      if (outcome.violations.length === 0) return
      seed ??= outcome.seed
      found.abort()
    },
  })
  return seed
}

// all of them by hand: npm run simulate -- --bug <name>
describe('a mistake in the product is found', () => {
  for (const bug of ['finish-without-finished-check', 'resume-off-by-one', 'parked-are-overtaken', 'ends-not-counted'] as const) {
    test(`${bug}: ${SEEDED_BUGS[bug].why}`, async () => {
      assert.notEqual(await foundBy(bug), undefined, `${SEEDED_BUGS[bug].within} seeds found nothing`)
    })
  }
})
