import type { Account } from './account.ts'
import { MOMENTS, type Moment, type Sightings } from './moments.ts'
import type { Way } from './ways.ts'

/** What a process saw: of each message its moment, session, number and time. */
export function sightings(...seen: readonly (readonly [Moment, string, number, number])[]): Sightings {
  const names = [...new Set(seen.map(([, session]) => session))]
  return {
    moments: Uint8Array.from(seen, ([moment]) => MOMENTS.indexOf(moment)),
    sessions: Uint32Array.from(seen, ([, session]) => names.indexOf(session)),
    msgIds: Uint32Array.from(seen, ([, , msgId]) => msgId),
    times: Float64Array.from(seen, ([, , , at]) => at),
    ...{ names, roundTrips: 0, roundTripsMs: 0, dropped: 0 },
  }
}

/** A way with a millisecond between two moments, but for the changes. */
export const wayAt = (changes: Partial<Record<Moment, number>> = {}): Way =>
  Float64Array.from(MOMENTS, (moment, index) => changes[moment] ?? index)

/** An account of one shape and two stages. */
export const account = (changes: Partial<Account> = {}): Account => ({
  shape: '64 x 1',
  sampled: 1_000,
  stages: [
    { name: 'decode', meanMs: 1, p50Ms: 0.9, p99Ms: 3, share: 0.25, means: { median: 1, min: 0.8, max: 1.2 } },
    { name: 'append: Kafka', meanMs: 3, p50Ms: 2.5, p99Ms: 9, share: 0.75, means: { median: 3, min: 2, max: 4 } },
  ],
  sumMs: 4,
  roundTripMs: 4.1,
  ratio: { median: 0.976, min: 0.95, max: 1.01 },
  roundTripsPerSecond: { median: 15_000, min: 14_000, max: 16_000 },
  fetchedFirst: 0.25,
  wokenFirst: 0.5,
  ...changes,
})
