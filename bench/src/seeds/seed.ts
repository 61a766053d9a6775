import type { Found } from '../capacity/run-studies.ts'
import type { Point, Study } from '../capacity/study.ts'
import { markdownTable } from '../markdown.ts'
import { heldAgainst } from '../ratios.ts'

/** A table of an article, measured again here: one file each, listed in seeds.ts. */
export interface Seed {
  /** Its `conclude` holds it against the article: `claimsTable`. */
  study: Study
  /** Lines of Causeway's own manner: their bars stand out. */
  ours: readonly string[]
  measure(run: SeedRun): Promise<Found>
}

export interface SeedRun {
  rounds: number
  /** Measured time of a round, s. */
  seconds: number
  tell(line: string): void
}

/** Where a figure of ours stands: a point of the study. */
export interface Place {
  line: string
  at: number
}

/** A figure of an article before and after what it recommends, and where ours stand. */
export interface Claim {
  what: string
  article: readonly [before: number, after: number]
  ours: readonly [before: Place, after: Place]
  /** Key of our points' figures. */
  figure: string
  /** What less of is better: times and sizes. Default: more is. */
  isLess?: boolean
}

/** For `conclude` of a study: each claim with the article's figures, ours, and how many times better the second is than the first; at last how many times better our second is than the article's. Those that were not measured are left out. */
export const claimsTable =
  (claims: readonly Claim[]) =>
  (points: readonly Point[]): string[] => {
    const rows = claims.flatMap(claim => claimRow(claim, points) ?? [])
    const header = [
      '',
      'article, before',
      'after',
      'times better',
      'here, before',
      'after',
      'times better',
      'article’s ratio',
      'times better than theirs',
    ]
    return rows.length === 0 ? [] : [markdownTable([header, ...rows])]
  }

function claimRow({ what, article, ours, figure, isLess = false }: Claim, points: readonly Point[]): [string[]] | undefined {
  const [before, after] = ours.map(place => valueAt(points, place, figure))
  if (before === undefined || after === undefined) return undefined
  const [told, found] = [gain(article, isLess), gain([before, after], isLess)]
  const [theirs, own] = [
    [...article.map(text), times(told)],
    [text(before), text(after), times(found)],
  ]
  return [[what, ...theirs, ...own, heldAgainst(round(told), found), times(gain([article[1], after], isLess))]]
}

const valueAt = (points: readonly Point[], { line, at }: Place, figure: string): number | undefined =>
  points.find(point => point.line === line && point.at === at)?.figures[figure]?.median

/** How many times better the second is than the first. */
export function gain([before, after]: readonly [number, number], isLess: boolean): number {
  if (before === after) return 1
  return isLess ? before / after : after / before
}

const round = (ratio: number): number => Number(ratio.toPrecision(3))
const times = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toPrecision(3) : '∞')
/** Three digits, or all of a whole number. */
const text = (value: number): string =>
  Number(value >= 100 ? value.toFixed(0) : value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 4 })
