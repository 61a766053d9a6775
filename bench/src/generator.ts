// The load generator, a process of its own: `node generator.ts --port 7400 --connections 64 --depth 16 --size 200 --opcode 1
// --warm-up 1000 --measure 5000` (ms). Tells on stdout, a JSON line each, when the measured time begins and what it has counted at its end.
import { parseArgs } from 'node:util'
import { GeneratorConnection, type Observer } from './generator-connection.ts'
import type { GeneratorEvent, GeneratorResult } from './generator-event.ts'
import { LatencyHistogram } from './statistics.ts'

/** Counts from the moment it is made. */
class Tally implements Observer {
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

  result(): GeneratorResult {
    const { user, system } = process.cpuUsage(this.#cpu)
    return {
      roundTrips: this.#roundTrips,
      seconds: (performance.now() - this.#from) / 1_000,
      p50Ms: this.#latencies.percentile(0.5),
      p99Ms: this.#latencies.percentile(0.99),
      gaps: this.#gaps,
      wrongLengths: this.#wrongLengths,
      errors: this.#errors,
      cpuSeconds: (user + system) / 1e6,
    }
  }
}

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { port: text, connections: text, depth: text, size: text, opcode: text, 'warm-up': text, measure: text },
})
const number = (name: keyof typeof values): number => Number(values[name])
const tell = (event: GeneratorEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`)
const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

// failures of the warm-up count too: a session that has failed carries no load
const warmUp = new Tally()
let tally = warmUp
const observer: Observer = {
  answered: ms => tally.answered(ms),
  gap: () => tally.gap(),
  wrongLength: () => tally.wrongLength(),
  failed: code => tally.failed(code),
}
const [port, depth, size, opcode] = [number('port'), number('depth'), number('size'), number('opcode')]
const connections = Array.from({ length: number('connections') }, () => new GeneratorConnection({ port, depth, size, opcode, observer }))
await Promise.all(connections.map(connection => connection.opened))
for (const connection of connections) connection.start()
await pass(number('warm-up'))
tally = new Tally()
tell({ event: 'measuring' })
await pass(number('measure'))
const result = tally.result()
const before = warmUp.result()
tell({
  event: 'result',
  ...result,
  gaps: result.gaps + before.gaps,
  wrongLengths: result.wrongLengths + before.wrongLengths,
  errors: { ...before.errors, ...result.errors },
})
for (const connection of connections) connection.close()
