import { type Spread, spread } from '../statistics.ts'
import { OUT_OF_ORDER, OUT_OF_ORDER_MS } from './limits.ts'
import type { Stage } from './stages.ts'
import { momentOf, stageTimes, type Way } from './ways.ts'

/** What one round of a shape has found. */
export interface AccountRound {
  ways: readonly Way[]
  /** Of all round trips, as the generator counts them, ms. */
  meanMs: number
  roundTripsPerSecond: number
}

/** What messages spend in one stage, ms. */
export interface StageFigures {
  name: string
  /** Of all rounds together. */
  meanMs: number
  p50Ms: number
  p99Ms: number
  /** Share of the sum of all means. */
  share: number
  /** The mean of each round. */
  means: Spread
}

/** The stages of one shape, and what they add up to. */
export interface Account {
  shape: string
  /** Messages that were seen all the way. */
  sampled: number
  stages: readonly StageFigures[]
  /** Of the stages' means. */
  sumMs: number
  /** The mean of all round trips by the client, each round with the weight of its samples. */
  roundTripMs: number
  /** The one by the other, of each round. */
  ratio: Spread
  roundTripsPerSecond: Spread
  /** Share of messages that the worker had before the gateway knew that Kafka has them. */
  fetchedFirst: number
  /** Share of answers that the gateway had before the worker knew that they are finished. */
  wokenFirst: number
}

/** Adds rounds up; throws where too little was seen, or moments not in their order: no figure can be had of that. */
export function accountOf(shape: string, stages: readonly Stage[], rounds: readonly AccountRound[]): Account {
  const byRound = rounds.map(({ ways }, index) => {
    const seen = ways.flatMap(way => stageTimes(way, stages) ?? [])
    if (seen.length === 0)
      throw new Error(`${shape}: no message of round ${index + 1} was seen at all of its stages, of ${ways.length} that were seen at some`)
    refuseDisorder(shape, seen)
    return seen.map(({ times }) => times)
  })
  const all = byRound.flat()
  const meansByRound = byRound.map(times => stages.map((_, stage) => mean(times.map(each => each[stage]))))
  const means = stages.map((_, stage) => mean(all.map(each => each[stage])))
  const sumMs = sum(means)
  return {
    shape,
    sampled: all.length,
    stages: stages.map(({ name }, stage) => {
      const sorted = all.map(each => each[stage]).toSorted((a, b) => a - b)
      return {
        name,
        meanMs: means[stage],
        p50Ms: atShare(sorted, 0.5),
        p99Ms: atShare(sorted, 0.99),
        share: means[stage] / sumMs,
        means: spread(meansByRound.map(each => each[stage])),
      }
    }),
    sumMs,
    roundTripMs: sum(rounds.map(({ meanMs }, round) => meanMs * byRound[round].length)) / all.length,
    ratio: spread(rounds.map(({ meanMs }, round) => sum(meansByRound[round]) / meanMs)),
    roundTripsPerSecond: spread(rounds.map(({ roundTripsPerSecond }) => roundTripsPerSecond)),
    ...firsts(rounds.flatMap(({ ways }) => ways)),
  }
}

function refuseDisorder(shape: string, seen: readonly { backMs: number }[]): void {
  const disordered = seen.filter(({ backMs }) => backMs > OUT_OF_ORDER_MS).length
  if (disordered / seen.length <= OUT_OF_ORDER) return
  throw new Error(
    `${shape}: ${disordered} of ${seen.length} messages passed their stages in another order than they are told in: look at stages.ts`,
  )
}

function firsts(ways: readonly Way[]): Pick<Account, 'fetchedFirst' | 'wokenFirst'> {
  const share = (first: 'fetched' | 'woken', other: 'stored' | 'finished'): number =>
    mean(ways.map(way => momentOf(way, first) - momentOf(way, other)).flatMap(ms => (Number.isNaN(ms) ? [] : [ms < 0 ? 1 : 0])))
  return { fetchedFirst: share('fetched', 'stored'), wokenFirst: share('woken', 'finished') }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
const atShare = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
