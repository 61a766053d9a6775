// The text of docs/performance.md: what is hand-written stands here, every figure comes from a comparison.
import type { Comparison, SubjectReport } from './compare.ts'
import { GENERATOR_LIMIT } from './limits.ts'
import { markdownTable } from './markdown.ts'
import { type Chart, chartsOf, slug } from './performance-charts.ts'
import { heldAgainst, type Ratio, ratiosOf } from './ratios.ts'
import { type Row, spreadText } from './report.ts'
import { serialLatencies } from './serial-latency.ts'
import { oneGeneratorName } from './shapes.ts'

export interface Page {
  markdown: string
  charts: Chart[]
}

/** Where the charts lie, seen from the page. */
export const CHART_FOLDER = 'performance'

export function performancePage(comparison: Comparison): Page {
  const charts = chartsOf(comparison)
  const sections = [
    intro(comparison),
    missing(comparison),
    ratios(comparison),
    serial(comparison),
    roundTrips(comparison, charts),
    durability(comparison),
  ]
  const trials = comparison.trials.map(report => trialSection(report, charts))
  const markdown = [...sections, ...trials, machineSection(comparison)].filter(section => section !== '').join('\n\n')
  return { markdown: `${markdown}\n`, charts }
}

const intro = ({ payloadBytes, rounds, seconds }: Comparison): string =>
  `# Performance

<!-- written by npm run bench:peers; change bench/src/performance-page.ts, not this file -->

Causeway beside what one would use in its place, on one machine, with everything on it: servers, responders and load generators share its cores.
Each message is ${payloadBytes} B each way. *64 x 16* means 64 connections, each with 16 requests outstanding at any time. Figures are medians of ${rounds} rounds of ${seconds} s, with the least and the most in brackets.

How it is made fair:

- Rounds are outermost. In a round, a shape is measured on all systems one after the other, then the next shape: what disturbs the machine meets all of them.
- Every system is warmed up first, and each measured time begins after a second of the same load. All stay started. Idle, each Causeway on Kafka takes up to a tenth of a core, most of it Kafka’s; this is in the column *others*, and the other systems take next to nothing.
- Every generator runs the same loop in a Node process of its own, and counts only answers of the right size. An error, a refusal or a lost connection voids a run.
- Each peer is tuned as one would who knows it well; what was chosen stands below. Where we found a faster way than its client's own call, both are here, and both are held against the target.
- A generator that used more than ${Math.round(GENERATOR_LIMIT * 100)} % of a core is marked: it may be the limit, not what it measures.

What this is not: a cluster, a network, or a machine for each process. Absolute figures will differ elsewhere; ratios less so. How cost grows with sessions, payloads, workers and partitions is told in [capacity.md](capacity.md), where the time goes in [stages.md](stages.md).`

function missing({ subjects, trials }: Comparison): string {
  const lines = [...subjects, ...trials].flatMap(({ name, notMeasured }) =>
    notMeasured.map(why => `- ${name}: not measured: ${why.split('\n')[0]}`),
  )
  return lines.length === 0 ? '' : ['## Not measured', '', ...lines].join('\n')
}

function ratios(comparison: Comparison): string {
  const all = ratiosOf(comparison)
  if (all.length === 0) return ''
  const peers = [...new Set(all.map(({ peer }) => peer))]
  const byRow = Map.groupBy(all, ({ shape, ours }) => `${shape}|${ours}`)
  const rows = [...byRow.values()].map(cells => {
    const [{ shape, ours, form }] = cells
    return [shape, `${ours}${form === 'embedded' ? '' : `, ${form}`}`, ...cells.map(ratioCell)]
  })
  return `## Ratios

Causeway's round trips by the peer's, and the target where one is set. The *better client* is the Kafka library with more round trips at 64 x 16.

${markdownTable([['shape', 'causeway', ...peers], ...rows])}`
}

function serial(comparison: Comparison): string {
  const lines = serialLatencies(comparison)
  if (lines.length === 0) return ''
  return `One message at a time takes, at the median (Kafka’s tool tells whole milliseconds: it is held to the mean that its messages a second make):\n\n${lines.join('\n')}`
}

