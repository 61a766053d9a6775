import type { OpenSession, Sessions } from '@causeway/sessions'

/** Most sessions of one call. */
const CALL_SESSIONS = 500

interface Waiting {
  session: OpenSession
  opened(): void
  failed(error: unknown): void
}

/** Opens sessions: what one turn of the event loop asks for goes in one call, one call in the air, the next gathers behind it. */
export class SessionOpener {
  readonly #sessions: Pick<Sessions, 'open'>
  #waiting: Waiting[] = []
  #scheduled = false

  constructor(sessions: Pick<Sessions, 'open'>) {
    this.#sessions = sessions
  }

  /** Rejects where the store can't be reached. */
  open(session: OpenSession): Promise<void> {
    return new Promise((opened, failed) => {
      this.#waiting.push({ session, opened, failed })
      if (this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => void this.#call())
    })
  }

  async #call(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, CALL_SESSIONS)
      try {
        await this.#sessions.open(batch.map(({ session }) => session))
        for (const { opened } of batch) opened()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    this.#scheduled = false
  }
}
