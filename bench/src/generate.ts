// What every load generator does, as a process of its own: `node GENERATOR.ts --port 7400 --connections 64 --depth 16 --size 200
// --warm-up 1000 --measure 5000` (ms). Tells on stdout, a JSON line each, when the measured time begins and what it has counted at its end.
import { parseArgs } from 'node:util'
import type { GeneratorEvent } from './generator-event.ts'
import { Measured, type Observer } from './tally.ts'

export interface LoadOptions {
  port: number
  /** Requests outstanding at any time. */
  depth: number
  /** Payload bytes of a request, and of its echo. */
  size: number
  observer: Observer
}

/** An open connection that carries load once it is started. */
export interface LoadConnection {
  start(): void
  /** Ends its load; the process may be ended afterwards. */
  close(): void
}

const text = { type: 'string' } as const
const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const tell = (event: GeneratorEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

/** Opens all connections, puts load on them, and counts after the warm-up. Failures of the warm-up count too: a connection that has failed carries no load. */
export async function generate(open: (options: LoadOptions) => Promise<LoadConnection>): Promise<void> {
  const { values } = parseArgs({ options: { port: text, connections: text, depth: text, size: text, 'warm-up': text, measure: text } })
  const number = (name: keyof typeof values): number => Number(values[name])
  const observer = new Measured()
  const options = { port: number('port'), depth: number('depth'), size: number('size'), observer }
  const connections = await Promise.all(Array.from({ length: number('connections') }, () => open(options)))
  for (const connection of connections) connection.start()
  await pass(number('warm-up'))
  observer.measure()
  tell({ event: 'measuring' })
  await pass(number('measure'))
  tell({ event: 'result', ...observer.result() })
  for (const connection of connections) connection.close()
}
