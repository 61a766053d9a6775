import type { Appender, Log, RefusalReason } from '@causeway/log'
import { encodeRecordHeader, partitionOf } from '@causeway/protocol'
import type { CatchUpAnswer, Listening, Sessions, WakeHandlers } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { Clock } from '../clock.ts'
import { CATCH_UP_RETRY_MS, DEADLINE_TICK_MS, REQUEST_RENEW_TICK_MS, REQUESTS_RENEWED } from '../limits.ts'
import { WorkerStops } from '../signal-reasons.ts'
import { MSG_ID, type Outgoing, type RequestRecord } from './outgoing.ts'
import { requestFailure } from './request-error.ts'
import { SessionOpener } from './session-opener.ts'

export interface RequestLinkOptions {
  worker: string
  log: Log
  sessions: Sessions
  partitions: number
  clock: Clock
  logger: Logger
  /** Its deadline has passed. */
  expired(outgoing: Outgoing): void
}

const UNKNOWN = 'whether it had an effect is not known'

/** The gateway's half of a worker's requests: their sessions are opened, their records appended, their answers taken, by wake-up or from the outbox. */
export class RequestLink implements WakeHandlers {
  readonly #options: RequestLinkOptions
  readonly #opener: SessionOpener
  /** By session, until their end is known to the store. */
  readonly #open = new Map<string, Outgoing>()
  /** Of which the store is to be told something. */
  readonly #touched = new Set<Outgoing>()
  #connected: Promise<{ appender: Appender<RequestRecord>; listening: Listening }> | undefined
  #appender: Appender<RequestRecord> | undefined
  readonly #ticking: { close(): void }[] = []
  #renewing = false
  #catchingUp = false
  /** Something more was lost meanwhile. */
  #again = false

  constructor(options: RequestLinkOptions) {
    this.#options = options
    this.#opener = new SessionOpener(options.sessions)
  }

  get size(): number {
    return this.#open.size
  }

  get waitingBytes(): number {
    return this.#appender?.waitingBytes ?? 0
  }

