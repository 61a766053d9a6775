// The short selection on real processes: a rehearsal of `npm run faults`, which runs everything for longer.
import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { backendTest } from '@causeway/test-backends'
import { prove } from './proof.ts'
import { runScenario } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'
import { SHORT } from './scenarios/index.ts'
import { BUGS } from './seeded-bugs/bugs.ts'
import { embedded, stopSharedKafka } from './surroundings.ts'

const SEED = Number(process.env.CAUSEWAY_TEST_SEED ?? Date.now() % 1_000_000)

after(stopSharedKafka)

async function clean(context: TestContext, scenario: Scenario, rounds: number): Promise<void> {
  context.diagnostic(`seed ${SEED}`)
  const { violations, figures, logs } = await runScenario(scenario, { seed: SEED, rounds })
  context.diagnostic(`${figures.requests} requests, ${figures.resumes} resumes, worst wait ${Math.round(figures.worstWaitMs)} ms`)
  const told = violations.map(({ rule, session, evidence }) => `${rule}: ${session} ${evidence}`)
  assert.deepEqual(told.slice(0, 10), [], `seed ${SEED}; the processes' logs:\n${logs}`)
}

for (const { scenario, rounds } of SHORT) {
  const name = `${scenario.breaks}: nothing is lost, doubled or reordered`
  if (scenario.surroundings === embedded) test(name, context => clean(context, scenario, rounds))
  else backendTest(name, { kafka: true, redis: true }, context => clean(context, scenario, rounds))
}

test('the checker catches a seeded bug: what it calls clean is', async context => {
  const bug = BUGS.find(({ name }) => name === 'embedded-log-from-end')!
  const { found } = await prove(bug, SEED, line => context.diagnostic(line))
  assert.ok(found.length > 0, `seed ${SEED}: ${bug.what}, and nothing was found`)
})
