// One codec in one direction, a process of its own so that none shares another's compiled code: `node codec-run.ts json encode 500` (ms).
// Prints a JSON line.
import assert from 'node:assert/strict'
import { SAMPLE } from './codec.ts'
import { CODECS, type CodecName } from './codecs.ts'

export interface CodecRun {
  objects: number
  seconds: number
  cpuSeconds: number
  /** Of the encoded object. */
  bytes: number
}

/** Objects between two looks at the clock. */
const BATCH = 1_000

const [name, direction, ms] = process.argv.slice(2)
const codec = CODECS[name as CodecName]
const bytes = Uint8Array.prototype.slice.call(codec.encode(SAMPLE)) as Uint8Array
const encoded = Buffer.from(bytes)
assert.deepEqual(JSON.parse(JSON.stringify(codec.decode(encoded))), SAMPLE, `${name} doesn't give back what it was given`)
const once = direction === 'encode' ? () => codec.encode(SAMPLE) : () => codec.decode(encoded)

/** Kept where nobody reads it, so that no call is optimized away. */
let last: unknown
function runFor(milliseconds: number): number {
  const end = performance.now() + milliseconds
  let objects = 0
  while (performance.now() < end) {
    for (let i = 0; i < BATCH; i++) last = once()
    objects += BATCH
  }
  return objects
}

runFor(Number(ms) / 2)
const from = performance.now()
const cpu = process.cpuUsage()
const objects = runFor(Number(ms))
const { user, system } = process.cpuUsage(cpu)
assert.ok(last !== undefined)
const result: CodecRun = { objects, seconds: (performance.now() - from) / 1_000, cpuSeconds: (user + system) / 1e6, bytes: encoded.length }
process.stdout.write(`${JSON.stringify(result)}\n`)
