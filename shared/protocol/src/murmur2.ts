/** Where a session lives: Kafka's default partitioner, so that any Kafka tool finds the same partition. Source: Apache Kafka, Utils.murmur2. */
import { BUCKETS } from './limits.ts'
import { utf8Encode } from './utf8.ts'

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** Kafka's murmur2 of `bytes`, as a signed 32-bit number like Java's. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const whole = length & ~3
  let hash = SEED ^ length
  for (let at = 0; at < whole; at += 4) {
    let word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  const rest = length & 3
  if (rest > 2) hash ^= bytes[whole + 2] << 16
  if (rest > 1) hash ^= bytes[whole + 1] << 8
  if (rest > 0) hash = Math.imul(hash ^ bytes[whole], MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** The bucket of a session, 0 to 255: its murmur2, made positive, mod 256. */
export function bucketOf(session: string): number {
  return (murmur2(utf8Encode(session)) & 0x7fffffff) % BUCKETS
}

/** The partition of a bucket; `partitions` is a power of two up to 256, so it is Kafka's own choice for the session as key. */
export function partitionOf(bucket: number, partitions: number): number {
  return bucket % partitions
}
