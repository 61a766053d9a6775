import type { GeneratorResult } from './generator-event.ts'
import { LatencyHistogram } from './statistics.ts'

/** What a generator learns from its connections. */
export interface Observer {
  /** An answer came; ms since its request was written. */
  answered(ms: number): void
  /** A delivery's seq was not the one after the last. */
  gap(): void
  /** An echo had not the size of its request. */
  wrongLength(): void
  /** An error of this code came, or LOST. */
  failed(code: string): void
}

/** Counts from the moment it is made. */
export class Tally implements Observer {
  readonly #latencies = new LatencyHistogram()
  readonly #from = performance.now()
  readonly #cpu = process.cpuUsage()
  readonly #errors: Record<string, number> = {}
  #roundTrips = 0
  #gaps = 0
  #wrongLengths = 0

  answered(ms: number): void {
    this.#roundTrips++
    this.#latencies.add(ms)
  }

  gap(): void {
    this.#gaps++
  }

  wrongLength(): void {
    this.#wrongLengths++
  }

  failed(code: string): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1
  }

  /** `before` is the tally of the warm-up, whose failures count with these. */
  result(before: Tally): GeneratorResult {
    const { user, system } = process.cpuUsage(this.#cpu)
    return {
      roundTrips: this.#roundTrips,
      seconds: (performance.now() - this.#from) / 1_000,
      latencies: this.#latencies.counts(),
      gaps: this.#gaps + before.#gaps,
      wrongLengths: this.#wrongLengths + before.#wrongLengths,
      errors: addedUp(before.#errors, this.#errors),
      cpuSeconds: (user + system) / 1e6,
    }
  }
}

/** Counts a warm-up first, and from `measure` on what is to be told. Failures of both count: a connection that has failed carries no load. */
export class Measured implements Observer {
  readonly #warmUp = new Tally()
  #tally = this.#warmUp

  answered(ms: number): void {
    this.#tally.answered(ms)
  }

  gap(): void {
    this.#tally.gap()
  }

  wrongLength(): void {
    this.#tally.wrongLength()
  }

  failed(code: string): void {
    this.#tally.failed(code)
  }

  measure(): void {
    this.#tally = new Tally()
  }

  result(): GeneratorResult {
    return this.#tally.result(this.#warmUp)
  }

  /** The same; throws where anything failed. */
  clean(): GeneratorResult {
    const result = this.result()
    const { gaps, wrongLengths, errors } = result
    if (gaps + wrongLengths > 0 || Object.keys(errors).length > 0)
      throw new Error(`failures under load: ${JSON.stringify({ gaps, wrongLengths, ...errors })}; expected none`)
    return result
  }
}

/** Counts by name, of several. */
export function addedUp(...counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [name, count] of counts.flatMap(each => Object.entries(each))) sum[name] = (sum[name] ?? 0) + count
  return sum
}
