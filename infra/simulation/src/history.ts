/** What a message's handler is told to do. */
export type Behaviour =
  | { kind: 'ok'; ms: number }
  | { kind: 'fail'; times: number; ms: number }
  | { kind: 'poison'; ms: number }
  | { kind: 'reject'; ms: number }
  | { kind: 'stream'; chunks: number; ms: number }
  | { kind: 'push'; ms: number }
  /** Adds its number to the session's state, and emits it. */
  | { kind: 'keep'; ms: number }

/** A message as its client sends it. */
export interface Plan {
  /** Unique in a run. */
  number: number
  request: boolean
  /** Whether its route keeps the session's order. */
  ordered: boolean
  behaviour: Behaviour
  timeoutMs: number | undefined
}

/** What was seen of a run by its clients and handlers, in the order in which it was. Times are simulated Unix ms. */
export type Seen =
  | { what: 'opened'; at: number; client: string; session: string }
  | { what: 'resumed'; at: number; client: string; session: string; recovered: boolean; lastSeq: number; epoch: number }
  | { what: 'lost'; at: number; client: string; session: string; unanswered: number[] }
  | { what: 'sent'; at: number; client: string; session: string; msgId: number; plan: Plan; time: number }
  | { what: 'cancelled'; at: number; session: string; msgId: number }
  | { what: 'refused'; at: number; session: string; msgId: number; code: string; times: number }
  | { what: 'stored'; at: number; session: string; msgId: number }
  | {
      what: 'delivered'
      at: number
      session: string
      seq: number
      msgId: number
      ends: boolean
      code: string
      number: number
      bytes: string
      repeat: boolean
    }
  | { what: 'gap'; at: number; session: string; expected: number; seq: number; told: boolean }
  | { what: 'closed'; at: number; client: string; code: string; detail: string }
  | { what: 'handling'; at: number; session: string; msgId: number; worker: string; number: number; attempt: number }
  | {
      what: 'handled'
      at: number
      session: string
      msgId: number
      worker: string
      number: number
      attempt: number
      outcome: 'answered' | 'failed' | 'rejected'
    }
  | { what: 'fault'; at: number; text: string }
  /** The gateways' own watch says that the ledger does not balance. */
  | { what: 'alarm'; at: number; text: string }

export class History {
  readonly seen: Seen[] = []
  readonly #told: (seen: Seen) => void

  /** `told` hears of each as it is seen. */
  constructor(told: (seen: Seen) => void) {
    this.#told = told
  }

  add(seen: Seen): void {
    this.seen.push(seen)
    this.#told(seen)
  }
}
