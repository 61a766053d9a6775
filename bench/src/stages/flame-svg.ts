import { escaped, svgHead, TEXT_STYLE, tenth } from '../svg.ts'
import { depthOf, type Flame, pruned, titleOf } from './flame-tree.ts'
import { ANONYMOUS } from './frame-name.ts'

export interface FlameGraph {
  title: string
  /** What was measured, and on how much time. */
  unit: string
  root: Flame
}

// all in px
const WIDTH = 1_200
const TOP = 72
const ROW = 17
const BOTTOM = 10
const LEGEND_AT = 58
/** Of a letter of a label, at most. */
const LETTER = 6.3
const PADDING = 3
/** Letters below which a label says nothing. */
const LEAST_LABEL = 4

/** Share of the whole below which frames are merged. */
export const LEAST_SHARE = 0.003

/** Names that half of a library's functions have. */
const NAMELESS = new Set([ANONYMOUS, 'module.exports'])

interface Kind {
  name: string
  light: string
  dark: string
  has(flame: Flame): boolean
}

const oneOf =
  (...groups: readonly string[]) =>
  ({ group }: Flame): boolean =>
    groups.includes(group)

/** Packages by their colour; the first that fits. */
const KINDS: readonly Kind[] = [
  { name: 'Node and its native parts', light: '#d0d7de', dark: '#484f58', has: oneOf('node', 'native') },
  { name: 'garbage collection', light: '#d2b5f5', dark: '#6e40aa', has: oneOf('GC') },
  {
    name: 'Kafka client',
    light: '#ffc680',
    dark: '#9a5b12',
    has: ({ group }) => group === 'kafkajs' || group.startsWith('@platformatic/'),
  },
  { name: 'Redis client', light: '#ffb3ad', dark: '#8e3631', has: oneOf('ioredis', 'redis-parser', '@ioredis/commands') },
  { name: 'protocol', light: '#a5e8d3', dark: '#1c6b55', has: oneOf('protocol') },
  { name: 'other libraries', light: '#f1e3a4', dark: '#6b5b14', has: ({ isLibrary }) => isLibrary === true },
  { name: 'Causeway', light: '#a8d1ff', dark: '#1f5aa0', has: () => true },
]

const kindOf = (flame: Flame): number => (flame.group === '' ? 0 : KINDS.findIndex(({ has }) => has(flame)))
const coloured = (theme: 'light' | 'dark'): string => KINDS.map((kind, index) => `.k${index}{fill:${kind[theme]}}`).join('')
const STYLE = `${TEXT_STYLE.light}.f{font:10.5px ui-monospace,monospace;pointer-events:none}rect{stroke:#fff;stroke-width:.5}${coloured('light')}
@media(prefers-color-scheme:dark){${TEXT_STYLE.dark}rect{stroke:#0d1117}${coloured('dark')}}`

/** An SVG of frames, callers below what they call, each as wide as its share of the time; the exact shares are its tooltip. */
export function flameSvg({ title, unit, root }: FlameGraph): string {
  const shown = pruned(root, root.totalUs * LEAST_SHARE)
  const depth = depthOf(shown)
  const height = TOP + depth * ROW + BOTTOM
  const scale = WIDTH / root.totalUs
  const parts: string[] = []
  const draw = (flame: Flame, fromUs: number, level: number): void => {
    parts.push(frameSvg(flame, fromUs * scale, flame.totalUs * scale, TOP + (depth - 1 - level) * ROW, root.totalUs))
    let at = fromUs
    for (const child of flame.children) {
      draw(child, at, level + 1)
      at += child.totalUs
    }
  }
  draw(shown, 0, 0)
  return [...svgHead(WIDTH, height, STYLE, title, unit), ...legend(), ...parts, '</svg>', ''].join('\n')
}

function legend(): string[] {
  let left = 8
  return KINDS.map(({ name }, index) => {
    const part = `<rect class="k${index}" x="${left}" y="${LEGEND_AT - 10}" width="12" height="12"/><text class="u" x="${left + 16}" y="${LEGEND_AT}">${name}</text>`
    left += 40 + name.length * 6.6
    left = tenth(left)
    return part
  })
}

function frameSvg(flame: Flame, left: number, width: number, top: number, wholeUs: number): string {
  const letters = Math.floor((width - 2 * PADDING) / LETTER)
  const x = tenth(left)
  const own = `${percent(flame.totalUs / wholeUs)}, itself ${percent(flame.selfUs / wholeUs)}`
  const rect = `<rect class="k${kindOf(flame)}" x="${x}" y="${top}" width="${tenth(width)}" height="${ROW}"><title>${escaped(titleOf(flame))}: ${own}</title></rect>`
  if (letters < LEAST_LABEL) return rect
  return `${rect}<text class="f" x="${tenth(x + PADDING)}" y="${top + 12}">${escaped(labelOf(flame, letters))}</text>`
}

/** The function's name where there is room for no more, or where it stands if it has none that tells anything. */
function labelOf(flame: Flame, letters: number): string {
  const whole = titleOf(flame)
  if (whole.length <= letters) return whole
  const name = /(?:^native|:\d+) (?!in )(.+)$/.exec(flame.place)?.[1] ?? flame.place
  const label = NAMELESS.has(name) ? flame.place.replace(/^.*\//, '').slice(0, -name.length - 1) : name
  return label.length <= letters ? label : `${label.slice(0, letters - 1)}…`
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
