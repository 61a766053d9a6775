import { Codec, encodeFrame, FrameType, patchSeq, type Syn, type SynAck } from '@causeway/protocol'
import type { Wish } from './handlers.ts'
import type { MessageKind } from './history.ts'
import { KEEP_ALIVE_MS, REQUEST_TIMEOUT_MS } from './limits.ts'

/** A message sent and not settled. */
export interface Unsettled {
  msgId: number
  kind: MessageKind
  n: number
  frame: Uint8Array
  stored: boolean
  /** Its client was told of a loss since it was stored: an answer may come or not. */
  unsure: boolean
  /** Unix ms. */
  deadline: number
}

/** A session as its client keeps it (docs/protocol.md, sections 2 and 4): numbers, and what must be sent again. No socket and no clock. */
export class ClientSession {
  id: string | undefined
  #resumeToken: string | undefined
  /** SYNs made for this session. */
  #attempts = 0
  #lastMsgId = 0
  #stored = 0
  /** The highest delivery taken. */
  lastSeq = 0
  readonly unsettled = new Map<number, Unsettled>()

  /** Of what is unsettled, what an answer must still come for. */
  get sure(): number {
    let sure = 0
    for (const each of this.unsettled.values()) if (!each.unsure) sure++
    return sure
  }

  /** A new message, to be written now. */
  message(kind: MessageKind, wish: Wish, now: number): Unsettled {
    const msgId = ++this.#lastMsgId
    const oneWay = kind === 'note'
    const frame = encodeFrame({
      type: oneWay ? FrameType.NOTIFY : FrameType.REQUEST,
      codec: Codec.JSON,
      msgId,
      seq: this.lastSeq,
      metadata: oneWay ? { route: kind } : { route: kind, timeout: REQUEST_TIMEOUT_MS },
      payload: JSON.stringify(wish),
    })
    const made = { msgId, kind, n: wish.n, frame, stored: false, unsure: false, deadline: now + REQUEST_TIMEOUT_MS }
    this.unsettled.set(msgId, made)
    return made
  }

  syn(now: number): Syn {
    const client = { name: 'causeway-faults', version: '1' }
    if (this.id === undefined) return { client, keepAliveMs: KEEP_ALIVE_MS }
    const waiting: [number, number][] = []
    for (const { msgId, kind, stored, deadline } of this.unsettled.values())
      if (stored && kind !== 'note') waiting.push([msgId, Math.max(0, deadline - now)])
    const { id: session, lastSeq } = this
    const kept = { session, resumeToken: this.#resumeToken, attempt: ++this.#attempts, lastSeq, stored: this.#stored, waiting }
    return { client, keepAliveMs: KEEP_ALIVE_MS, ...kept }
  }

  /** Takes a SYN_ACK in. Returns what is to be sent again, and what the end of its session leaves without an answer for ever. */
  welcome(synAck: SynAck): { again: Unsettled[]; givenUp: Unsettled[] } {
    this.#resumeToken = synAck.resumeToken
    if (!synAck.resumed) return { again: [], givenUp: this.#beginAnew(synAck.session) }
    if (!synAck.recovered) for (const each of this.unsettled.values()) if (each.stored) each.unsure = true
    this.markStored(synAck.lastMsgId)
    const again = [...this.unsettled.values()].filter(each => !each.stored)
    for (const { frame } of again) patchSeq(frame, this.lastSeq)
    return { again, givenUp: [] }
  }

  #beginAnew(session: string): Unsettled[] {
    const givenUp = [...this.unsettled.values()]
    this.unsettled.clear()
    this.id = session
    this.#attempts = 0
    this.#lastMsgId = 0
    this.#stored = 0
    this.lastSeq = 0
    return givenUp
  }

  /** A notification is settled by it. */
  markStored(msgId: number): void {
    if (msgId <= this.#stored) return
    this.#stored = msgId
    for (const each of this.unsettled.values()) {
      if (each.msgId > msgId) return
      each.stored = true
      if (each.kind === 'note') this.unsettled.delete(each.msgId)
    }
  }
}
