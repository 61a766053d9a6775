import { escaped, svgHead, TEXT_STYLE, tenth } from './svg.ts'

export interface Segment {
  label: string
  value: number
  /** Place in the palette: the same part has the same colour in all bars. */
  colour: number
}

export interface StackedBar {
  label: string
  segments: readonly Segment[]
}

export interface StackedBarChart {
  title: string
  /** What the numbers count. */
  unit: string
  bars: readonly StackedBar[]
}

// all in px
const WIDTH = 760
const LABELS = 120
const FIGURES = 80
const TOP = 52
const STEP = 40
const BAR = 26
const LEGEND_STEP = 20
const LEGEND_COLUMNS = 4
/** Least width of a segment that has its number in it. */
const LABELLED = 34

/** Of as many parts as a bar may have. */
export const PALETTE = [
  ...['#9aa4b0', '#7ee0b8', '#2da44e', '#ffd8a8', '#fb8f44', '#e3b341', '#79c0ff'],
  ...['#388bfd', '#ffc1bc', '#f47067', '#d2a8ff', '#56d4dd', '#c9d1d9'],
] as const

const STYLE = `${TEXT_STYLE.light}.n{fill:#1f2328;font-size:11px}.s{stroke:#fff;stroke-width:1}${PALETTE.map((colour, index) => `.c${index}{fill:${colour}}`).join('')}
@media(prefers-color-scheme:dark){${TEXT_STYLE.dark}.n{fill:#1f2328}.s{stroke:#0d1117}}`

/** An SVG of horizontal bars that are made of parts, to one scale from 0, each with its sum behind it; the legend in the order of the parts. */
export function stackedBarSvg({ title, unit, bars }: StackedBarChart): string {
  const most = Math.max(...bars.map(({ segments }) => sumOf(segments)), Number.MIN_VALUE)
  const scale = (WIDTH - LABELS - FIGURES) / most
  const parts = Map.groupBy(
    bars.flatMap(({ segments }) => segments),
    ({ colour }) => colour,
  )
  // what has other names in other bars goes by that of the first
  const legend = [...parts].toSorted(([a], [b]) => a - b).map(([colour, [{ label }]]) => ({ colour, label }))
  const legendTop = TOP + bars.length * STEP + 8
  const height = legendTop + Math.ceil(legend.length / LEGEND_COLUMNS) * LEGEND_STEP
  return [
    ...svgHead(WIDTH, height, STYLE, title, unit),
    ...bars.map((bar, index) => barSvg(bar, TOP + index * STEP, scale)),
    ...legend.map(({ colour, label }, index) => {
      const left = 8 + (index % LEGEND_COLUMNS) * Math.floor((WIDTH - 16) / LEGEND_COLUMNS)
      const top = legendTop + Math.floor(index / LEGEND_COLUMNS) * LEGEND_STEP
      return `<rect class="c${colour}" x="${left}" y="${top}" width="12" height="12"/><text class="u" x="${left + 18}" y="${top + 11}">${escaped(label)}</text>`
    }),
    '</svg>',
    '',
  ].join('\n')
}

function barSvg({ label, segments }: StackedBar, top: number, scale: number): string {
  const middle = top + BAR / 2 + 4
  let left = LABELS
  const drawn = segments.map(segment => {
    const width = segment.value * scale
    const rect = `<rect class="s c${segment.colour}" x="${tenth(left)}" y="${top}" width="${tenth(width)}" height="${BAR}"><title>${escaped(segment.label)}: ${figure(segment.value)}</title></rect>`
    const text =
      width < LABELLED
        ? ''
        : `<text class="n" x="${tenth(left + width / 2)}" y="${middle}" text-anchor="middle">${figure(segment.value)}</text>`
    left += width
    return rect + text
  })
  return [
    `<text x="${LABELS - 8}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    ...drawn,
    `<text x="${tenth(left + 10)}" y="${middle}">${figure(sumOf(segments))}</text>`,
  ].join('')
}

const sumOf = (segments: readonly Segment[]): number => segments.reduce((sum, { value }) => sum + value, 0)
const figure = (value: number): string => value.toFixed(2)
