// One codec and one object, a process of its own: `node serialisation-run.ts Avro order times 500` (ms) or `… allocated`. Prints a JSON line.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { GCProfiler } from 'node:v8'
import type { Codec } from '../peers/codec.ts'
import { ALLOCATED_OBJECTS } from './limits.ts'
import { type CodecName, codecFor } from './serialisation-codecs.ts'
import { OBJECTS, type ObjectName } from './serialisation-objects.ts'

/** What a run has found; figures of a study. */
export type SerialisationRun = Record<'bytes' | 'encodeUs' | 'decodeUs' | 'perSecond' | 'collections', number> | { allocatedMB: number }

/** Objects between two looks at the clock. */
const BATCH = 500
/** Until code is compiled, before allocation is measured. */
const WARM_UP_OBJECTS = 20_000
/** Until all that was collected is given back, ms. */
const SETTLE_MS = 100

/** Kept where nobody reads it, so that no call is optimized away. */
let last: unknown

const [name, object, mode, ms] = process.argv.slice(2)
const codec = codecFor(name as CodecName, object as ObjectName)
const value = OBJECTS[object as ObjectName]
const bytes = Buffer.from(codec.encode(value))
assert.deepEqual(JSON.parse(JSON.stringify(codec.decode(bytes))), value, `${name} doesn't give back what it was given`)
const found = mode === 'allocated' ? await allocated(codec) : times(codec, Number(ms))
process.stdout.write(`${JSON.stringify(found)}\n`)

/** Encoding, then decoding, for so many ms each, after half of that. */
function times({ encode, decode }: Codec, milliseconds: number): SerialisationRun {
  const profiler = new GCProfiler()
  const [toBytes, toObject] = [() => encode.call(codec, value), () => decode.call(codec, bytes)].map(once => {
    runFor(once, milliseconds / 2)
    return once
  })
  profiler.start()
  const [encoding, decoding] = [toBytes, toObject].map(once => {
    const from = process.threadCpuUsage()
    const objects = runFor(once, milliseconds)
    const { user, system } = process.threadCpuUsage(from)
    return { us: (user + system) / objects, collections: collectionsSince(profiler) / objects }
  })
  profiler.stop()
  const collections = (encoding.collections + decoding.collections) * 10_000
  return { bytes: bytes.length, encodeUs: encoding.us, decodeUs: decoding.us, perSecond: 1e6 / (encoding.us + decoding.us), collections }
}

function collectionsSince(profiler: GCProfiler): number {
  const { statistics } = profiler.stop()
  profiler.start()
  return statistics.length
}

function runFor(once: () => unknown, milliseconds: number): number {
  const end = performance.now() + milliseconds
  let objects = 0
  while (performance.now() < end) {
    runTimes(once, BATCH)
    objects += BATCH
  }
  return objects
}

function runTimes(once: () => unknown, count: number): void {
  for (let i = 0; i < count; i++) last = once()
  assert.ok(last !== undefined)
}

/** What both directions leave behind: heap and buffers, by their growth while nothing is collected. */
async function allocated({ encode, decode }: Codec): Promise<SerialisationRun> {
  const once = (): unknown => decode.call(codec, encode.call(codec, value))
  runTimes(once, WARM_UP_OBJECTS)
  // twice, and a while: what the first finds is given back behind its back
  globalThis.gc!()
  await sleep(SETTLE_MS)
  globalThis.gc!()
  await sleep(SETTLE_MS)
  const profiler = new GCProfiler()
  profiler.start()
  const before = process.memoryUsage()
  runTimes(once, ALLOCATED_OBJECTS)
  const after = process.memoryUsage()
  const collections = profiler.stop().statistics.length
  assert.equal(collections, 0, `${name}: ${collections} collections while allocation was measured: expected none`)
  const grown = after.heapUsed + after.external - before.heapUsed - before.external
  return { allocatedMB: ((grown / ALLOCATED_OBJECTS) * 100_000) / 1e6 }
}
