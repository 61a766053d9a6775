import { patchRedelivered } from '@causeway/protocol'
import type { Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { Counters } from './counters.ts'
import { CATCH_UP_DELIVERIES, CATCH_UP_RETRY_MS, CATCH_UP_SESSIONS } from './limits.ts'
import { endedBy, type GatewaySession } from './session.ts'

export interface OutboxReaderOptions {
  sessions: Sessions
  counters: Counters
  logger: Logger
  /** A message has ended. */
  settle(session: GatewaySession, msgId: number): void
  /** Writes what is due. */
  write(session: GatewaySession): void
  /** Ends the connection of a session of which something is gone. */
  lose(session: GatewaySession, detail: string): void
}

/** Makes good what wake-ups did not bring: after a resume, a gap, a lost batch, or a client that did not read. The outbox is the truth. */
export class OutboxReader {
  readonly #options: OutboxReaderOptions

  constructor(options: OutboxReaderOptions) {
    this.#options = options
  }

  /** The client reads again. */
  async readOn(session: GatewaySession): Promise<void> {
    session.missed = false
    session.catchingUp = false
    await this.catchUp(session)
  }

  /** Reads the outbox from the session's cursor until nothing is missing; where something is gone for good, its client has to know before it gets what follows. */
  async catchUp(session: GatewaySession, redelivered = false): Promise<void> {
    if (session.owner === undefined) return
    if (session.catchingUp) {
      session.readAgain = true
      return
    }
    session.catchingUp = true
    this.#options.counters.catchUps++
    try {
      await this.#readOutbox(session, redelivered)
    } catch (error) {
      this.#options.logger.warn(
        { session: session.id, error: (error as Error).message },
        'the outbox could not be read; the next wake-up tries again',
      )
    } finally {
      session.catchingUp = false
    }
    this.#options.write(session)
  }

  async #readOutbox(session: GatewaySession, redelivered: boolean): Promise<void> {
    const { id, bucket } = session
    for (;;) {
      session.readAgain = false
      const { gapBefore } = session
      const above = session.nextSeq - 1
      const answer = await this.#options.sessions.outbox({ session: id, bucket, above }, CATCH_UP_DELIVERIES)
      if (session.owner === undefined) return
      if (!answer.found) {
        this.#options.lose(session, 'the session has ended')
        return
      }
      const first = answer.deliveries[0]?.seq
      const gap = first !== undefined && session.nextSeq - 1 === above && first > session.nextSeq
      if (gap && !session.isTold(first)) {
        this.#missing(session)
        return
      }
      if (gap) session.skipTo(first)
      this.#takeKept(session, answer.deliveries, redelivered)
      for (const msgId of [...session.pending.keys()]) if (msgId <= answer.doneMark) this.#options.settle(session, msgId)
      if (session.missed) return
      const more = answer.deliveries.length === CATCH_UP_DELIVERIES || session.readAgain
      if (more) continue
      session.passHole()
      const filled = session.fillGap(gapBefore)
      if (filled === 'lost') this.#missing(session)
      if (filled !== 'again') return
    }
  }

  /** Deliveries are gone that its client has not been told of: it learns so at its resume, before it gets what follows. */
  #missing(session: GatewaySession): void {
    this.#options.lose(session, 'deliveries were lost; resume to be told what is missing')
  }

  #takeKept(session: GatewaySession, deliveries: readonly { seq: number; frame: Uint8Array }[], redelivered: boolean): void {
    for (const { seq, frame } of deliveries) {
      if (redelivered) {
        patchRedelivered(frame)
        this.#options.counters.redelivered++
      }
      const ended = endedBy(frame)
      if (ended !== 0) this.#options.settle(session, ended)
      session.takeKept(seq, frame)
    }
    this.#options.write(session)
  }

  /** After a lost wake-up: whose seq or done mark stands above ours? */
  async catchUpAll(held: ReadonlyMap<string, GatewaySession>): Promise<void> {
    const queries = [...held.values()]
      .filter(session => session.owner !== undefined)
      .map(session => ({ session: session.id, bucket: session.bucket, above: session.nextSeq - 1, doneMark: oldestPending(session) - 1 }))
    try {
      const reading: Promise<void>[] = []
      for (const answer of await this.#options.sessions.catchUp(queries)) {
        const session = held.get(answer.session)
        if (session === undefined) continue
        if (!answer.found) this.#options.lose(session, 'the session has ended')
        for (const msgId of [...session.pending.keys()]) if (msgId <= answer.doneMark) this.#options.settle(session, msgId)
        if (answer.deliveries.length > 0) reading.push(this.catchUp(session))
        if (reading.length === CATCH_UP_SESSIONS) await Promise.all(reading.splice(0))
      }
      await Promise.all(reading)
    } catch (error) {
      this.#options.logger.warn({ error: (error as Error).message }, 'lost wake-ups could not be made good; trying again')
      setTimeout(() => void this.catchUpAll(held), CATCH_UP_RETRY_MS)
    }
  }
}

const oldestPending = (session: GatewaySession): number => session.pending.keys().next().value ?? Number.MAX_SAFE_INTEGER
