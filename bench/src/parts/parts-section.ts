// The section Parts of docs/performance.md: what is hand-written stands here, every figure comes from a comparison.
import type { Comparison, TrialReport } from '../compare.ts'
import { GENERATOR_LIMIT } from '../limits.ts'
import { markdownTable } from '../markdown.ts'
import { spreadText } from '../report.ts'
import type { TrialRow } from '../trial.ts'
import { COMPARANDS, ratioCells } from './comparands.ts'

const BEGIN = '<!-- written by npm run bench:parts; change bench/src/parts/parts-section.ts, not this section -->'
const END = '<!-- end of the parts -->'

/** The section, with its marks. */
export function partsSection(comparison: Comparison): string {
  const { machine, date, command, rounds, seconds, trials } = comparison
  const { cores, processor, memoryGiB, system, node } = machine
  return [
    BEGIN,
    '## Parts',
    `Parts of Causeway by themselves, each beside the least that could do the same, on the same machine as its load. Figures are medians of ${rounds} rounds, with the least and the most in brackets; a round runs all trials in turn, ${seconds} s each (codecs half a second; what is counted to its end, as long as that takes) after a second of the same load, or as the part says. *By CPU second* counts the CPU time of the server’s process alone, where the part names no other: where load and server share a machine, that is what compares. A ratio is ours by the other’s, by CPU second where there is one and nothing else is said. Kafka and Redis, where a part needs them, are its own.`,
    ...trials.flatMap(partSection),
    `Measured on ${cores} cores, ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}; ${date.slice(0, 10)}, by \`${command}\`.`,
    END,
  ].join('\n\n')
}

function partSection(report: TrialReport): string[] {
  const { id, name, what, rows, notMeasured } = report
  const missing = notMeasured.map(why => `Not measured: ${why.split('\n')[0].replace(/\.$/, '')}.`)
  if (rows.length === 0) return [`### ${name}`, ...missing]
  const ratios = COMPARANDS.filter(({ group }) => group === id).flatMap(comparand => {
    const cells = ratioCells(comparand, rows)
    return cells === undefined ? [] : [cells]
  })
  return [
    `### ${name}`,
    `Measured: ${what}.`,
    markdownTable(rows.some(({ bytesEach }) => bytesEach !== undefined) ? heldTable(rows) : speedTable(rows)),
    ...missing,
    ...(ratios.length > 0 ? [markdownTable([['', 'ratio', 'targets'], ...ratios])] : []),
  ]
}

const speedTable = (rows: readonly TrialRow[]): string[][] => [['', 'a second', 'by CPU second', 'load’s CPU'], ...rows.map(speedCells)]

const speedCells = (row: TrialRow): string[] => [
  row.name,
  `${spreadText(row.perSecond, whole)} ${row.unit}`,
  row.perCpuSecond === undefined ? '' : spreadText(row.perCpuSecond, whole),
  row.generatorCpuShare === undefined ? '' : shareText(row.generatorCpuShare),
]

const shareText = (share: number): string => `${Math.round(share * 100)} %${share > GENERATOR_LIMIT ? ', may be the limit' : ''}`

/** Of what stays: bytes of each. */
const heldTable = (rows: readonly TrialRow[]): string[][] => [
  ['bytes each', 'resident', 'heap and external', 'opened a second'],
  ...rows.map(({ name, bytesEach, perSecond }) => [
    name,
    bytesEach === undefined ? '' : spreadText(bytesEach.resident, whole),
    bytesEach === undefined ? '' : spreadText(bytesEach.heapAndExternal, whole),
    spreadText(perSecond, whole),
  ]),
]

const whole = (value: number): string => Math.round(value).toLocaleString('en')

/** A page with this section at its end, in place of one that it has. */
export function withParts(page: string, section: string | undefined): string {
  const own = partsOf(page)
  const rest = own === undefined ? page : page.replace(own, '')
  return section === undefined ? page : `${rest.trimEnd()}\n\n${section}\n`
}

/** The section that a page has, with its marks. */
export function partsOf(page: string): string | undefined {
  const from = page.indexOf(BEGIN)
  const to = page.indexOf(END, from)
  return from < 0 || to < 0 ? undefined : page.slice(from, to + END.length)
}
