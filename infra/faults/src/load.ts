import { until } from '@causeway/testing'
import type { Wish } from './handlers.ts'
import type { ClientEvent, MessageKind } from './history.ts'
import { PUMP_MS, UNSURE_MS } from './limits.ts'
import type { Random } from './random.ts'
import { SessionClient } from './session-client.ts'

/** What clients send: shares of the kinds, in any unit. */
export type Mix = { readonly [kind in MessageKind]?: number }

export interface LoadShape {
  /** Sessions. */
  sessions: number
  /** Messages that each keeps in flight. */
  depth: number
  /** Messages a second that each sends at most. */
  rate: number
  mix: Mix
  /** Longest time of a `slow` handler, ms. Default 40. */
  slowMs?: number
  /** Bytes that every message carries beside its numbers. Default 0. */
  padBytes?: number
}

const SLOW_MS = 40
/** Bytes that a `large` message carries. */
const LARGE_BYTES = 40_000
/** Most attempts of a `flaky` handler that fail. */
const FAILURES = 3
/** Most chunks of a stream. */
const CHUNKS = 5

interface Sender {
  client: SessionClient
  /** Number of its last message. */
  n: number
  /** Monotonic ms before which the next one doesn't go. */
  nextAt: number
}

export interface LoadOptions {
  shape: LoadShape
  /** Where gateways may be found. */
  ports: () => readonly number[]
  random: Random
  record: (event: ClientEvent) => void
  /** How long answers are waited for, ms. */
  settleMs: number
}

/** Sessions that keep sending, whatever becomes of their connections. */
export class Load {
  readonly #shape: LoadShape
  readonly #random: Random
  readonly #senders: readonly Sender[]
  readonly #kinds: readonly MessageKind[]
  readonly #timer: NodeJS.Timeout
  readonly #settleMs: number
  #finishing = false
  answered = 0
  sent = 0

  constructor({ shape, ports, random, record, settleMs }: LoadOptions) {
    this.#settleMs = settleMs
    this.#shape = shape
    this.#random = random
    this.#kinds = Object.entries(shape.mix).flatMap(([kind, share]) => Array.from({ length: share }, () => kind as MessageKind))
    const counting = (event: ClientEvent): void => {
      if (event.type === 'delivered' && (event.kind === 'answer' || event.kind === 'error')) this.answered++
      record(event)
    }
    this.#senders = Array.from({ length: shape.sessions }, (_, index) => ({
      client: new SessionClient({ name: `c${index}`, ports, random: random.fork(), record: counting }),
      n: 0,
      nextAt: 0,
    }))
    this.#timer = setInterval(() => this.#pump(), PUMP_MS)
  }

  #pump(): void {
    if (this.#finishing) return
    const now = performance.now()
    for (const sender of this.#senders) {
      const { session } = sender.client
      // what could not be sent is not made up for in one burst
      sender.nextAt = Math.max(sender.nextAt, now - 1_000)
      while (sender.client.ready && sender.nextAt <= now && session.sure < this.#shape.depth) {
        sender.nextAt += 1_000 / this.#shape.rate
        this.sent++
        const kind = this.#random.pick(this.#kinds)
        sender.client.send(kind, this.#wish(kind, ++sender.n))
      }
    }
  }

  #wish(kind: MessageKind, n: number): Wish {
    const padBytes = kind === 'large' ? LARGE_BYTES : this.#shape.padBytes
    return { ...this.#task(kind, n), pad: padBytes === undefined ? undefined : 'x'.repeat(padBytes) }
  }

  #task(kind: MessageKind, n: number): Wish {
    if (kind === 'slow') return { n, ms: this.#random.index(this.#shape.slowMs ?? SLOW_MS) }
    if (kind === 'flaky') return { n, failures: 1 + this.#random.index(FAILURES) }
    if (kind === 'stream') return { n, chunks: 1 + this.#random.index(CHUNKS) }
    return { n }
  }

  /** Resolves when so many more answers have come. */
  async answers(more: number): Promise<void> {
    const from = this.answered
    const timeoutMs = this.#settleMs
    await until(() => this.answered >= from + more, { timeoutMs, what: `${more} more answers, of ${this.answered - from} that came` })
  }

  /** Messages that an answer must still come for. */
  get unsettled(): number {
    return this.#senders.reduce((sum, { client }) => sum + client.session.sure, 0)
  }

  /** Sends nothing more and waits until everything is settled, or its time is up: what is missing then, the checker finds. */
  async finish(): Promise<void> {
    this.#finishing = true
    const settleMs = this.#settleMs
    const settled = (): boolean => this.unsettled === 0
    await until(settled, { timeoutMs: settleMs, what: 'answers' }).catch(() => undefined)
    const quiet = (): boolean =>
      this.#senders.every(({ client }) => performance.now() - client.heardAt > UNSURE_MS || client.session.unsettled.size === 0)
    await until(quiet, { timeoutMs: settleMs, what: 'silence' }).catch(() => undefined)
    for (const { client } of this.#senders) client.giveUpUnsure()
  }

  close(): void {
    clearInterval(this.#timer)
    for (const { client } of this.#senders) client.close()
  }
}
