import assert from 'node:assert/strict'
import type { Codec } from './codec.ts'

export interface CodecRun {
  objects: number
  seconds: number
  cpuSeconds: number
  /** Of the encoded object. */
  bytes: number
}

/** Objects between two looks at the clock. */
const BATCH = 1_000

/** For a process of its own, so that no codec shares another's compiled code: runs one in one direction for so many ms, and prints a CodecRun. `check` throws where what is decoded is not the sample. */
export function runCodec(codec: Codec, sample: object, direction: string, ms: number, check: (decoded: unknown) => void): void {
  const bytes = Uint8Array.prototype.slice.call(codec.encode(sample)) as Uint8Array
  const encoded = Buffer.from(bytes)
  check(codec.decode(encoded))
  const once = direction === 'encode' ? () => codec.encode(sample) : () => codec.decode(encoded)
  /** Kept where nobody reads it, so that no call is optimized away. */
  let last: unknown
  const runFor = (milliseconds: number): number => {
    const end = performance.now() + milliseconds
    let objects = 0
    while (performance.now() < end) {
      for (let i = 0; i < BATCH; i++) last = once()
      objects += BATCH
    }
    return objects
  }
  runFor(ms / 2)
  const from = performance.now()
  const cpu = process.cpuUsage()
  const objects = runFor(ms)
  const { user, system } = process.cpuUsage(cpu)
  assert.ok(last !== undefined)
  const result: CodecRun = {
    objects,
    seconds: (performance.now() - from) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    bytes: encoded.length,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
