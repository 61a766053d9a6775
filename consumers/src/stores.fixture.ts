import type { Appender, AppenderHandlers, Log, LogConsumer, LogRecord, PartitionLag, RefusalReason, TopicSpec } from '@causeway/log'
import type { Held, LateSession } from '@causeway/registry'
import type { DeadLetter, ParkAnswer, Retries, RetryMessage } from '@causeway/retries'
import type {
  FinishEntry,
  FinishFinal,
  FinishResult,
  Mark,
  MarkQuery,
  Sessions,
  SharedValue,
  StateQuery,
  StoredState,
} from '@causeway/sessions'

/** A call held back by a test until it lets it go on. */
class Gate {
  #closed: Promise<void> | undefined
  #open: (() => void) | undefined

  hold(): void {
    if (this.#closed !== undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closed = promise
    this.#open = resolve
  }

  release(): void {
    this.#open?.()
    this.#closed = undefined
  }

  async pass(): Promise<void> {
    await this.#closed
  }
}

const key = (session: string, incarnation: string, msgId: number): string => `${session} ${incarnation} ${msgId}`

/** The finishing half of the sessions port in memory: the first final answer is `done`, every other `duplicate`; a stream belongs to its first run. */
export class FakeSessions {
  /** All entries of all calls, in order. */
  readonly entries: FinishEntry[] = []
  /** What each of them was answered. */
  readonly statuses: FinishResult['status'][] = []
  readonly calls: number[] = []
  readonly askedMarks: MarkQuery[] = []
  readonly finishing = new Gate()
  readonly marking = new Gate()
  /** Sessions that the store has no more: their finishes are `expired`. */
  readonly gone = new Set<string>()
  /** Sessions for which the store fails. */
  readonly broken = new Set<string>()
  /** Sessions whose outbox has no room: chunks and pushes to them are `outboxFull`. */
  readonly full = new Set<string>()
  /** Why a ping fails; undefined while it doesn't. */
  down: string | undefined
  /** Why the store refuses to tell marks. */
  marksRefusal: Error | undefined
  /** What the service keeps of sessions. */
  readonly kept = new Map<string, StoredState>()
  /** What it keeps for all of them; to be changed by the test. */
  readonly keptShared = new Map<string, SharedValue>()
  /** How finishes with effects are answered next, in order, in place of being done. */
  readonly forbidding: FinishResult['status'][] = []
  readonly askedStates: StateQuery[][] = []
  readonly #finished = new Set<string>()
  readonly #streams = new Map<string, { run: string; next: number }>()

  /** The port, of which a worker calls no more than this. */
  get port(): Sessions {
    return this as unknown as Sessions
  }

  /** As if a message had been finished before. */
  markFinished(session: string, msgId: number, incarnation = 'inc-1'): void {
    this.#finished.add(key(session, incarnation, msgId))
  }

  /** As if another run had written so many chunks of a message's stream. */
  beginStream(session: string, msgId: number, run: string, next: number, incarnation = 'inc-1'): void {
    this.#streams.set(key(session, incarnation, msgId), { run, next })
  }

  async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    this.calls.push(entries.length)
    await this.finishing.pass()
    this.entries.push(...entries)
    const results = entries.map(entry => this.#finish(entry))
    this.statuses.push(...results.map(result => result.status))
    return results
  }

  #finish(entry: FinishEntry): FinishResult {
    if (this.broken.has(entry.session)) return { status: 'failed' }
    const status = this.gone.has(entry.session) ? 'expired' : this.#taken(entry)
    const unparks = entry.kind === 'final' && entry.unpark !== undefined
    return unparks ? { status, parked: 'cleared' } : { status }
  }

  #taken(entry: FinishEntry): FinishResult['status'] {
    if (entry.kind === 'push') return this.full.has(entry.session) ? 'outboxFull' : 'done'
    const id = key(entry.session, entry.incarnation, entry.msgId)
    if (this.#finished.has(id)) return 'duplicate'
    const stream = this.#streams.get(id)
    if (entry.run !== undefined) {
      const next = stream === undefined ? { run: entry.run, next: 0 } : stream
      if (next.run !== entry.run || entry.chunk! > next.next) return 'streamTaken'
      if (entry.chunk! < next.next) return 'duplicate'
      if (entry.kind === 'chunk' && this.full.has(entry.session)) return 'outboxFull'
      this.#streams.set(id, { run: entry.run, next: entry.chunk! + 1 })
    }
    if (entry.kind === 'final') {
      const forbidden = this.#forbidden(entry)
      if (forbidden !== undefined) return forbidden
      this.#finished.add(id)
    }
    return 'done'
  }

