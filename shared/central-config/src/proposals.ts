import { randomUUID } from 'node:crypto'
import { within } from '@causeway/backends'
import type { Appender, Log, LogRecord } from '@causeway/log'
import { type Change, encodeChange, keyOf } from './change.ts'
import { PROPOSE_MS } from './limits.ts'
import type { Verdict } from './versions.ts'

/** A change as somebody wants it made. */
export interface Proposal {
  document: Change['document']
  /** The version it was made from; it becomes the next one, or is refused where another came before. */
  base: number
  by: string
  reason: string
  /** Unix ms. */
  at: number
}

interface Waiting {
  resolve(verdict: Verdict): void
  reject(error: Error): void
}

interface ConfigRecord extends LogRecord {
  /** undefined of a tombstone. */
  id?: string
}

/** Writes to the configuration's topic. What becomes of a proposal is known once it has come back in the log's order. */
export class Proposals {
  readonly #topic: string
  readonly #appender: Appender<ConfigRecord>
  readonly #waiting = new Map<string, Waiting>()

  constructor(log: Log, topic: string) {
    this.#topic = topic
    this.#appender = log.appender<ConfigRecord>({
      stored: () => {},
      refused: ({ id }, reason, detail) => {
        if (id === undefined) return
        const unsure = reason === 'EXPIRED' ? '; it may come to be stored all the same: look at the present version' : ''
        this.#end(id)?.reject(new Error(`the log has not taken the change: ${detail || reason}${unsure}`))
      },
    })
  }

  /** Rejects where the log can't be reached: then nothing is known. */
  async propose(proposal: Proposal): Promise<Verdict> {
    const change: Change = { id: randomUUID(), version: proposal.base + 1, ...proposal }
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>()
    this.#waiting.set(change.id, { resolve, reject })
    const late = (): Error =>
      new Error(`the log has not given the change back within ${PROPOSE_MS} ms: look whether it is the present version`)
    try {
      this.#append({ id: change.id, key: keyOf(change), value: encodeChange(change) })
      const verdict = await within(PROPOSE_MS, promise, late)
      if (verdict === 'stale') this.remove([keyOf(change)])
      return verdict
    } finally {
      this.#waiting.delete(change.id)
    }
  }

  /** A record has come back. */
  came({ id }: Change, verdict: Verdict): void {
    this.#end(id)?.resolve(verdict)
  }

  /** Takes keys away from the log; those that are not, are with the next change. */
  remove(keys: readonly string[]): void {
    for (const key of keys) this.#append({ key, value: new Uint8Array(0), tombstone: true })
  }

  #append(record: Pick<ConfigRecord, 'id' | 'key' | 'value' | 'tombstone'>): void {
    this.#appender.append({ topic: this.#topic, partition: 0, header: '', deadline: Date.now() + PROPOSE_MS, resent: false, ...record })
  }

  #end(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  close(): Promise<void> {
    return this.#appender.close(PROPOSE_MS)
  }
}
