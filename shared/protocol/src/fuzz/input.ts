/** One input: bytes made of what a target knows, or of nothing, and the reads they come in. */
import type { Random } from './random.ts'
import type { Target } from './target.ts'

/** Seeds joined in one input. */
const MOST_SEEDS = 4
/** Changes of one input. */
const MOST_CHANGES = 6
/** Bytes of an input made of nothing. */
const MOST_RANDOM = 400
/** Values that lengths and counts break at. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff]

/** Seeds joined, then changed; or random bytes. */
export function inputFor({ seeds }: Target, random: Random): Uint8Array {
  if (random.below(10) === 0) return random.bytes(random.below(MOST_RANDOM))
  const parts: number[] = []
  for (let count = 1 + random.below(MOST_SEEDS); count > 0; count--) parts.push(...random.pick(seeds))
  for (let changes = random.below(MOST_CHANGES); changes > 0; changes--) change(parts, random)
  return Uint8Array.from(parts)
}

function change(bytes: number[], random: Random): void {
  const at = random.below(bytes.length + 1)
  const kind = random.below(6)
  if (kind === 0) bytes.splice(at, 1 + random.below(8))
  else if (kind === 1) bytes.splice(at, 0, ...random.bytes(1 + random.below(8)))
  else if (kind === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.below(32)))
  else if (bytes.length === 0 || at === bytes.length) bytes.push(random.below(256))
  else if (kind === 3) bytes[at] = random.pick(EDGES)
  else if (kind === 4) bytes[at] ^= 1 << random.below(8)
  else bytes[at] = random.below(256)
}

/** The same bytes in reads of random sizes, now and then one byte at a time. */
export function readsOf(bytes: Uint8Array, random: Random): Uint8Array[] {
  const most = random.below(8) === 0 ? 1 : 1 + random.below(64)
  const reads: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(most)
    reads.push(bytes.slice(at, at + size))
    at += size
  }
  return reads
}
