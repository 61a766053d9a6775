import type { OwnOptions } from './generate.ts'
import type { GeneratorEvent } from './generator-event.ts'
import { GENERATOR_GRACE_MS, OPENING_MS_EACH } from './limits.ts'
import { PAYLOAD_SIZE, type Shape } from './shapes.ts'
import { SourceProcess } from './source-process.ts'
import type { System } from './subject.ts'

/** How one shape is put on a system. */
export interface Load {
  shape: Shape
  warmUpMs: number
  measureMs: number
  /** Payload bytes. Default: PAYLOAD_SIZE. */
  size?: number
  /** What only Causeway's generator knows. */
  own?: OwnOptions
  /** Measured times, one after the other. Default: 1. */
  times?: number
  /** Keeps the connections open after that, until it is disposed of. */
  hold?: boolean
  /** Loaded into each generator before its own module. */
  probe?: URL
}

type Told<K extends GeneratorEvent['event']> = Extract<GeneratorEvent, { event: K }>

/** The processes that put one load on a system, spread over its gateways. */
export class Generators implements AsyncDisposable {
  readonly #processes: readonly SourceProcess[]
  readonly #load: Load

  constructor({ port, ports = [port], generator }: System, load: Load) {
    this.#load = load
    this.#processes = connectionsOf(load.shape).map((connections, index) => {
      // an address has 28,000 ports for a gateway's
      const own = ports.length > 1 ? { ...load.own, from: `127.0.0.${2 + index}` } : load.own
      return new SourceProcess('generator', generator, argsOf(load, ports[index % ports.length], connections, own), { probe: load.probe })
    })
  }

  /** Resolves when all of them measure, to what each tells of it. */
  measuring(): Promise<Told<'measuring'>[]> {
    const { warmUpMs, shape } = this.#load
    return this.#next('measuring', warmUpMs + shape.connections * OPENING_MS_EACH)
  }

  results(): Promise<Told<'result'>[]> {
    return this.#next('result', this.#load.measureMs)
  }

  /** What their probes answer, where the load has one. */
  ask<T>(question: unknown, timeoutMs: number): Promise<T[]> {
    return Promise.all(this.#processes.map(each => each.ask<T>(question, timeoutMs)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map(each => each.stop()))
  }

  async #next<K extends GeneratorEvent['event']>(kind: K, withinMs: number): Promise<Told<K>[]> {
    const events = await Promise.all(this.#processes.map(each => each.next<GeneratorEvent>(withinMs + GENERATOR_GRACE_MS)))
    const wrong = events.find(({ event }) => event !== kind)
    if (wrong !== undefined) throw new Error(`a generator tells ${JSON.stringify(wrong)}, expected its ${kind}`)
    return events as Told<K>[]
  }
}

function argsOf(
  { shape, warmUpMs, measureMs, size = PAYLOAD_SIZE, times = 1, hold }: Load,
  port: number,
  connections: number,
  own?: OwnOptions,
) {
  const values = { port, connections, depth: shape.depth, size, 'warm-up': warmUpMs, measure: measureMs, times }
  const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])
  if (own !== undefined) args.push('--own', JSON.stringify({ ...own, head: own.head && [...own.head] }))
  return hold ? [...args, '--hold'] : args
}

/** The connections of each generator, as even as they can be. */
export function connectionsOf({ connections, generators }: Shape): number[] {
  const least = Math.floor(connections / generators)
  return Array.from({ length: generators }, (_, index) => least + (index < connections % generators ? 1 : 0)).filter(count => count > 0)
}
