/**
 * Port: results kept under a key for a while, and who is making one just now. Adapters: results-redis.ts, results-embedded.ts, and results-in-memory.ts for tests.
 *
 * What an adapter promises, and results.conformance.ts proves:
 * - Of all claims of a key that are made at a time, one is `claimed`; it is in the store before the promise resolves.
 * - A claim ends with keep(), release() or its time; a result ends with its time. A claim that has ended changes nothing any more.
 * - Durability: as the store's own (Redis: its AOF policy; embedded: fsynced; in memory: none beyond the process). A store that lost its last writes may let a key be claimed again.
 */
export type Claim =
  | { kind: 'claimed' }
  /** Somebody else is making it, or was when they died. */
  | { kind: 'taken' }
  | { kind: 'kept'; value: Uint8Array }

/** A store that is full: nothing was claimed or kept. */
export class ResultsFull extends Error {
  override readonly name = 'ResultsFull'
}

export interface Results {
  /** Takes the key for `owner` (unique for each claim), at most for `ttlMs`. Rejects with ResultsFull where there is no room. */
  claim(key: string, owner: string, ttlMs: number): Promise<Claim>
  /** Puts the result in place of the owner's claim; false where that has ended. At most RESULT_BYTES. */
  keep(key: string, owner: string, value: Uint8Array, ttlMs: number): Promise<boolean>
  /** Ends the owner's claim without a result. */
  release(key: string, owner: string): Promise<void>
  close(): Promise<void>
}

/** Bytes of one result. */
export const RESULT_BYTES = 1 << 20

/** Throws where a result is too large to be kept. */
export function checkResult(value: Uint8Array): void {
  if (value.length > RESULT_BYTES) throw new RangeError(`a result of ${value.length} bytes: at most ${RESULT_BYTES} are kept`)
}
