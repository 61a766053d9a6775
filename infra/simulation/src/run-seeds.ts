// A worker process of many.ts: runs the seeds it is sent, one after the other, and tells what each came to.
import type { Outcome } from './many.ts'
import { loadProduct } from './product.ts'
import { bugNamed } from './seeded-bugs.ts'
import { simulate } from './simulation.ts'

const bug = process.argv[2]
const product = await loadProduct(bug === undefined ? [] : [bugNamed(bug)])

process.on('message', (seeds: number[]) => void run(seeds))

async function run(seeds: readonly number[]): Promise<void> {
  for (const each of seeds) {
    const { seed, violations, steps, digest } = await simulate(product, each)
    process.send?.({ seed, violations, steps, digest } satisfies Outcome)
  }
}
