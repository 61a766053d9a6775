/** What one generator has counted in its measured time; failures also before it. */
export interface GeneratorResult {
  roundTrips: number
  seconds: number
  /** Round trips by their duration, as LatencyHistogram counts them. */
  latencies: [bucket: number, count: number][]
  /** Deliveries whose seq was not the one after the last. */
  gaps: number
  /** Echoes that had not the size of their request. */
  wrongLengths: number
  /** Errors by code. */
  errors: Record<string, number>
  /** Of the generator itself. */
  cpuSeconds: number
}

/** A line of a generator's stdout. */
export type GeneratorEvent = { event: 'measuring'; openedInMs: number } | ({ event: 'result' } & GeneratorResult)
