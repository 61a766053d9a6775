import { type Connected, type Delivered, emptyHistory, type Handling, type History, type MessageKind } from './history.ts'

/** A history written by hand: each step is a millisecond after the one before. */
export class Story {
  readonly history: History = emptyHistory()
  readonly session = 's1'
  #now = 1_000_000

  #at(): number {
    this.#now += 1_000
    return this.#now
  }

  /** Lets time pass, ms. */
  wait(ms: number): this {
    this.#now += ms * 1_000
    return this
  }

  connected(parts: Partial<Connected> = {}): this {
    const { session } = this
    const base = { asked: undefined, resumed: false, recovered: false, lastSeq: 0, downMs: undefined }
    this.history.events.push({ type: 'connected', at: this.#at(), session, client: 'c1', ...base, ...parts })
    return this
  }

  resumed(recovered = true, downMs = 10): this {
    return this.connected({ asked: this.session, resumed: true, recovered, downMs })
  }

  sent(msgId: number, kind: MessageKind = 'count'): this {
    this.history.events.push({ type: 'sent', at: this.#at(), session: this.session, msgId, kind, n: msgId, again: false })
    return this
  }

  stored(msgId: number): this {
    this.history.events.push({ type: 'stored', at: this.#at(), session: this.session, msgId })
    return this
  }

  refused(msgId: number): this {
    this.history.events.push({ type: 'refused', at: this.#at(), session: this.session, msgId, code: 'BACKEND_UNAVAILABLE' })
    return this
  }

  givenUp(msgId: number): this {
    this.history.events.push({ type: 'givenUp', at: this.#at(), session: this.session, msgId })
    return this
  }

  delivered(seq: number, msgId: number, parts: Partial<Delivered> = {}): this {
    const { session } = this
    this.history.events.push({
      type: 'delivered',
      at: this.#at(),
      session,
      seq,
      msgId,
      kind: 'answer',
      n: msgId,
      redelivered: false,
      ...parts,
    })
    return this
  }

  handled(msgId: number, parts: Partial<Handling> = {}): this {
    this.step('begin', msgId, parts)
    return this.step('end', msgId, parts)
  }

  step(phase: Handling['phase'], msgId: number, parts: Partial<Handling> = {}): this {
    this.history.handlings.push({
      ...{ at: this.#at(), worker: 1, phase, session: this.session, msgId, attempt: 1, n: msgId, kind: 'count' },
      ...parts,
    })
    return this
  }

  /** The store loses what it was told in the last so many ms; all, where none are given. */
  storeLost(ms?: number): this {
    const at = this.#at()
    this.history.losses.push({ at, keptUntil: ms === undefined ? 0 : at - ms * 1_000 })
    return this
  }

  /** Sent, stored, handled, answered. */
  whole(msgId: number, seq = msgId): this {
    return this.sent(msgId).stored(msgId).handled(msgId).delivered(seq, msgId)
  }
}
