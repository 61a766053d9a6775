import type { Spread } from './statistics.ts'

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

/** Colours that stand on a light and on a dark page: GitHub shows an SVG by the reader's setting. */
const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}.u{fill:#59636e;font-size:12px}.o{fill:#0969da}.p{fill:#9aa4b0}.w{stroke:#1f2328;stroke-width:1.5;fill:none}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.u{fill:#9198a1}.o{fill:#4493f8}.p{fill:#59636e}.w{stroke:#f0f6fc}}`

/** An SVG of horizontal bars, in their order: the median as bar, least to most as whisker. The axis begins at 0. */
export function barChartSvg({ title, unit, bars }: BarChart): string {
  const height = TOP + bars.length * STEP + BOTTOM
  const most = Math.max(...bars.map(({ value }) => value.max), Number.MIN_VALUE)
  const x = (value: number): number => round(LABELS + (value / most) * (WIDTH - LABELS - FIGURES))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="t" x="8" y="20">${escaped(title)}</text>`,
    `<text class="u" x="8" y="38">${escaped(unit)}; bar: median, whisker: least to most of the rounds</text>`,
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
    `<rect class="${isOurs ? 'o' : 'p'}" x="${LABELS}" y="${top}" width="${round(median - LABELS)}" height="${BAR}" rx="2"/>`,
    `<path class="w" d="${ends}"/>`,
    `<text x="${most + 10}" y="${middle + 4}">${Math.round(value.median).toLocaleString('en')}</text>`,
  ].join('')
}

const round = (px: number): number => Math.round(px * 10) / 10
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
