import assert from 'node:assert/strict'
import { type Client, connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { readJournal } from './journal.ts'

export interface LoadOptions {
  url: string
  /** Sessions. */
  clients: number
  /** Requests that each session keeps in flight. */
  inFlight: number
}

/** Fast, so that a test does not wait for a client that waits, ms. */
const BACKOFF = { min: 20, max: 100 }
/** How long a request may take, ms: beyond the time in which a dead worker's partitions come back. */
const TIMEOUT_MS = 40_000
/** How long the slowest client may take to come through its first connection, ms. */
const CONNECT_MS = 20_000

/** Sessions that ask `demo.journal` without a pause, each numbering its requests, until told to finish. */
export class Load {
  readonly #clients: readonly Client[]
  readonly #sessions = new Map<string, number>()
  readonly #lanes: Promise<void>[]
  readonly failures: unknown[] = []
  answered = 0
  /** The longest time between two answers of one session since `resetWait`, ms. */
  longestWaitMs = 0
  readonly #answeredAt = new Map<string, number>()
  /** Of what was answered, the highest number of each session. */
  readonly #highest = new Map<string, number>()
  #finishing = false

  private constructor(clients: readonly Client[], inFlight: number) {
    this.#clients = clients
    this.#lanes = clients.flatMap(client => Array.from({ length: inFlight }, () => this.#ask(client, client.session!)))
  }

  static async start({ url, clients, inFlight }: LoadOptions): Promise<Load> {
    const opened = Array.from({ length: clients }, () => connect(url, { backoff: BACKOFF, connectTimeout: CONNECT_MS }))
    return new Load(await Promise.all(opened), inFlight)
  }

  async #ask(client: Client, session: string): Promise<void> {
    while (!this.#finishing) {
      const n = (this.#sessions.get(session) ?? 0) + 1
      this.#sessions.set(session, n)
      try {
        await client.request('demo.journal', { n }, { timeout: TIMEOUT_MS })
        this.#count(session, n)
      } catch (error) {
        this.failures.push(error)
      }
    }
  }

  #count(session: string, n: number): void {
    const now = performance.now()
    this.answered++
    this.longestWaitMs = Math.max(this.longestWaitMs, now - (this.#answeredAt.get(session) ?? now))
    this.#answeredAt.set(session, now)
    this.#highest.set(session, Math.max(n, this.#highest.get(session) ?? 0))
  }

  /** Begins to look for the longest wait anew. */
  resetWait(): void {
    this.longestWaitMs = 0
  }

  /** Resolves when each session has had an answer to something it asked from now on. */
  async everySessionAnswered(): Promise<void> {
    const asked = [...this.#sessions]
    const behind = (): number => asked.filter(([session, n]) => (this.#highest.get(session) ?? 0) <= n).length
    await until(() => behind() === 0, { timeoutMs: TIMEOUT_MS, what: 'an answer for each session' })
  }

  /** Asks nothing more and waits for every answer that is out. */
  async finish(): Promise<void> {
    this.#finishing = true
    await Promise.all(this.#lanes)
    await Promise.all(this.#clients.map(client => client.close()))
  }

  /** Nothing failed; every request was handled, and each session's in the order asked. Returns how many were handled again. */
  assertWhole(journal: string): number {
    assert.deepEqual(this.failures, [])
    const handled = readJournal(journal)
    let repeats = 0
    for (const [session, asked] of this.#sessions) {
      const read = handled.get(session)
      assert.deepEqual(
        read?.first,
        Array.from({ length: asked }, (_, index) => index + 1),
        `session ${session}: first handled in order, none missing`,
      )
      repeats += read.repeats
    }
    return repeats
  }
}
