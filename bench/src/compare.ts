import { BackendUnavailable } from '@causeway/test-backends'
import { type Machine, machine } from './machine.ts'
import { type Running, resultLine, shapeTasks, warmUp } from './measure-all.ts'
import { type Row, rowOf } from './report.ts'
import { type Outcome, runRounds, type Task } from './rounds.ts'
import { PAYLOAD_SIZE, type Shape } from './shapes.ts'
import { NotInstalled, type Subject } from './subject.ts'
import { type RunningTrials, type TrialGroup, type TrialRow, trialRow } from './trial.ts'

/** What one subject has shown: a row for each shape, or why there are fewer. */
export interface SubjectReport extends Pick<Subject, 'id' | 'name' | 'kind' | 'path' | 'durability'> {
  versions: Record<string, string>
  rows: Row[]
  /** Why something is missing: not installed, or failed. */
  notMeasured: string[]
}

export interface TrialReport extends Pick<TrialGroup, 'id' | 'name' | 'what'> {
  versions: Record<string, string>
  rows: TrialRow[]
  notMeasured: string[]
}

/** All of a comparison; what `--json` writes. */
export interface Comparison {
  /** ISO 8601. */
  date: string
  command: string
  machine: Machine
  payloadBytes: number
  rounds: number
  seconds: number
  /** How long it took in all, s. */
  tookSeconds: number
  shapes: string[]
  subjects: SubjectReport[]
  trials: TrialReport[]
}

export interface ComparisonPlan {
  subjects: readonly Subject[]
  trials: readonly TrialGroup[]
  shapes: readonly Shape[]
  rounds: number
  /** Measured time of a shape in a round, s. */
  seconds: number
  /** As it was typed, for the report. */
  command: string
}

/**
 * Starts everything, then measures all of it in turn, a round after the other. What this machine can't run, or what fails, is named in the report
 * and left out; the rest goes on. Rejects where a start fails for any other reason.
 */
export async function compare(plan: ComparisonPlan, tell: (line: string) => void): Promise<Comparison> {
  const { rounds, seconds, shapes, command } = plan
  const from = performance.now()
  const date = new Date().toISOString()
  await using parts = new AsyncDisposableStack()
  const systems = await startEach(plan.subjects, parts, tell)
  const groups = await startEach(plan.trials, parts, tell)
  const running = plan.subjects.flatMap((subject): Running[] => {
    const system = systems.started.get(subject)
    return system === undefined ? [] : [{ subject, system }]
  })
  await warmUp(running, shapes, tell)
  const tasks = shapeTasks(running, shapes, seconds)
  const trialTasks = [...groups.started.values()].flatMap(({ trials }) => trials)
  const outcomes = await runRounds<unknown>([...tasks, ...trialTasks], rounds, (...about) => tell(resultLine(...about)))
  const outcomeOf = <T>(task: Task<T>): Outcome<T> => outcomes.get(task) as Outcome<T>
  return {
    ...{ date, command, machine: machine(), payloadBytes: PAYLOAD_SIZE, rounds, seconds },
    tookSeconds: Math.round((performance.now() - from) / 1_000),
    shapes: shapes.map(({ name }) => name),
    subjects: plan.subjects.map(subject => {
      const own = tasks.filter(task => task.subject === subject)
      const { rows, failures } = collect(own, outcomeOf, ({ shape }, results) => rowOf(shape, results))
      const { id, name, kind, path, durability } = subject
      const versions = systems.started.get(subject)?.versions ?? {}
      return { id, name, kind, path, durability, versions, rows, notMeasured: [...(systems.missing.get(subject) ?? []), ...failures] }
    }),
    trials: plan.trials.map(group => {
      const own: RunningTrials | undefined = groups.started.get(group)
      const { rows, failures } = collect(own?.trials ?? [], outcomeOf, trialRow)
      const { id, name, what } = group
      return { id, name, what, versions: own?.versions ?? {}, rows, notMeasured: [...(groups.missing.get(group) ?? []), ...failures] }
    }),
  }
}

interface Startable<T> {
  name: string
  start(): Promise<T>
}

/** Starts one after the other; what is not on this machine is kept with the reason. */
export async function startEach<S extends Startable<T>, T extends AsyncDisposable>(
  startables: readonly (S & Startable<T>)[],
  parts: AsyncDisposableStack,
  tell: (line: string) => void,
): Promise<{ started: Map<S, T>; missing: Map<S, string[]> }> {
  const started = new Map<S, T>()
  const missing = new Map<S, string[]>()
  for (const startable of startables) {
    tell(`starting ${startable.name}`)
    try {
      started.set(startable, parts.use(await startable.start()))
    } catch (error) {
      if (!(error instanceof NotInstalled || error instanceof BackendUnavailable)) throw error
      missing.set(startable, [error.message])
      tell(`not measured: ${startable.name}: ${error.message}`)
    }
  }
  return { started, missing }
}

/** The rows of tasks that came through every round, and what became of the others. */
function collect<T extends Task<R>, R, Line>(
  tasks: readonly (T & Task<R>)[],
  outcomeOf: (task: Task<R>) => Outcome<R>,
  row: (task: T, results: readonly R[]) => Line,
): { rows: Line[]; failures: string[] } {
  const rows: Line[] = []
  const failures: string[] = []
  for (const task of tasks) {
    const { results, failure } = outcomeOf(task)
    if (failure === undefined) rows.push(row(task, results))
    else failures.push(`${task.name}: ${failure.message}`)
  }
  return { rows, failures }
}
