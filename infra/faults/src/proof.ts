import type { Violation } from './rules.ts'
import { runScenario } from './run-scenario.ts'
import { Skipped } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import type { SeededBug } from './seeded-bugs/bugs.ts'

/** How long the end of a run with a bug is waited for, ms: what the bug lost never comes; what a worker's death holds up comes sooner. */
const SETTLE_MS = 15_000
/** Runs that a bug has to be caught in: most need chance to be seen. */
const TRIES = 3

/** What a process logs where the bug's own text is wrong: to catch that proves nothing. */
const BROKEN = /ReferenceError|SyntaxError|TypeError/

export interface Proof {
  bug: SeededBug
  /** Of the run that caught it; none where no run did. */
  found: readonly Violation[]
  /** Runs it took. */
  tries: number
  seed: number
  /** Why it could not be tried here. */
  skipped?: string
}

/** Runs a scenario on processes that carry a bug, until the checker catches it. */
export async function prove(bug: SeededBug, seed: number, progress: (line: string) => void): Promise<Proof> {
  const scenario = SCENARIOS.find(({ name }) => name === bug.scenario)!
  try {
    for (let tries = 1; tries <= TRIES; tries++) {
      const run = await runScenario(scenario, { seed: seed + tries - 1, rounds: bug.rounds, settleMs: SETTLE_MS, bug: bug.name, progress })
      if (BROKEN.test(run.logs))
        throw new Error(`the bug ${bug.name} breaks its process instead of seeding a fault:\n${run.logs.slice(-2_000)}`)
      const found = run.violations.filter(({ rule }) => bug.caughtAs.includes(rule))
      if (found.length > 0) return { bug, found, tries, seed: run.seed }
      progress(`not caught; found ${run.violations.map(({ rule, evidence }) => `${rule} (${evidence})`).join(', ') || 'nothing'}`)
    }
    return { bug, found: [], tries: TRIES, seed }
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    return { bug, found: [], tries: 0, seed, skipped: error.message }
  }
}
