/** Measures the heap that a decoder holds for the bytes it has received, on real garbage collection. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Connection, Target } from './target.ts'

/** Bytes fed in all: enough to stand out from what else the heap does meanwhile. */
const FED = 2 << 20
/** Connections measured at once. */
const LEAST_CONNECTIONS = 50

/** Bytes of heap for each byte received of a frame that does not end, beyond what an idle connection takes; the bytes come one at a time. */
export function heldForEachByte({ endless, open }: Target, size = endless.length): number {
  const beginning = endless.subarray(0, size)
  const connections = Array.from({ length: Math.max(LEAST_CONNECTIONS, Math.ceil(FED / beginning.length)) }, () => open(1 << 20))
  const before = heap()
  for (const connection of connections) feed(connection, beginning)
  const held = heap() - before
  // they must live until here
  const received = connections.reduce((sum, connection) => sum + connection.buffered, 0)
  return held / received
}

function feed(connection: Connection, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at++) connection.push(bytes.subarray(at, at + 1))
}

function heap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