  #forbidden({ session, effects }: FinishFinal): FinishResult['status'] | undefined {
    if (effects === undefined) return undefined
    const forbidden = this.forbidding.shift()
    if (forbidden !== undefined) return forbidden
    if (effects.pushes.length > 0 && this.full.has(session)) return 'outboxFull'
    if (effects.state === undefined) return undefined
    const { version, values } = this.kept.get(session) ?? { version: 0, values: new Map() }
    if (version !== effects.state.version) return 'conflict'
    for (const [key, value] of effects.state.sets) values.set(key, value)
    for (const key of effects.state.deletes) values.delete(key)
    this.kept.set(session, { version: version + 1, values })
    return undefined
  }

  async shared(_service: string, keys: readonly string[]): Promise<SharedValue[]> {
    return keys.map(key => this.keptShared.get(key) ?? { version: 0, value: undefined })
  }

  async states(queries: readonly StateQuery[]): Promise<StoredState[]> {
    this.askedStates.push([...queries])
    return queries.map(({ session }) => {
      const { version, values } = this.kept.get(session) ?? { version: 0, values: new Map() }
      return { version, values: new Map(values) }
    })
  }

  async marks(queries: readonly MarkQuery[]): Promise<Mark[]> {
    this.askedMarks.push(...queries)
    await this.marking.pass()
    if (this.marksRefusal !== undefined) throw this.marksRefusal
    return queries.map(({ session, incarnation, msgId }) => {
      if (this.gone.has(session)) return 'gone'
      return this.#finished.has(key(session, incarnation, msgId)) ? 'finished' : 'fresh'
    })
  }

  async ping(): Promise<void> {
    if (this.down !== undefined) throw new Error(this.down)
  }
}

/** The retries port in memory: heads, what is parked behind them, and what was scheduled. Nothing comes due by itself. */
export class FakeRetries {
  /** Lane to the message that stands as its head. */
  readonly standing = new Map<string, number>()
  readonly parked: RetryMessage[] = []
  readonly scheduled: { message: RetryMessage; delayMs: number; ordered: boolean }[] = []
  readonly buried: DeadLetter[] = []
  readonly askedBuckets: number[] = []
  readonly offers: number[] = []
  readonly parking = new Gate()
  readonly scheduling = new Gate()
  readonly readingHeads = new Gate()
  readonly burying = new Gate()
  /** Calls of bury() that fail before one succeeds. */
  buryFailures = 0
  /** Why the store refuses to park, to schedule and to tell heads. */
  refusal: Error | undefined
  /** Another worker holds the partition by now. */
  lost = false

  get port(): Retries {
    return this as unknown as Retries
  }

  async heads(_service: string, buckets: readonly number[]): Promise<string[]> {
    await this.readingHeads.pass()
    if (this.refusal !== undefined) throw this.refusal
    this.askedBuckets.push(...buckets)
    return [...this.standing.keys()]
  }

  async park(messages: readonly RetryMessage[]): Promise<ParkAnswer[]> {
    this.offers.push(messages.length)
    await this.parking.pass()
    if (this.refusal !== undefined) throw this.refusal
    if (this.lost) return messages.map(() => 'lost')
    return messages.map(message => {
      const head = this.standing.get(message.lane ?? message.session)
      if (head === undefined) return 'go'
      if (head === message.msgId) return 'head'
      this.parked.push(message)
      return 'parked'
    })
  }

  async retry(message: RetryMessage, delayMs: number, ordered: boolean): Promise<'kept' | 'lost'> {
    await this.scheduling.pass()
    if (this.refusal !== undefined) throw this.refusal
    if (this.lost) return 'lost'
    if (ordered) this.standing.set(message.lane ?? message.session, message.msgId)
    this.scheduled.push({ message, delayMs, ordered })
    return 'kept'
  }

  async bury(letter: DeadLetter): Promise<void> {
    await this.burying.pass()
    if (this.buryFailures > 0) {
      this.buryFailures--
      throw new Error('the store is away')
    }
    this.buried.push(letter)
  }
}

