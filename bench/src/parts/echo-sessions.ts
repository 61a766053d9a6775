import { BUCKETS } from '@causeway/protocol'
import type {
  CatchUpAnswer,
  CatchUpQuery,
  FinishEntry,
  FinishResult,
  Ledger,
  Listening,
  RenewEntry,
  RenewStatus,
  ResumeResult,
  SessionInfo,
  Sessions,
  SharedValue,
  StateQuery,
  StoredState,
  WakeHandlers,
} from '@causeway/sessions'

/** An answer as a wake-up brings it. */
export interface Answer {
  session: string
  frame: Uint8Array
}

/**
 * A session store that stores nothing: it numbers deliveries and wakes the gateway, in the same turn. What a gateway then does is its own work alone.
 * Nothing can be resumed, and an outbox that is read is empty.
 */
export class EchoSessions implements Sessions {
  readonly #seqs = new Map<string, number>()
  readonly #wakesEach: boolean
  #handlers: WakeHandlers | undefined

  /** `wakesEach`: a wake-up for each answer, so that it is written by itself. */
  constructor(wakesEach = false) {
    this.#wakesEach = wakesEach
  }

  /** A batch of answers, as one wake-up unless each has its own. */
  wake(answers: readonly Answer[]): void {
    const handlers = this.#handlers
    if (handlers === undefined) return
    for (const { session, frame } of answers) {
      const seq = (this.#seqs.get(session) ?? 0) + 1
      this.#seqs.set(session, seq)
      handlers.deliver(session, seq, frame)
      if (this.#wakesEach) handlers.flush()
    }
    handlers.flush()
  }

  async listen(_gateway: string, handlers: WakeHandlers): Promise<Listening> {
    this.#handlers = handlers
    const close = async (): Promise<void> => {
      this.#handlers = undefined
    }
    return { close }
  }

  async open(): Promise<void> {}

  async resume(): Promise<ResumeResult> {
    return { status: 'unknown' }
  }

  async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    return entries.map(() => ({ status: 'done' }))
  }

  async marks(): Promise<never[]> {
    return []
  }

  async states(queries: readonly StateQuery[]): Promise<StoredState[]> {
    return queries.map(() => ({ version: 0, values: new Map() }))
  }

  async shared(_service: string, keys: readonly string[]): Promise<SharedValue[]> {
    return keys.map(() => ({ version: 0, value: undefined }))
  }

  async emits(): Promise<never[]> {
    return []
  }

  async relayed(): Promise<void> {}

  async emitsWaiting(_service: string, buckets: readonly number[]): Promise<number[]> {
    return buckets.map(() => 0)
  }

  async renew(entries: readonly RenewEntry[]): Promise<RenewStatus[]> {
    return entries.map(() => 'ok')
  }

  async outbox({ session }: CatchUpQuery): Promise<CatchUpAnswer> {
    return { session, found: true, doneMark: 0, deliveries: [] }
  }

  async catchUp(): Promise<CatchUpAnswer[]> {
    return []
  }

  async end(session: string): Promise<void> {
    this.#seqs.delete(session)
  }

  async sweep(): Promise<[]> {
    return []
  }

  async info(): Promise<SessionInfo | undefined> {
    return undefined
  }

  async list(): Promise<{ total: number; sessions: string[] }> {
    return { total: this.#seqs.size, sessions: [] }
  }

  async ledger(): Promise<Ledger> {
    const ended = { answered: 0, notified: 0, rejected: 0, failed: 0, deadLettered: 0, timedOut: 0, cancelled: 0, expired: 0 }
    return { accepted: 0, ended, parked: 0, retrying: 0, inFlight: new Array<number>(BUCKETS).fill(0) }
  }

  async inFlight(): Promise<never[]> {
    return []
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}
