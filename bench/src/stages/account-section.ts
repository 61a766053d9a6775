// The account of docs/stages.md: what is hand-written stands here, every figure comes from what is kept.
import { markdownTable } from '../markdown.ts'
import { slug } from '../performance-charts.ts'
import { spreadText } from '../report.ts'
import { stackedBarSvg } from '../stacked-bar.ts'
import type { Account, StageFigures } from './account.ts'
import { percent } from './flame-svg.ts'
import { type AccountedSystem, type KeptAccount, STAGES_FOLDER } from './found.ts'
import { EMBEDDED_STAGES, STAGES, type Stage } from './stages.ts'

/** How far the stages may add up to another time than the client's. */
const TOLERANCE = 0.1

export interface AccountSection {
  sections: string[]
  charts: { file: string; svg: string }[]
}

export function accountSection(account: KeptAccount): AccountSection {
  const shapes = [...new Set(account.systems.flatMap(each => each.shapes.map(({ shape }) => shape)))]
  return {
    sections: [
      '## A round trip, stage by stage',
      intro(account),
      markdownTable([['stage', 'what happens in it'], ...STAGES.map(stageCells)]),
      `Embedded, where both stores are in the process, ${EMBEDDED_STAGES.filter(isOwn)
        .map(({ name, what }) => `*${name}* is: ${what}`)
        .join('; ')}.`,
      ...shapes.flatMap(shape => shapeSection(shape, account)),
    ],
    charts: shapes.map(shape => ({ file: chartFile(shape), svg: chart(shape, account.systems) })),
  }
}

const intro = ({ rounds, seconds }: KeptAccount): string =>
  `Each stage begins where the one before it ends, for each message by itself, so that they add up to the round trip: from the moment at which the client is about to write the request to the one at which it takes the answer from what it has read. Of each shape a part of the messages is looked at (each one, each 7th, each 31st), in ${rounds} interleaved rounds of ${seconds} s, by the machine’s monotonic clock, which its processes share. What looks on is loaded into the processes from outside and is no part of the product; it costs a little, so that for speed [performance.md](performance.md) counts. *64 x 16* is 64 connections with 16 requests outstanding each.

Means add up; medians and 99th percentiles don’t. In brackets stand the least and the most of the rounds’ means. The sum is held against the mean of *all* round trips of the same rounds, which the client measures by itself.

Two things may come by two ways at once: Kafka answers the gateway and the worker’s poll, Redis the worker’s call and the gateway’s subscription. The message has gone on when the first is there: that ends *append* and *finish*, and where it is the next process, *fetch* and *wake* are nothing.`

const stageCells = ({ name, what }: Stage): string[] => [name, what]
const isOwn = (stage: Stage): boolean => !STAGES.some(({ name, what }) => name === stage.name && what === stage.what)

function shapeSection(shape: string, { systems }: KeptAccount): string[] {
  return [
    `### ${shape}`,
    `![Stages of a round trip, ${shape}](${STAGES_FOLDER}/${chartFile(shape)})`,
    ...systems.flatMap(({ name, shapes }) =>
      shapes.filter(each => each.shape === shape).flatMap(each => [`**${name}**: ${told(each)}`, table(each)]),
    ),
  ]
}

function told({ sampled, roundTripsPerSecond, fetchedFirst, wokenFirst }: Account): string {
  const perSecond = spreadText(roundTripsPerSecond, value => Math.round(value).toLocaleString('en'))
  return `${sampled.toLocaleString('en')} messages, at ${perSecond} round trips a second. The worker had the message before the gateway knew it to be stored in ${percent(fetchedFirst)}; the gateway had the answer before the worker knew it to be finished in ${percent(wokenFirst)}.`
}

function table({ stages, sumMs, roundTripMs, ratio }: Account): string {
  const verdict = ratio.min >= 1 - TOLERANCE && ratio.max <= 1 + TOLERANCE ? 'within' : '**not within**'
  return markdownTable([
    ['stage', 'mean ms', 'p50 ms', 'p99 ms', 'share'],
    ...stages.map(rowCells),
    ['**sum**', ms(sumMs), '', '', ''],
    ['round trip, by the client', ms(roundTripMs), '', '', ''],
    [`sum / round trip, ${verdict} 10 %`, spreadText(ratio, value => value.toFixed(3)), '', '', ''],
  ])
}

const rowCells = ({ name, means, meanMs, p50Ms, p99Ms, share }: StageFigures): string[] => [
  name,
  means.min === means.max ? ms(meanMs) : `${ms(meanMs)} (${ms(means.min)} to ${ms(means.max)})`,
  ms(p50Ms),
  ms(p99Ms),
  percent(share),
]

const ms = (value: number): string => value.toFixed(3)
const chartFile = (shape: string): string => `account-${slug(shape)}.svg`

function chart(shape: string, systems: readonly AccountedSystem[]): string {
  const bars = systems.flatMap(({ name, shapes }) =>
    shapes
      .filter(each => each.shape === shape)
      .map(({ stages }) => ({
        label: name,
        segments: stages.map(each => ({ label: each.name, value: each.meanMs, colour: colourOf(each.name) })),
      })),
  )
  return stackedBarSvg({ title: `Stages of a round trip, connections x depth ${shape}`, unit: 'mean ms', bars })
}

/** An embedded stage has that of its part with the work. */
function colourOf(name: string): number {
  const own = STAGES.findIndex(stage => stage.name === name)
  return own >= 0 ? own : STAGES.findLastIndex(stage => stage.name.startsWith(`${name}:`))
}