/** A log that takes what is appended to it, or refuses it all. */
export class FakeLog {
  readonly appended: LogRecord[] = []
  refusing: boolean | RefusalReason = false
  /** What is appended waits until it is let go, or the appender is closed. */
  holding = false
  /** Partitions of topics that were made. */
  readonly topics = new Map<string, number>()
  readonly #held: { go: () => void; close: () => void }[] = []
  /** Why a ping fails; undefined while it doesn't. */
  down: string | undefined
  closedWithin: number | undefined

  get port(): Log {
    return this as unknown as Log
  }

  async lag(_group: string, topic: string): Promise<PartitionLag[]> {
    const partitions = this.topics.get(topic)
    if (partitions === undefined) throw new Error(`there is no topic ${topic}`)
    return Array.from({ length: partitions }, (_, partition) => ({ partition, end: 0, committed: undefined }))
  }

  async partitionsOf(topic: string): Promise<number | undefined> {
    return this.topics.get(topic)
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (const { topic, partitions } of topics) this.topics.set(topic, partitions)
  }

  get held(): number {
    return this.#held.length
  }

  letGo(): void {
    this.holding = false
    for (const { go } of this.#held.splice(0)) go()
  }

  appender<R extends LogRecord>(handlers: AppenderHandlers<R>): Appender<R> {
    return {
      append: record => {
        const go = (): void => {
          const reason = this.refusing === true ? 'EXPIRED' : this.refusing
          if (reason !== false) handlers.refused(record, reason, 'no reply from the log')
          else {
            this.appended.push(record)
            handlers.stored([record])
          }
        }
        if (this.holding) this.#held.push({ go, close: () => handlers.refused(record, 'CLOSED', 'the appender is closed') })
        else setImmediate(go)
      },
      waitingBytes: 0,
      waitingRecords: 0,
      close: async timeoutMs => {
        this.closedWithin = timeoutMs
        for (const { close } of this.#held.splice(0)) close()
      },
    }
  }

  async ping(): Promise<void> {
    if (this.down !== undefined) throw new Error(this.down)
  }
}

/** A consumer that keeps what it is told. */
export class FakeConsumer implements LogConsumer {
  readonly commits: [number, number][] = []
  readonly flow: string[] = []
  /** Commits that fail before one succeeds. */
  failures = 0

  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    if (this.failures > 0) {
      this.failures--
      throw new Error('the group has no coordinator')
    }
    this.commits.push(...offsets)
  }

  pause(partitions: readonly number[]): void {
    this.flow.push(`pause ${partitions.join(' ')}`)
  }

  resume(partitions: readonly number[]): void {
    this.flow.push(`resume ${partitions.join(' ')}`)
  }

  async leave(): Promise<void> {
    this.flow.push('leave')
  }
}

/** Who holds which partition and which sessions are late, as the registry knows it. */
export class FakeHolders {
  readonly by = new Map<number, string>()
  /** `worker session` to partition. */
  readonly named = new Map<string, number>()
  /** Sessions of each call that settled some. */
  readonly settled: string[][] = []

  async hold(_service: string, worker: string, partitions: readonly number[], force: boolean): Promise<Held> {
    const others = partitions.filter(partition => (this.by.get(partition) ?? worker) !== worker)
    for (const partition of partitions) if (force || !others.includes(partition)) this.by.set(partition, worker)
    return { others, late: await this.late(_service, worker, partitions) }
  }

  async release(_service: string, worker: string, partitions: readonly number[], late: readonly LateSession[]): Promise<void> {
    for (const partition of partitions) if (this.by.get(partition) === worker) this.by.delete(partition)
    for (const { partition, session } of late) this.named.set(`${worker} ${session}`, partition)
  }

  async late(_service: string, worker: string, partitions: readonly number[]): Promise<LateSession[]> {
    return [...this.named]
      .filter(([name, partition]) => partitions.includes(partition) && !name.startsWith(`${worker} `))
      .map(([name, partition]) => ({ partition, session: name.slice(name.indexOf(' ') + 1) }))
  }

  async settle(_service: string, worker: string, sessions: readonly LateSession[]): Promise<void> {
    this.settled.push(sessions.map(({ session }) => session))
    for (const { session } of sessions) this.named.delete(`${worker} ${session}`)
  }

  /** As if a worker's lease had run out. */
  die(worker: string): void {
    for (const [partition, holder] of this.by) if (holder === worker) this.by.delete(partition)
    for (const name of this.named.keys()) if (name.startsWith(`${worker} `)) this.named.delete(name)
  }
}