  all(): Outgoing[] {
    return [...this.#open.values()]
  }

  /** Listens for wake-ups, from the first request on. */
  async connect(): Promise<void> {
    this.#connected ??= this.#connect()
    const connected = this.#connected
    try {
      await connected
    } catch (error) {
      if (this.#connected === connected) this.#connected = undefined
      throw error
    }
  }

  async #connect(): Promise<{ appender: Appender<RequestRecord>; listening: Listening }> {
    const { sessions, log, worker, clock } = this.#options
    const listening = await sessions.listen(worker, this)
    const appender = log.appender<RequestRecord>({
      stored: records => this.#stored(records),
      refused: (record, reason, detail) => this.#refused(record, reason, detail),
    })
    this.#appender = appender
    this.#ticking.push(
      clock.every(DEADLINE_TICK_MS, () => this.#look(clock.now())),
      clock.every(REQUEST_RENEW_TICK_MS, () => void this.#renew()),
    )
    return { appender, listening }
  }

  /** Its answer, or why there is none, is the outgoing's. */
  send(outgoing: Outgoing): void {
    this.#open.set(outgoing.id, outgoing)
    this.#opener.open(outgoing.opening(this.#options.worker)).then(
      () => {
        // given up before it was sent
        if (!this.#open.has(outgoing.id)) this.#endSession(outgoing)
        else this.#append(outgoing)
      },
      error => {
        if (!outgoing.settled)
          outgoing.reject(
            requestFailure(outgoing.asked.route, 'BACKEND_UNAVAILABLE', `its session could not be opened: ${error.message}`, error),
          )
        this.#open.delete(outgoing.id)
      },
    )
  }

  #append(outgoing: Outgoing): void {
    const { worker, partitions } = this.#options
    const { id, bucket, incarnation, asked } = outgoing
    const { route, topic, payload, codec, opcode, principal, key, traceparent, deadline, hops } = asked
    const header = encodeRecordHeader({
      ...{ msgId: MSG_ID, prev: 0, kind: 'request', route, codec, opcode, principal, key, deadline, hops },
      ...{ gateway: worker, epoch: 1, incarnation, resent: false },
    })
    outgoing.appended = true
    this.#appender!.append({
      ...{ topic, header, traceparent, deadline, outgoing, key: id, value: payload },
      ...{ partition: partitionOf(bucket, partitions), resent: false },
    })
  }

  #stored(records: readonly RequestRecord[]): void {
    for (const { outgoing } of records) {
      outgoing.stored = true
      if (this.#open.has(outgoing.id)) this.#touched.add(outgoing)
    }
  }

  #refused({ outgoing }: RequestRecord, reason: RefusalReason, detail: string): void {
    if (reason === 'EXPIRED') {
      if (this.#open.has(outgoing.id)) this.#options.expired(outgoing)
      return
    }
    if (!outgoing.settled)
      outgoing.reject(reason === 'CLOSED' ? new WorkerStops() : requestFailure(outgoing.asked.route, 'TOO_LARGE', detail))
    this.done(outgoing)
  }

  /** Its end is known: its session goes. */
  done(outgoing: Outgoing): void {
    this.#touched.delete(outgoing)
    if (this.#open.delete(outgoing.id) && outgoing.appended) this.#endSession(outgoing)
  }

  #endSession({ id, bucket }: Outgoing): void {
    this.#options.sessions.end(id, bucket, 1).catch(error => {
      this.#options.logger.debug({ error: (error as Error).message }, "a request's session could not be ended; it ends by its time")
    })
  }

  /** The store has no such session any more. */
  #lose(outgoing: Outgoing, why: string): void {
    if (!outgoing.settled) outgoing.reject(requestFailure(outgoing.asked.route, 'TIMEOUT', `${why}; ${UNKNOWN}`))
    this.done(outgoing)
  }

  #look(now: number): void {
    for (const outgoing of this.#open.values()) if (outgoing.asked.deadline <= now && !outgoing.ending) this.#options.expired(outgoing)
  }

  /** Stored marks, for the ledger; and after a change of the store, what the worker knows of each. */
  async #renew(): Promise<void> {
    if (this.#renewing || this.#touched.size === 0) return
    this.#renewing = true
    const batch = [...this.#touched].slice(0, REQUESTS_RENEWED)
    for (const outgoing of batch) this.#touched.delete(outgoing)
    try {
      const statuses = await this.#options.sessions.renew(batch.map(outgoing => outgoing.renewal()))
      for (const [index, status] of statuses.entries())
        if (status !== 'ok') this.#lose(batch[index], `the session store has lost it (${status})`)
    } catch (error) {
      for (const outgoing of batch) if (this.#open.has(outgoing.id)) this.#touched.add(outgoing)
      this.#options.logger.debug({ error: (error as Error).message }, 'marks of requests could not be told; trying again')
    } finally {
      this.#renewing = false
    }
  }

  /** Reads the answers that wake-ups did not bring. */
  async catchUp(outgoings: readonly Outgoing[]): Promise<void> {
    if (outgoings.length === 0) return
    try {
      for (const answer of await this.#options.sessions.catchUp(outgoings.map(outgoing => outgoing.query()))) this.#caughtUp(answer)
    } catch (error) {
      this.#options.logger.warn({ error: (error as Error).message }, 'answers of requests could not be read; trying again')
      setTimeout(() => void this.catchUp(outgoings.filter(({ id }) => this.#open.has(id))), CATCH_UP_RETRY_MS)
    }
  }

  #caughtUp({ session, found, deliveries }: CatchUpAnswer): void {
    const outgoing = this.#open.get(session)
    if (outgoing === undefined) return
    for (const { frame } of deliveries) this.#take(outgoing, frame)
    if (!found && outgoing.appended) this.#lose(outgoing, 'its session has ended')
  }

  #take(outgoing: Outgoing, frame: Uint8Array): void {
    if (outgoing.take(frame)) this.done(outgoing)
  }

  // What the store wakes it with.

  deliver(session: string, _seq: number, frame: Uint8Array): void {
    const outgoing = this.#open.get(session)
    if (outgoing !== undefined) this.#take(outgoing, frame)
  }

  lost(): void {
    if (this.#catchingUp) {
      this.#again = true
      return
    }
    this.#catchingUp = true
    this.#again = false
    void this.catchUp(this.all().filter(({ appended }) => appended)).finally(() => {
      this.#catchingUp = false
      if (this.#again) this.lost()
    })
  }

  storeChanged(): void {
    for (const outgoing of this.#open.values()) if (outgoing.appended) this.#touched.add(outgoing)
  }

  finished(): void {
    // a request ends with a frame
  }

  load(): void {
    // what is let in is bounded by what is in flight
  }

  flush(): void {
    // each answer is taken as it comes
  }

  replaced(): void {
    // nobody resumes the session of a request
  }

  async close(timeoutMs: number): Promise<void> {
    for (const ticking of this.#ticking) ticking.close()
    const connected = await this.#connected?.catch(() => undefined)
    if (connected === undefined) return
    await connected.appender.close(timeoutMs)
    await connected.listening.close()
  }
}
