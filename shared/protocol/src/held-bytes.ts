/** Bytes of an incomplete frame, kept over many reads at the cost of what was received and no more, whatever size the reads have. */

/** Small pieces are copied together into blocks of this many bytes, so that a byte at a time doesn't cost an object a byte. */
const BLOCK = 2_048
/** The first block begins with this many bytes and doubles, so that a few bytes don't cost a whole block. */
const FIRST_BLOCK = 64

/** A list of pieces that is joined once, when it is complete. */
export class HeldBytes {
  /** Bytes held. */
  length = 0
  readonly #blocks: Uint8Array[] = []
  /** Bytes used of the last block; the earlier ones are full. */
  #used = 0

  /** Keeps a copy of `piece`, so that the larger buffer it was cut from can go. */
  add(piece: Uint8Array): void {
    if (this.length < BLOCK) this.#grow(this.length + piece.length)
    this.length += piece.length
    const last = this.#blocks.at(-1)
    const room = last === undefined ? 0 : last.length - this.#used
    const first = Math.min(room, piece.length)
    if (first > 0) {
      last!.set(piece.subarray(0, first), this.#used)
      this.#used += first
    }
    const rest = piece.length - first
    if (rest === 0) return
    const block = new Uint8Array(Math.max(rest, BLOCK))
    block.set(piece.subarray(first))
    this.#blocks.push(block)
    this.#used = rest
  }

  /** Up to a whole block's size, one block holds all. */
  #grow(size: number): void {
    const first = this.#blocks[0]
    const capacity = first === undefined ? 0 : first.length
    if (size > BLOCK || size <= capacity) return
    const grown = new Uint8Array(Math.min(BLOCK, Math.max(FIRST_BLOCK, 2 * capacity, size)))
    if (first !== undefined) grown.set(first.subarray(0, this.#used))
    this.#blocks[0] = grown
  }

  /** All that is held and then `tail`, in one new array; nothing is held afterwards. */
  join(tail: Uint8Array): Uint8Array {
    const out = new Uint8Array(this.length + tail.length)
    let at = 0
    for (const block of this.#blocks) {
      const size = Math.min(block.length, this.length - at)
      out.set(size === block.length ? block : block.subarray(0, size), at)
      at += size
    }
    out.set(tail, at)
    this.clear()
    return out
  }

  /** Holds nothing. */
  clear(): void {
    this.#blocks.length = 0
    this.#used = 0
    this.length = 0
  }
}
