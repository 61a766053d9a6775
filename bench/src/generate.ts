// What every load generator does, as a process of its own: `node GENERATOR.ts --port 7400 --connections 64 --depth 16 --size 200
// --warm-up 1000 --measure 5000` (ms). Tells on stdout, a JSON line each, when a measured time begins and what it has counted at its end.
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import type { GeneratorEvent } from './generator-event.ts'
import { OPENING } from './limits.ts'
import { Measured, type Observer } from './tally.ts'

export interface LoadOptions {
  port: number
  /** Requests outstanding at any time. */
  depth: number
  /** Payload bytes of a request, and of its echo. */
  size: number
  observer: Observer
  /** What only Causeway's own generator knows; nothing is as it does by itself. */
  own?: OwnOptions
}

export interface OwnOptions {
  /** Of the route that is asked. */
  opcode?: number
  /** With what a payload begins; its other bytes are letters. */
  head?: Uint8Array
  /** A request each so many ms, whatever is answered, in place of `depth` outstanding. */
  everyMs?: number
  /** Address of this machine that connections come from. */
  from?: string
  /** PINGs that were answered count as round trips, of no duration. */
  heartbeats?: boolean
  /** A write of its own for each request, in place of one for all that a read makes room for. */
  writesEach?: boolean
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
  const { values } = parseArgs({
    options: {
      ...{ port: text, connections: text, depth: text, size: text, 'warm-up': text, measure: text, own: text },
      ...{ times: { ...text, default: '1' }, hold: { type: 'boolean' } },
    },
  })
  const number = (name: 'port' | 'connections' | 'depth' | 'size' | 'warm-up' | 'measure' | 'times'): number => Number(values[name])
  const observer = new Measured()
  const options = { port: number('port'), depth: number('depth'), size: number('size'), observer, own: readOwn(values.own) }
  const from = performance.now()
  const connections = await openEach(number('connections'), () => open(options))
  const openedInMs = performance.now() - from
  const ended = values.hold ? once(process, 'SIGTERM') : undefined
  for (const connection of connections) connection.start()
  await pass(number('warm-up'))
  for (let time = number('times'); time > 0; time--) {
    observer.measure()
    tell({ event: 'measuring', openedInMs })
    await pass(number('measure'))
    tell({ event: 'result', ...observer.result() })
  }
  await ended
  for (const connection of connections) connection.close()
}

/** Few at a time, as a server's backlog holds no more. */
async function openEach<T>(count: number, open: () => Promise<T>): Promise<T[]> {
  const connections: T[] = []
  while (connections.length < count)
    connections.push(...(await Promise.all(Array.from({ length: Math.min(OPENING, count - connections.length) }, open))))
  return connections
}

/** From JSON, in which bytes are a list of numbers. */
function readOwn(json: string | undefined): OwnOptions {
  const own = JSON.parse(json ?? '{}') as Omit<OwnOptions, 'head'> & { head?: number[] }
  return { ...own, head: own.head && Uint8Array.from(own.head) }
}
