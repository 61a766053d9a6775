import { MOMENTS, type Moment, type Sightings } from './moments.ts'
import type { Stage } from './stages.ts'

/** When one message was seen where, ms; NaN where it was not. By the places of MOMENTS. */
export type Way = Float64Array

/** Puts together what several processes have seen of the same messages. What is seen again, as of a record sent twice, counts from the first time. */
export function waysOf(seen: readonly Sightings[]): Way[] {
  const ways = new Map<string, Way>()
  for (const { moments, sessions, msgIds, times, names } of seen) {
    for (const [index, moment] of moments.entries()) {
      const id = `${names[sessions[index]]}:${msgIds[index]}`
      let way = ways.get(id)
      if (way === undefined) {
        way = new Float64Array(MOMENTS.length).fill(Number.NaN)
        ways.set(id, way)
      }
      if (!(way[moment] <= times[index])) way[moment] = times[index]
    }
  }
  return [...ways.values()]
}

/** What one message spent in each stage. */
export interface StageTimes {
  /** By stage, ms. */
  times: number[]
  /** How far a moment lies before the one that should come first, ms, at most: beyond what the clocks allow the stages were not in their order. */
  backMs: number
}

/**
 * Cuts a way into stages; undefined where a moment was not seen, as of what was on its way when the recording began or ended. A stage whose end lies before
 * its begin is nothing, and the next one begins where it did: all of them add up to the round trip.
 */
export function stageTimes(way: Way, stages: readonly Stage[]): StageTimes | undefined {
  let at = momentOf(way, 'sent')
  let backMs = 0
  const times: number[] = []
  for (const { until } of stages) {
    const end = Math.min(...until.map(moment => momentOf(way, moment)))
    if (Number.isNaN(end - at)) return undefined
    backMs = Math.max(backMs, at - end)
    times.push(Math.max(0, end - at))
    at = Math.max(at, end)
  }
  return { times, backMs }
}

/** NaN where it was not seen. */
export const momentOf = (way: Way, moment: Moment): number => way[MOMENTS.indexOf(moment)]