function ratioCell({ ratio, target }: Ratio): string {
  if (ratio === undefined) return target === undefined ? 'not measured' : `not measured (target ${target})`
  const text = ratio.toPrecision(3)
  return target === undefined ? text : `${text} (target ${heldAgainst(target, ratio)})`
}

function roundTrips({ shapes, subjects }: Comparison, charts: readonly Chart[]): string {
  const sections = shapes.map(shape => {
    const rows = subjects.flatMap(subject => subject.rows.filter(row => row.shape === shape).map(row => rowCells(subject, row)))
    const header = ['', 'round trips/s', 'p50 ms', 'p99 ms', 'CPU s per 1,000', 'generator', 'others']
    return `### ${shape}\n\n${images(charts, `-${slug(shape)}.svg`)}\n\n${markdownTable([header, ...rows])}`
  })
  return ['## Round trips', ...sections].join('\n\n')
}

function rowCells({ name, rows }: SubjectReport, row: Row): string[] {
  const isLimit = row.generatorCpuShare > GENERATOR_LIMIT
  return [
    name,
    `${spreadText(row.roundTripsPerSecond, value => Math.round(value).toLocaleString('en'))}${changeText(rows, row)}`,
    spreadText(row.p50Ms, value => value.toFixed(2)),
    spreadText(row.p99Ms, value => value.toFixed(2)),
    cpuText(row.cpuSecondsPer1000),
    `${percent(row.generatorCpuShare)}${isLimit ? ', may be the limit' : ''}`,
    row.otherCpuShare === undefined ? 'not known' : percent(row.otherCpuShare),
  ]
}

/** Of a shape by several generators: how its median differs from the same by one. */
function changeText(rows: readonly Row[], { shape, roundTripsPerSecond }: Row): string {
  const one = rows.find(row => row.shape === oneGeneratorName(shape))
  if (one === undefined || one.shape === shape) return ''
  const change = Math.round((roundTripsPerSecond.median / one.roundTripsPerSecond.median - 1) * 100)
  return `, ${change < 0 ? '' : '+'}${change} %`
}

function durability({ subjects }: Comparison): string {
  const rows = subjects.map(({ name, path, durability, versions }) => [name, path, durability, versionsText(versions)])
  return `## What was measured, and what it stores\n\n${markdownTable([['', 'path', 'durability', 'versions'], ...rows])}`
}

function trialSection({ id, name, what, versions, rows }: Comparison['trials'][number], charts: readonly Chart[]): string {
  if (rows.length === 0) return ''
  const cells = rows.map(row => [
    row.name,
    `${spreadText(row.perSecond, value => Math.round(value).toLocaleString('en'))} ${row.unit}`,
    row.p50Ms === undefined ? '' : spreadText(row.p50Ms, String),
    row.p99Ms === undefined ? '' : spreadText(row.p99Ms, String),
    cpuText(row.cpuSecondsPer1000),
  ])
  const table = markdownTable([['', 'a second', 'p50 ms', 'p99 ms', 'CPU s per 1,000'], ...cells])
  return `## ${name}\n\nMeasured: ${what}. Versions: ${versionsText(versions)}.\n\n${images(charts, `${id}.svg`)}\n\n${table}`
}

function machineSection({ machine, date, command, tookSeconds }: Comparison): string {
  const { cores, processor, memoryGiB, system, node } = machine
  return `## Machine and command

${cores} cores, ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}; ${date.slice(0, 10)}. Took ${Math.round(tookSeconds / 60)} minutes:

    ${command}

It needs, beside what tests need, \`apt-get install rabbitmq-server nats-server\`. \`npm run bench:peers -- --help\` lists its options; \`npm run bench\` measures Causeway alone.`
}

const images = (charts: readonly Chart[], ending: string): string =>
  charts
    .filter(({ file }) => file.endsWith(ending))
    .map(({ file, alt }) => `![${alt}](${CHART_FOLDER}/${file})`)
    .join('\n')

const percent = (share: number): string => `${Math.round(share * 100)} %`
const versionsText = (versions: Readonly<Record<string, string>>): string =>
  Object.entries(versions)
    .map(entry => entry.join(' '))
    .join(', ') || 'Node alone'

const cpuText = (cpu: Readonly<Record<string, number>>): string =>
  Object.entries(cpu)
    .map(([process, seconds]) => `${process} ${seconds.toPrecision(2)}`)
    .join(', ')
