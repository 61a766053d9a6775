import { setTimeout as sleep } from 'node:timers/promises'
import { check, type Verdict } from './checker.ts'
import { micros } from './clock.ts'
import { type ClientEvent, emptyHistory, type History } from './history.ts'
import { Installation } from './installation.ts'
import { SETTLE_MS } from './limits.ts'
import { Load } from './load.ts'
import { Random } from './random.ts'
import type { Scenario, Stage } from './scenario.ts'
import { SessionClient } from './session-client.ts'

export interface RunOptions {
  seed: number
  /** Instead of the scenario's own. */
  rounds?: number
  /** Rounds go on until so many messages were sent. */
  requests?: number
  /** Rounds go on for so long, s. */
  seconds?: number
  /** How long the end may take, ms. */
  settleMs?: number
  /** A seeded bug (seeded-bugs/bugs.ts). */
  bug?: string
  /** Told what is being done. */
  progress?: (line: string) => void
}

export interface Run extends Verdict {
  scenario: Scenario
  seed: number
  rounds: number
  seconds: number
  history: History
  /** What the processes logged last. */
  logs: string
}

/** Answers before the first fault: enough for all sessions to be in the midst of it. */
const WARM = 200

/** Begins a scenario, breaks and mends as it says, waits for the end of what was sent, and checks. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const begunAt = performance.now()
  const history = emptyHistory()
  await using open = new AsyncDisposableStack()
  const stage = await setStage(scenario, options, history, open)
  const { rounds, stalled } = await runRounds(scenario, stage, options, begunAt)
  stage.note('no more faults')
  await stage.load.finish()
  history.handlings = stage.installation.handlings()
  const seconds = (performance.now() - begunAt) / 1_000
  const { violations, figures } = check(history, scenario.allowance)
  if (stalled !== undefined) violations.unshift({ rule: 'stalled', session: '', evidence: stalled })
  return { scenario, seed: options.seed, rounds, seconds, history, logs: stage.installation.logs, violations, figures }
}

/** Starts everything, with the load already under way. */
async function setStage(scenario: Scenario, options: RunOptions, history: History, open: AsyncDisposableStack): Promise<Stage> {
  const random = new Random(options.seed)
  const { environment, ...backends } = await scenario.surroundings(open)
  const installation = open.use(await Installation.make({ environment, bug: options.bug }))
  await (scenario.begin?.(installation) ?? installation.addPairs())
  const record = (event: ClientEvent): void => void history.events.push(event)
  const { load: shape } = scenario
  const { settleMs = SETTLE_MS } = options
  const load = open.adopt(new Load({ shape, ports: () => installation.ports, random: random.fork(), record, settleMs }), load =>
    load.close(),
  )
  const clients = random.fork()
  const faults = random.fork()
  return {
    installation,
    load,
    random: faults,
    ...(backends as Required<typeof backends>),
    client: ports => open.adopt(new SessionClient({ name: 'other', ports, random: clients.fork(), record }), client => client.close()),
    note(what) {
      history.faults.push({ at: micros(), what })
      options.progress?.(what)
    },
    lost: keptUntil => void history.losses.push({ at: micros(), keptUntil }),
    pause: async (least, most) => void (await sleep(faults.between(least, most))),
  }
}

/** A round that fails is what the system did, or the harness: either way it is told, and what came before is checked. */
async function runRounds(
  scenario: Scenario,
  stage: Stage,
  options: RunOptions,
  begunAt: number,
): Promise<{ rounds: number; stalled?: string }> {
  const { requests, seconds } = options
  const goesOn = (round: number): boolean => {
    if (requests !== undefined) return stage.load.sent < requests
    if (seconds !== undefined) return performance.now() - begunAt < seconds * 1_000
    return round < (options.rounds ?? scenario.rounds)
  }
  let rounds = 0
  try {
    await stage.load.answers(WARM)
    while (goesOn(rounds)) await scenario.round(stage, rounds++)
    return { rounds }
  } catch (error) {
    return { rounds, stalled: `in round ${rounds}: ${(error as Error).message}` }
  }
}
