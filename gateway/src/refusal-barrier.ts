import { encodeFrame, FrameType } from '@causeway/protocol'
import { REFUSAL_BARRIER_MS } from './limits.ts'

/**
 * Nothing is admitted behind a refusal that the client may not have read. A refusal is kept nowhere: were its connection lost, and a later message stored,
 * the resume would name that one's number, and the client would take the refused one for stored too. So a PING follows a refusal, and until its PONG
 * has come, what could be admitted waits. A client that answers no PING is waited for only so long, and not again before it answers one.
 */
export class RefusalBarrier {
  #asked = 0
  #heard = 0
  #due = false
  /** It has let a PING go by. */
  #deaf = false
  /** Unix ms since which anything has waited. */
  #since = 0

  /** A refusal was written. */
  refused(now: number): void {
    if (!this.stands) this.#since = now
    this.#due = true
  }

  /** Whether a refusal may be unread. */
  get stands(): boolean {
    return !this.#deaf && (this.#due || this.#heard < this.#asked)
  }

  /** The PING that follows the refusals of a turn; undefined where there were none. */
  ping(): Uint8Array | undefined {
    if (!this.#due) return undefined
    this.#due = false
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(++this.#asked)
    return encodeFrame({ type: FrameType.PING, payload })
  }

  /** A PONG came; whether the barrier falls by it. */
  pong(payload: Uint8Array): boolean {
    if (payload.length !== 4 || this.#heard === this.#asked) return false
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
    if (number <= this.#heard || number > this.#asked) return false
    this.#heard = number
    this.#deaf = false
    return !this.stands
  }

  /** Whether it has stood for too long: then it falls, until a PONG comes. */
  overdue(now: number): boolean {
    if (!this.stands || now - this.#since < REFUSAL_BARRIER_MS) return false
    this.#deaf = true
    return true
  }
}
