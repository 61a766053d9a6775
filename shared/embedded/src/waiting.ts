export type WaitingAs = 'parked' | 'retrying'

/** For the ledger: which unfinished messages of living sessions are parked or wait for another attempt, by session. In memory; it is filled again from what is stored. */
export class Waiting {
  readonly #sessions = new Map<string, Map<number, WaitingAs>>()
  readonly #counts = { parked: 0, retrying: 0 }
  /** Whether a message of that session is still to be finished; sessions say it once they are there. A stored one comes without its incarnation. */
  isUnfinished: (session: string, msgId: number, incarnation?: string) => boolean = () => true

  get parked(): number {
    return this.#counts.parked
  }

  get retrying(): number {
    return this.#counts.retrying
  }

  /** Messages of the session that wait. */
  of(session: string): number {
    return this.#sessions.get(session)?.size ?? 0
  }

  add(session: string, msgId: number, as: WaitingAs, incarnation?: string): void {
    if (!this.#sessions.get(session)?.has(msgId) && !this.isUnfinished(session, msgId, incarnation)) return
    this.leave(session, msgId)
    const messages = this.#sessions.get(session) ?? new Map<number, WaitingAs>()
    this.#sessions.set(session, messages.set(msgId, as))
    this.#counts[as]++
  }

  /** Whether it waited. */
  leave(session: string, msgId: number): boolean {
    const messages = this.#sessions.get(session)
    const as = messages?.get(msgId)
    if (messages === undefined || as === undefined) return false
    this.#counts[as]--
    messages.delete(msgId)
    if (messages.size === 0) this.#sessions.delete(session)
    return true
  }

  /** The session has ended; returns how many of it waited. */
  leaveAll(session: string): number {
    const messages = this.#sessions.get(session) ?? new Map<number, WaitingAs>()
    for (const as of messages.values()) this.#counts[as]--
    this.#sessions.delete(session)
    return messages.size
  }

  /** Forgets what `isUnfinished` denies: for after a start. */
  prune(): void {
    for (const [session, messages] of this.#sessions)
      for (const msgId of [...messages.keys()]) if (!this.isUnfinished(session, msgId)) this.leave(session, msgId)
  }
}
