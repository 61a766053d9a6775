import type { Proof } from './proof.ts'
import type { Rule, Violation } from './rules.ts'
import type { Run } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'

/** A scenario's run, or why there is none. */
export type Result = Run | { scenario: Scenario; skipped: string }

const LOST: readonly Rule[] = ['lost request', 'lost notification', 'timed out', 'silent loss', 'gap']
const DOUBLED: readonly Rule[] = ['doubled answer', 'unmarked repeat']
const REORDERED: readonly Rule[] = ['answers reordered', 'handling reordered', 'misplaced push', 'broken stream']

const COLUMNS = [
  'scenario',
  'what is broken',
  'rounds',
  'messages',
  'lost',
  'doubled',
  'reordered',
  'other',
  'refused',
  'told of a loss',
  'handled again',
  'resumes',
  'resume p99, ms',
  'worst resume, ms',
  'worst wait, s',
]

/** The table of docs/reliability.md. */
export function resultsTable(results: readonly Result[]): string {
  const rows = results.map(result => ('skipped' in result ? skippedRow(result.scenario) : row(result)))
  return table(COLUMNS, rows)
}

function row({ scenario, rounds, figures, violations }: Run): string[] {
  const { requests, notifications, refused, toldLosses, handledAgain, resumes, resumeP99Ms, worstResumeMs, worstWaitMs } = figures
  const known = [...LOST, ...DOUBLED, ...REORDERED]
  const numbers = [
    rounds,
    requests + notifications,
    ...[LOST, DOUBLED, REORDERED].map(rules => count(violations, rules)),
    violations.filter(({ rule }) => !known.includes(rule)).length,
    refused,
    toldLosses,
    handledAgain,
    resumes,
    Math.round(resumeP99Ms),
    Math.round(worstResumeMs),
  ]
  return [scenario.name, scenario.breaks, ...numbers.map(number => number.toLocaleString('en')), (worstWaitMs / 1_000).toFixed(1)]
}

const count = (violations: readonly Violation[], rules: readonly Rule[]): number =>
  violations.filter(({ rule }) => rules.includes(rule)).length

const skippedRow = ({ name, breaks }: Scenario): string[] => [name, breaks, 'skipped', ...COLUMNS.slice(3).map(() => '')]

/** The second table: each seeded bug and how it was caught. */
export function proofTable(proofs: readonly Proof[]): string {
  const rows = proofs.map(({ bug, found, tries, skipped }) => [
    bug.name,
    bug.what,
    bug.scenario,
    skipped !== undefined ? 'skipped' : found.length === 0 ? '**not caught**' : caughtAs(found),
    String(tries),
  ])
  return table(['bug', 'what it does', 'scenario', 'caught as', 'runs'], rows)
}

const caughtAs = (found: readonly Violation[]): string =>
  Object.entries(Object.groupBy(found, ({ rule }) => rule))
    .map(([rule, all]) => `${rule}: ${all.length}`)
    .join(', ')

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(columns), `|${columns.map(() => '-').join('|')}|`, ...rows.map(line)].join('\n')
}

/** Puts `text` between the marks of this name. Throws where they are not there. */
export function between(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run faults -->`, `<!-- end of ${name} -->`]
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the page lacks ${begin} or ${end} behind it`)
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`
}
