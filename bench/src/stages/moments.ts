/** Moments of a request's way, each seen in one process. */
export const MOMENTS = [
  /** The generator is about to write it. */
  'sent',
  /** The gateway's turn with what its socket brought begins. */
  'heard',
  /** All frames of that read are decoded. */
  'decoded',
  /** It has passed the admission and is the appender's. */
  'admitted',
  /** A flight to Kafka takes it along. */
  'launched',
  /** The gateway knows that the log has it. */
  'stored',
  /** The worker's dispatcher is given it. */
  'fetched',
  /** Its handler begins. */
  'begun',
  /** Its handler has answered, and the finish is asked for. */
  'asked',
  /** A call of the finish script takes it along. */
  'called',
  /** The worker knows that it is finished. */
  'finished',
  /** The gateway takes its delivery from a wake-up. */
  'woken',
  /** The delivery is in the socket. */
  'written',
  /** The generator takes the answer from what it has read. */
  'received',
] as const
export type Moment = (typeof MOMENTS)[number]

/** What one process has seen: a list for each, of equal length. */
export interface Sightings {
  /** Places in MOMENTS. */
  moments: Uint8Array
  /** Places in `names`. */
  sessions: Uint32Array
  msgIds: Uint32Array
  /** ms by the machine's monotonic clock, which its processes share. */
  times: Float64Array
  names: readonly string[]
  /** All round trips of this time, of messages that are not looked at too; only a generator has any. */
  roundTrips: number
  /** What they took together, ms. */
  roundTripsMs: number
  /** Found no room. */
  dropped: number
}
