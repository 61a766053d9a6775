import type { Spread } from './statistics.ts'
import { escaped, svgHead, TEXT_STYLE, tenth } from './svg.ts'

export interface Line {
  label: string
  points: readonly { at: number; value: Spread }[]
}

export interface LineChart {
  title: string
  /** What the numbers count. */
  unit: string
  /** What the sizes count, below the axis. */
  of: string
  lines: readonly Line[]
  /** Axes that count in powers of ten; the others begin at 0. */
  logarithmic: readonly ('x' | 'y')[]
}

/** From a value to px. */
type Scale = (value: number) => number

// all in px
const WIDTH = 760
const HEIGHT = 340
const LEFT = 78
const RIGHT = 168
const TOP = 60
const BOTTOM = 52
const LEGEND_STEP = 20
const COLOURS = {
  light: ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#59636e'],
  dark: ['#4493f8', '#f0883e', '#3fb950', '#ab7df8', '#9198a1'],
} as const
/** Parts of an axis that is not logarithmic. */
const PARTS = 4

const coloured = (colours: readonly string[]): string =>
  colours.map((colour, index) => `.l${index}{stroke:${colour}}.d${index}{fill:${colour}}`).join('')
const STYLE = `${TEXT_STYLE.light}.l{fill:none;stroke-width:2}.a{stroke:#d1d9e0;stroke-width:1;fill:none}${coloured(COLOURS.light)}
@media(prefers-color-scheme:dark){${TEXT_STYLE.dark}.a{stroke:#3d444d}${coloured(COLOURS.dark)}}`

/** An SVG of lines over sizes: medians as points, least to most as whiskers. Of points that are not none. */
export function lineChartSvg({ title, unit, of, lines, logarithmic }: LineChart): string {
  const points = lines.flatMap(line => line.points)
  const sizes = [...new Set(points.map(({ at }) => at))].toSorted((a, b) => a - b)
  const values = points.flatMap(({ value }) => [value.min, value.max])
  const [across, up] = [logarithmic.includes('x') ? logTicks : evenTicks, logarithmic.includes('y') ? logTicks : evenTicks]
  const [sizeTicks, valueTicks] = [across(sizes), up(values)]
  const x = scale(sizeTicks, LEFT, WIDTH - RIGHT, logarithmic.includes('x'))
  const y = scale(valueTicks, HEIGHT - BOTTOM, TOP, logarithmic.includes('y'))
  return [
    ...svgHead(WIDTH, HEIGHT, STYLE, title, `${unit}; point: median, whisker: least to most of the rounds`),
    ...valueTicks.map(
      tick =>
        `<path class="a" d="M${LEFT} ${y(tick)}H${WIDTH - RIGHT}"/><text class="u" x="${LEFT - 8}" y="${tenth(y(tick) + 4)}" text-anchor="end">${number(tick)}</text>`,
    ),
    ...sizes.map(size => `<text class="u" x="${x(size)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${short(size)}</text>`),
    `<text class="u" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(of)}</text>`,
    ...lines.map((line, index) => lineSvg(line, index % COLOURS.light.length, x, y)),
    ...(lines.length > 1 ? lines.map(({ label }, index) => legendSvg(label, index)) : []),
    '</svg>',
    '',
  ].join('\n')
}

function lineSvg({ points }: Line, colour: number, x: Scale, y: Scale): string {
  const sorted = points.toSorted((a, b) => a.at - b.at)
  const way = sorted.map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${x(at)} ${y(value.median)}`).join('')
  const whiskers = sorted.map(({ at, value }) => `M${x(at)} ${y(value.min)}V${y(value.max)}`).join('')
  const dots = sorted.map(({ at, value }) => `<circle class="d${colour}" cx="${x(at)}" cy="${y(value.median)}" r="3.5"/>`).join('')
  return `<path class="l l${colour}" d="${way}${whiskers}"/>${dots}`
}

function legendSvg(label: string, index: number): string {
  const [left, top] = [WIDTH - RIGHT + 16, TOP + index * LEGEND_STEP]
  const colour = index % COLOURS.light.length
  return `<circle class="d${colour}" cx="${left}" cy="${top}" r="4"/><text x="${left + 10}" y="${top + 4}">${escaped(label)}</text>`
}

function scale(ticks: readonly number[], from: number, to: number, isLogarithmic: boolean): Scale {
  const by = (value: number): number => (isLogarithmic ? Math.log10(value) : value)
  const [least, most] = [by(ticks[0]), by(ticks[ticks.length - 1])]
  const clipped = (value: number): number => (isLogarithmic ? Math.max(value, ticks[0]) : value)
  return value => tenth(from + ((by(clipped(value)) - least) / (most - least || 1)) * (to - from))
}

/** From 0 to a round number that is no less than the largest. */
function evenTicks(values: readonly number[]): number[] {
  const most = Math.max(...values, Number.MIN_VALUE)
  const power = 10 ** Math.floor(Math.log10(most / PARTS))
  const step = power * ([1, 2, 2.5, 5, 10].find(each => each * power * PARTS >= most) ?? 10)
  return Array.from({ length: PARTS + 1 }, (_, index) => Number((index * step).toPrecision(6)))
}

/** Powers of ten around all values above 0. */
function logTicks(values: readonly number[]): number[] {
  const positive = values.filter(value => value > 0)
  if (positive.length === 0) return [1, 10]
  const least = Math.floor(Math.log10(Math.min(...positive)))
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...positive))))
  return Array.from({ length: most - least + 1 }, (_, index) => Number((10 ** (least + index)).toPrecision(6)))
}

const number = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 4 })
/** Room is less along the axis. */
const short = (value: number): string => value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 })
