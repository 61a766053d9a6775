/**
 * Feeds a target hostile bytes and checks what must always hold: nothing is thrown; the same bytes mean the same in whatever reads they come;
 * no more is held than was received, and nothing after an error; an input takes no longer than it may.
 */
import { NO_BYTES } from '../utf8.ts'
import { inputFor, readsOf } from './input.ts'
import { Random } from './random.ts'
import type { Connection, Target } from './target.ts'

/** An input has at most a few thousand bytes: one that takes this much of the processor, ms, hangs. The clock would tell of other processes too. */
const INPUT_MS = 1_000

/** What a run saw. */
export interface FuzzReport {
  inputs: number
  bytes: number
  /** Messages read. */
  messages: number
  /** Inputs that ended their connection, by code. */
  errors: Record<string, number>
}

/** Runs `inputs` inputs; `seed` decides all of them. Throws Error with the input in hex at the first that breaks a rule. */
export function fuzz(target: Target, inputs: number, seed: number): FuzzReport {
  const random = new Random(seed)
  const report: FuzzReport = { inputs, bytes: 0, messages: 0, errors: {} }
  for (let index = 0; index < inputs; index++) {
    const bytes = inputFor(target, random)
    try {
      judge(target, bytes, random, report)
    } catch (cause) {
      const hex = Buffer.from(bytes).toString('hex')
      throw new Error(`${target.name}: input ${index} of seed ${seed}, ${hex}: ${(cause as Error).message}`, { cause })
    }
  }
  return report
}

function judge(target: Target, bytes: Uint8Array, random: Random, report: FuzzReport): void {
  const began = process.cpuUsage()
  const whole = fed(target.open(), bytes.length === 0 ? [] : [bytes])
  const cut = fed(target.open(), readsOf(bytes, random))
  const few = fed(target.open(), readsOf(bytes, random), 1 + random.below(3))
  const { user, system } = process.cpuUsage(began)
  const took = (user + system) / 1_000
  if (took > INPUT_MS) throw new Error(`it took ${Math.round(took)} ms of the processor, expected at most ${INPUT_MS}`)
  if (whole.outcome !== cut.outcome) throw new Error(`in one read it is ${whole.outcome}, cut it is ${cut.outcome}`)
  if (whole.outcome !== few.outcome) throw new Error(`at once it is ${whole.outcome}, a few at a time it is ${few.outcome}`)
  report.bytes += bytes.length
  report.messages += whole.messages
  if (whole.code !== undefined) report.errors[whole.code] = (report.errors[whole.code] ?? 0) + 1
}

/** What a connection made of the reads, in words. */
function fed(
  connection: Connection,
  reads: readonly Uint8Array[],
  most?: number,
): { outcome: string; messages: number; code: string | undefined } {
  const said: string[] = []
  let received = 0
  let code: string | undefined
  for (const chunk of reads) {
    received += chunk.length
    let next: Uint8Array = chunk
    do {
      const { read, error } = connection.push(next, most)
      said.push(...read)
      code = error?.code
      next = NO_BYTES
    } while (connection.waiting && code === undefined)
    if (connection.buffered > received) throw new Error(`${connection.buffered} bytes are held of ${received} received`)
    if (code === undefined) continue
    if (connection.buffered > 0) throw new Error(`${connection.buffered} bytes are held after ${code}`)
    break
  }
  return { outcome: [...said, code ?? `${connection.buffered} held`].join('; '), messages: said.length, code }
}
