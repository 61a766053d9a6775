import type { Table, Transaction } from '@causeway/embedded'
import type { Delivery } from './sessions.ts'

/** Deliveries that were numbered in one group lie in one entry: key session id, first and last seq (u32 each); value per delivery: seq u32, length u32, frame. */
const KEY_BYTES = 12
const DELIVERY_BYTES = 8

interface Chunk {
  first: number
  last: number
  bytes: number
}

/** What one session keeps for its client. Memory holds where the chunks are, the disk their frames. */
export class Outbox {
  readonly #table: Table
  readonly #id: number
  readonly #chunks: Chunk[] = []
  #added: Delivery[] = []
  #addedBytes = 0
  #trimmed: Chunk[] = []
  #bytes = 0

  constructor(table: Table, id: number) {
    this.#table = table
    this.#id = id
  }

  get id(): number {
    return this.#id
  }

  /** Bytes kept, frames and their numbers. */
  get bytes(): number {
    return this.#bytes + this.#addedBytes
  }

  /** Keeps a delivery with the next group; the frame must not change until that has landed. */
  add(seq: number, frame: Uint8Array): void {
    this.#added.push({ seq, frame })
    this.#addedBytes += DELIVERY_BYTES + frame.length
  }

  /** A chunk found on disk, in ascending order. */
  found(key: Buffer, bytes: number): void {
    this.#chunks.push({ first: key.readUInt32BE(4), last: key.readUInt32BE(8), bytes })
    this.#bytes += bytes
  }

  /** Removes, with the next group, the chunks that lie wholly at or below `seq`. */
  trim(seq: number): void {
    while (this.#chunks[0] && this.#chunks[0].last <= seq) {
      const chunk = this.#chunks.shift()!
      this.#bytes -= chunk.bytes
      this.#trimmed.push(chunk)
    }
  }

  /** Writes what was added and removes what was trimmed. Returns the deliveries as copies of their own, for the gateway to patch. */
  write(transaction: Transaction): Delivery[] {
    for (const chunk of this.#trimmed) transaction.remove(this.#table, this.#key(chunk))
    this.#trimmed = []
    const added = this.#added
    if (added.length === 0) return added
    const chunk = { first: added[0]!.seq, last: added.at(-1)!.seq, bytes: this.#addedBytes }
    const value = Buffer.allocUnsafe(chunk.bytes)
    const copies: Delivery[] = []
    let at = 0
    for (const { seq, frame } of added) {
      at = value.writeUInt32BE(frame.length, value.writeUInt32BE(seq, at))
      value.set(frame, at)
      copies.push({ seq, frame: value.subarray(at, at + frame.length) })
      at += frame.length
    }
    transaction.put(this.#table, this.#key(chunk), value)
    this.#chunks.push(chunk)
    this.#bytes += chunk.bytes
    this.#added = []
    this.#addedBytes = 0
    return copies
  }

  /** Removes everything. */
  clear(transaction: Transaction): void {
    for (const chunk of [...this.#trimmed, ...this.#chunks]) transaction.remove(this.#table, this.#key(chunk))
  }

  /** Committed deliveries above `above`, in order, at most `limit`. */
  read(above: number, limit: number): Delivery[] {
    const deliveries: Delivery[] = []
    for (const chunk of this.#chunks) {
      if (chunk.last <= above) continue
      const value = this.#table.get(this.#key(chunk))
      if (!value) break // its group is still in the air, and its wake-up follows
      for (let at = 0; at < value.length; ) {
        const seq = value.readUInt32BE(at)
        const end = at + DELIVERY_BYTES + value.readUInt32BE(at + 4)
        if (deliveries.length >= limit) return deliveries
        if (seq > above) deliveries.push({ seq, frame: value.subarray(at + DELIVERY_BYTES, end) })
        at = end
      }
    }
    return deliveries
  }

  #key({ first, last }: Chunk): Buffer {
    const key = Buffer.allocUnsafe(KEY_BYTES)
    key.writeUInt32BE(this.#id, 0)
    key.writeUInt32BE(first, 4)
    key.writeUInt32BE(last, 8)
    return key
  }
}

/** Session id of an outbox key. */
export const outboxOwner = (key: Buffer): number => key.readUInt32BE(0)
