import { within } from '@causeway/backends'
import type { Channels } from '@causeway/channels'
import { type ConfigDocument, documentFaults, faultText, type Settings } from '@causeway/config'
import type { ConsumedRecord, Following, Log } from '@causeway/log'
import type { Logger } from '@causeway/telemetry'
import { decodeChange } from './change.ts'
import { DiskCopy } from './disk-copy.ts'
import { READ_WITHIN_MS, REASON_CHARACTERS, TOPIC_RETRY_MS } from './limits.ts'
import { type ConfigPart, Parts, type Refusal } from './parts.ts'
import { type Proposal, Proposals } from './proposals.ts'
import { type ProcessState, tellStates } from './states.ts'
import { type Version, Versions } from './versions.ts'

export type { Proposal } from './proposals.ts'

export interface CentralConfigOptions {
  log: Log
  channels: Channels
  topic: string
  replication: number
  /** Where the last good version is kept, and what the process is: gateway, worker or both. */
  folder: string
  role: string
  logger: Logger
  /** How long a start waits for the log, ms. Default READ_WITHIN_MS. */
  readWithinMs?: number
}

/** The central configuration, and what of it a process keeps to itself by its own. */
export interface Central {
  config: CentralConfig
  settings: Settings
}

/** What became of a proposal; `version` is the one it became, or the present one that came before it. */
export interface Proposed {
  accepted: boolean
  version: number
}

/**
 * The central configuration in one process. Versions lie in a compacted topic, and its order decides: a proposal names the version that it was made from, and
 * is the next one where no other came before, for every reader alike (docs/adr/0016). A version is put to work by all parts of the process, or by none, which
 * then goes on with the one before and says so.
 */
export class CentralConfig {
  readonly #options: CentralConfigOptions
  readonly #versions = new Versions()
  readonly #parts = new Parts()
  readonly #disk: DiskCopy
  readonly #proposals: Proposals
  readonly #watchers = new Set<(document: ConfigDocument) => void>()
  #following: Following | undefined
  #retry: NodeJS.Timeout | undefined
  #states: { tell(): void; close(): Promise<void> } | undefined
  /** What the parts work by. */
  #current: Version
  /** The copy found on disk at the start: what parts that refuse the present version begin with. */
  #copy: Version | undefined
  /** Version of the parts that refused the present one at their beginning. */
  #former = 0
  #refusal: Refusal | undefined
  /** The part that refused the present version at its beginning. */
  #unfit: ConfigPart | undefined
  #readable = false
  #caughtUp = Promise.withResolvers<void>()
  /** One version is put to work at a time. */
  #turn: Promise<void> = Promise.resolve()
  #closed = false
  /** Whether it was said that the topic can't be used. */
  #told = false
  /** Versions that this process did not work by. */
  refusals = 0

  private constructor(options: CentralConfigOptions) {
    this.#options = options
    this.#disk = new DiskCopy(options)
    this.#proposals = new Proposals(options.log, options.topic)
    this.#current = this.#versions.latest
  }

  /** Resolves once the log has been read, or can't be in time: then with the copy on disk, or with nothing. Goes on reading either way. */
  static async open(options: CentralConfigOptions): Promise<CentralConfig> {
    const central = new CentralConfig(options)
    await central.#begin(options.readWithinMs ?? READ_WITHIN_MS)
    return central
  }

