import type { Spread } from './statistics.ts'
import { escaped, svgHead, TEXT_STYLE, tenth } from './svg.ts'

export interface Bar {
  label: string
  value: Spread
  /** Ours stand out. */
  isOurs: boolean
}

export interface BarChart {
  title: string
  /** What the numbers count. */
  unit: string
  bars: readonly Bar[]
}

// all in px
const WIDTH = 760
const LABELS = 190
const FIGURES = 150
const TOP = 52
const STEP = 30
const BAR = 18
const BOTTOM = 14
/** Half the height of a whisker's ends. */
const WHISKER = 5

const STYLE = `${TEXT_STYLE.light}.o{fill:#0969da}.p{fill:#9aa4b0}.w{stroke:#1f2328;stroke-width:1.5;fill:none}
@media(prefers-color-scheme:dark){${TEXT_STYLE.dark}.o{fill:#4493f8}.p{fill:#59636e}.w{stroke:#f0f6fc}}`

/** An SVG of horizontal bars, in their order: the median as bar, least to most as whisker. The axis begins at 0. */
export function barChartSvg({ title, unit, bars }: BarChart): string {
  const height = TOP + bars.length * STEP + BOTTOM
  const most = Math.max(...bars.map(({ value }) => value.max), Number.MIN_VALUE)
  const x = (value: number): number => tenth(LABELS + (value / most) * (WIDTH - LABELS - FIGURES))
  return [
    ...svgHead(WIDTH, height, STYLE, title, `${unit}; bar: median, whisker: least to most of the rounds`),
    ...bars.map((bar, index) => barSvg(bar, TOP + index * STEP, x)),
    '</svg>',
    '',
  ].join('\n')
}

function barSvg({ label, value, isOurs }: Bar, top: number, x: (value: number) => number): string {
  const middle = top + BAR / 2
  const [least, median, most] = [x(value.min), x(value.median), x(value.max)]
  const ends = `M${least} ${middle - WHISKER}v${2 * WHISKER}M${least} ${middle}H${most}M${most} ${middle - WHISKER}v${2 * WHISKER}`
  return [
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${isOurs ? 'o' : 'p'}" x="${LABELS}" y="${top}" width="${tenth(median - LABELS)}" height="${BAR}" rx="2"/>`,
    `<path class="w" d="${ends}"/>`,
    `<text x="${most + 10}" y="${middle + 4}">${Math.round(value.median).toLocaleString('en')}</text>`,
  ].join('')
}
