import type { Machine } from '../machine.ts'
import { type Spread, spread } from '../statistics.ts'

/** What is measured at several sizes of one thing; how its figures are shown. */
export interface Study {
  /** For `--only`, and of its files in docs/capacity. */
  id: string
  title: string
  /** What was measured, a sentence without its end. */
  what: string
  /** What the sizes count. */
  of: string
  /** What tells several lines apart, where there are several. */
  lines?: string
  columns: readonly Column[]
  plot: Plot
  /** What follows from the points, as paragraphs or tables. */
  conclude?(points: readonly Point[]): string[]
}

export interface Column {
  /** Key of a point's figures. */
  figure: string
  name: string
  /** Decimals; `share`: per cent of a core; `cpu`: all figures of CPU seconds for 1,000 units. */
  as: number | 'share' | 'cpu'
}

export interface Plot {
  /** Key of the figure that is drawn over the sizes. */
  figure: string
  unit: string
  /** Axes that count in powers of ten; the others begin at 0. */
  logarithmic: readonly ('x' | 'y')[]
}

/** Figures of one run at one size. CPU seconds for 1,000 units stand as `cpu NAME`, by process. */
export type Figures = Readonly<Record<string, number>>

/** The figures at one size, over the rounds. */
export interface Point {
  line?: string
  at: number
  figures: Record<string, Spread>
}

/** What one study has found; kept as docs/capacity/ID.json. */
export interface Findings {
  study: string
  /** ISO 8601. */
  date: string
  command: string
  machine: Machine
  versions: Record<string, string>
  /** How often each size was measured. */
  rounds: number
  /** Measured time of a round, s. */
  seconds: number
  tookSeconds: number
  points: Point[]
}

/** Of runs that are not none; without figures that one of them lacks. */
export function pointOf(at: number, runs: readonly Figures[], line?: string): Point {
  const names = Object.keys(runs[0]).filter(name => runs.every(run => run[name] !== undefined))
  const figures = Object.fromEntries(names.map(name => [name, spread(runs.map(run => run[name]))]))
  return { ...(line !== undefined && { line }), at, figures }
}

/** The median of a figure at the largest size; undefined where none was measured. */
export const atMost = (findings: Findings | undefined, figure: string): number | undefined => sizesOf(findings, figure).at(-1)?.value

/** The largest size; 0 where none was measured. */
export const mostOf = (findings: Findings | undefined): number => Math.max(0, ...(findings?.points.map(({ at }) => at) ?? []))

/** What one more costs: the rise of a figure from the smallest size to the largest, by one; of one size alone its figure by one. Undefined where none was measured. */
export function riseOf(findings: Findings | undefined, figure: string): number | undefined {
  const sizes = sizesOf(findings, figure)
  const [least, most] = [sizes.at(0), sizes.at(-1)]
  if (least === undefined || most === undefined) return undefined
  return least === most ? most.value / most.at : (most.value - least.value) / (most.at - least.at)
}

function sizesOf(findings: Findings | undefined, figure: string): { at: number; value: number }[] {
  const points = findings?.points.filter(({ figures }) => figures[figure] !== undefined) ?? []
  return points.map(({ at, figures }) => ({ at, value: figures[figure].median })).toSorted((a, b) => a.at - b.at)
}
