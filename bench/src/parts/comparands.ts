// What each part is held against.
import { CHANNEL_TARGET, heldTo } from '../ratios.ts'
import type { TrialRow } from '../trial.ts'

/** Figures that are divided, with what a ratio's line says of them. */
const FIGURES = {
  perSecond: [', a second', (row: TrialRow) => row.perSecond],
  perCpuSecond: [', by CPU second', (row: TrialRow) => row.perCpuSecond],
  resident: [', resident', (row: TrialRow) => row.bytesEach?.resident],
  heapAndExternal: [', heap and external', (row: TrialRow) => row.bytesEach?.heapAndExternal],
} as const

/** Of what ours has, as a part of what the peer has. */
export interface Target {
  ratio: number
  /** That is the most it may be, where less is better. Default: the least. */
  atMost?: true
  /** Where ours does so many a second, they are enough. */
  orPerSecond?: number
}

/** Two trials of a group that are divided by each other. */
export interface Comparand {
  group: string
  ours: string
  peer: string
  /** Default: by CPU second where there is such a figure, else a second, and the line names neither. */
  of?: keyof typeof FIGURES
  /** What the steps of the work ask for. */
  targets: readonly Target[]
}

/** How many times the peer's figure is meant to be reached, by the step of the work that asks for it. */
const versus = (group: string, ours: string, peer: string, ...ratios: readonly number[]): Comparand => ({
  ...{ group, ours, peer },
  targets: ratios.map(ratio => ({ ratio })),
})

const versusOf = (of: Comparand['of'], group: string, ours: string, peer: string, ...targets: readonly Target[]): Comparand => {
  return { group, ours, peer, of, targets }
}

const MOST_MEMORY: Target = { ratio: 1, atMost: true }
const DISPATCH_TARGET: Target = { ratio: 0.4, orPerSecond: 200_000 }
const FAN_BACK_TARGET: Target = { ratio: 3 }

export const COMPARANDS: readonly Comparand[] = [
  versus('reading-path', 'gateway, tcp, 64 x 1', 'net echo, 64 x 1', 0.4, 0.5),
  versus('reading-path', 'gateway, tcp, 64 x 16', 'net echo, 64 x 16', 0.4, 0.5),
  versus('reading-path', 'gateway, websocket, 64 x 1', 'ws echo, 64 x 1'),
  versus('reading-path', 'gateway, websocket, 64 x 16', 'ws echo, 64 x 16', 4, 5),
  ...['encode', 'decode'].flatMap(direction =>
    ['msgpackr', 'msgpackr records', 'protobufjs'].map(peer => versus('frame-codec', `frame, ${direction}`, `${peer}, ${direction}`)),
  ),
  // the second is faster than what was asked for where messages come together: both are held against the target
  ...['1', '10', '100', '1,000', '10,000'].flatMap(count => [
    versus('channels', `gateway, ${count}`, `socket writes, ${count}`, CHANNEL_TARGET),
    versus('channels', `gateway, ${count}`, `joined writes, ${count}`, CHANNEL_TARGET),
  ]),
  ...['appender, kafkajs', 'appender, platformatic'].flatMap(ours => [
    versusOf('perSecond', 'produce', ours, 'producer-perf, batch 16 KiB', { ratio: 0.5 }),
    versusOf('perSecond', 'produce', ours, 'producer-perf, batch 256 KiB'),
    versusOf('perCpuSecond', 'produce', ours, 'producer-perf, batch 16 KiB'),
  ]),
  versusOf('perSecond', 'dispatch', 'worker', 'bare kafkajs', DISPATCH_TARGET),
  versusOf('perSecond', 'dispatch', 'worker without finish', 'bare kafkajs', DISPATCH_TARGET),
  ...(['perSecond', 'perCpuSecond'] as const).flatMap(of => [
    versusOf(of, 'fan-back', 'finish script', 'PUBLISH each', FAN_BACK_TARGET),
    versusOf(of, 'fan-back', 'finish script', 'XADD and PUBLISH each'),
  ]),
  versus('connect', 'gateway, websocket', 'ws upgrade', 0.5),
  versus('connect', 'gateway, tcp', 'ws upgrade'),
  ...(['resident', 'heapAndExternal'] as const).flatMap(of => [
    versusOf(of, 'memory', 'gateway, websocket', 'ws server', ...(of === 'resident' ? [MOST_MEMORY] : [])),
    versusOf(of, 'memory', 'gateway, tcp', 'ws server'),
  ]),
]

/** The cells of its line: what is divided, the ratio of medians, and what it is held to. Undefined where one of the two was not measured. */
export function ratioCells({ ours, peer, of, targets }: Comparand, rows: readonly TrialRow[]): string[] | undefined {
  const [our, their] = [ours, peer].map(name => rows.find(row => row.name === name))
  if (our === undefined || their === undefined) return undefined
  const [suffix, figure] = of === undefined ? ['', (row: TrialRow) => row.perCpuSecond ?? row.perSecond] : FIGURES[of]
  const [upper, lower] = [figure(our), figure(their)]
  if (upper === undefined || lower === undefined) return undefined
  const ratio = upper.median / lower.median
  const held = targets.map(target => targetText(target, ratio, our.perSecond.median))
  return [`${ours} / ${peer}${suffix}`, ratio.toPrecision(3), held.join(', ')]
}

function targetText({ ratio: target, atMost, orPerSecond }: Target, ratio: number, perSecond: number): string {
  if (atMost) return heldTo(`at most ${target}`, ratio <= target)
  if (orPerSecond === undefined) return heldTo(target, ratio >= target)
  return heldTo(`${target}, or ${orPerSecond.toLocaleString('en')} a second`, ratio >= target || perSecond >= orPerSecond)
}
