import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Buckets of a round trip, seconds: 0.5 ms to a minute. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * Metrics of one process in Prometheus's text format. The hot paths count in plain numbers; they are read when somebody asks
 * (`collect`), so that a message costs an addition and no lock, label look-up or allocation.
 */
export class Metrics {
  readonly registry = new Registry()
  #tellsProcess = false

  constructor(defaults: Record<string, string>) {
    this.registry.setDefaultLabels(defaults)
  }

  /** Adds Node's own (`process_…`, `nodejs_…`). They are the process's: one of its Metrics has them. */
  tellProcess(): void {
    if (this.#tellsProcess) return
    this.#tellsProcess = true
    collectDefaultMetrics({ register: this.registry })
  }

  /** A value read when asked for. Names follow Prometheus: base units, `_total` for counters. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read())
      },
    })
  }

  /** A rising number kept elsewhere, read when asked for. */
  counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }

  /** Rising numbers by one label, read when asked for. */
  counters(name: string, help: string, label: string, read: () => Record<string, number>): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count)
      },
    })
  }

  /** Seconds, in buckets from 0.5 ms to a minute. */
  latency(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: LATENCY_BUCKETS, registers: [this.registry] })
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }
}