  async #begin(withinMs: number): Promise<void> {
    const { channels, logger } = this.#options
    this.#copy = await this.#disk.read()
    void this.#follow()
    const isRead = await within(withinMs, this.#caughtUp.promise).then(
      () => true,
      () => false,
    )
    if (isRead) this.#current = this.#versions.latest
    else this.#beginWithCopy()
    if (isRead && this.#current.version === 0 && this.#copy !== undefined)
      logger.warn(
        { copy: this.#copy.version },
        'the log holds no central configuration, though this process worked by one before; put it back with `causeway config apply`',
      )
    this.#states = await tellStates(channels, () => this.states(), logger)
  }

  #beginWithCopy(): void {
    const { logger } = this.#options
    if (this.#copy === undefined) {
      logger.warn('the central configuration can not be read, and there is no copy of it on disk: this process begins with its own alone')
      return
    }
    this.#current = this.#copy
    logger.warn({ version: this.#copy.version }, 'the central configuration can not be read: this process begins with the copy on its disk')
  }

  async #follow(): Promise<void> {
    const { log, topic, replication, logger } = this.#options
    try {
      await log.ensureTopics([{ topic, partitions: 1, replication, compacted: true }])
      const following = await log.follow(topic, 0, {
        records: records => this.#records(records),
        caughtUp: () => {
          this.#readable = true
          this.#caughtUp.resolve()
          this.#followLatest()
        },
      })
      if (this.#closed) await following.close()
      else this.#following = following
    } catch (error) {
      if (this.#closed) return
      const line = { topic, error: (error as Error).message }
      if (this.#told) logger.debug(line, 'the topic of the central configuration is still not as it should be')
      else logger.warn(line, 'the topic of the central configuration is not as it should be, or can not be made; trying again')
      this.#told = true
      this.#retry = setTimeout(() => void this.#follow(), TOPIC_RETRY_MS)
    }
  }

  #records(records: readonly ConsumedRecord[]): void {
    const { logger } = this.#options
    for (const { key, value, offset } of records) {
      if (value.length === 0) {
        this.#versions.removed(key)
        continue
      }
      const change = decodeChange(value)
      if (change === undefined) logger.error({ offset, key }, 'a record of the topic of the central configuration is none of its changes')
      else this.#proposals.came(change, this.#versions.take(change))
    }
    if (this.#readable) this.#followLatest()
  }

  /** Has the parts work by the newest version; those between are left out. */
  #followLatest(): void {
    this.#turn = this.#turn.then(async () => {
      const wanted = this.#versions.latest
      if (this.#closed || wanted.version === this.#current.version || wanted.version === this.#refusal?.version) return
      await this.#work(wanted)
      this.#states?.tell()
    })
  }

  async #work(wanted: Version): Promise<void> {
    const { logger } = this.#options
    const { version, by, reason } = wanted
    // an older release does not know a newer one's keys
    const faults = documentFaults(wanted.document).map(faultText)
    const unknown = { owner: this.#parts.owners[0] ?? this.#options.role, reason: faults.join('; ').slice(0, REASON_CHARACTERS) }
    const refused = faults.length > 0 ? unknown : await this.#parts.apply(wanted.document)
    if (refused !== undefined) {
      this.#refuse({ version, ...refused })
      return
    }
    this.#refusal = undefined
    this.#current = wanted
    logger.info({ version, by, reason }, 'the central configuration has changed')
    for (const watcher of this.#watchers) watcher(wanted.document)
    void this.#disk.write(wanted)
  }

  #refuse(refusal: Refusal): void {
    this.#refusal = refusal
    this.refusals++
    const { owner, version, reason } = refusal
    this.#options.logger.error(
      { owner, version, reason, stays: this.#current.version },
      'a version of the central configuration can not be worked by here',
    )
  }

  /** Adds a part and has it work by the present version: by that on disk, or by none, where it refuses it. Resolves with what removes it. */
  async attach(part: ConfigPart): Promise<() => void> {
    const attached = this.#turn.then(async () => {
      this.#parts.add(part)
      const refused = await this.#parts.apply(this.#current.document, part)
      if (refused === undefined) return
      this.#refuse({ version: this.#current.version, ...refused })
      this.#unfit = part
      const copy = this.#copy?.version === this.#current.version ? undefined : this.#copy
      if (copy !== undefined && (await this.#parts.apply(copy.document, part)) === undefined) this.#former = copy.version
    })
    this.#turn = attached.catch(() => {})
    await attached
    if (this.#refusal === undefined && this.#readable && this.#current.version > 0) void this.#disk.write(this.#current)
    this.#states?.tell()
    return () => this.#detach(part)
  }

  #detach(part: ConfigPart): void {
    this.#parts.delete(part)
    // it was the one that kept this process from the present version
    if (part !== this.#unfit || this.#refusal?.version !== this.#current.version) return
    this.#refusal = undefined
    this.#unfit = undefined
  }

  /** Tells of the document now and whenever it has changed; returns what ends it. */
  watch(watcher: (document: ConfigDocument) => void): () => void {
    this.#watchers.add(watcher)
    watcher(this.#current.document)
    return () => this.#watchers.delete(watcher)
  }

  /** The version that this process works by; 0 for none. Where only some of its parts could begin with the present one, the others' version. */
  get version(): number {
    return this.#refusal?.version === this.#current.version ? this.#former : this.#current.version
  }

  get refusal(): Refusal | undefined {
    return this.#refusal
  }

  /** The present version of the log, whether this process works by it or not. */
  get latest(): Version {
    return this.#readable ? this.#versions.latest : this.#current
  }

  /** Whether the log has been read since the start. */
  get readable(): boolean {
    return this.#readable
  }

  /** How each process of which parts are here stands. */
  states(): ProcessState[] {
    return this.#parts.owners.map(process => {
      const refused = this.#refusal
      const overridden = this.#parts.overridden(process)
      return {
        process,
        version: this.version,
        source: this.#readable ? 'log' : 'disk',
        refused,
        ...(overridden.length > 0 && { overridden }),
      }
    })
  }

  history(before = Number.POSITIVE_INFINITY, limit = 50): ReturnType<Versions['history']> {
    return this.#versions.history(before, limit)
  }

  /** What this process works by. */
  get document(): ConfigDocument {
    return this.#current.document
  }

  /** undefined where it is not kept, or never was. */
  documentOf(version: number): ConfigDocument | undefined {
    return this.#versions.document(version)
  }

  /** Makes a version, unless another came before. The document has been checked. Rejects while the log can't be read or written. */
  async propose(proposal: Proposal): Promise<Proposed> {
    if (!this.#readable) throw new Error('the central configuration can not be changed: the log could not be read since this process began')
    if (proposal.base !== this.#versions.latest.version) return { accepted: false, version: this.#versions.latest.version }
    const verdict = await this.#proposals.propose(proposal)
    if (verdict !== 'accepted') return { accepted: false, version: this.#versions.latest.version }
    this.#proposals.remove(this.#versions.surplus())
    return { accepted: true, version: proposal.base + 1 }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#following?.close()
    await this.#turn
    await this.#disk.written()
    await this.#states?.close()
    await this.#proposals.close()
  }
}
