import { setTimeout as sleep } from 'node:timers/promises'
import type { RenewEntry, RenewStatus, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { DEADLINE_TICK_MS, KEEP_ALIVE_TICK_MS, RENEW_SESSIONS, RENEW_TICK_MS, SWEEP_TICK_MS } from './limits.ts'
import type { GatewaySession } from './session.ts'
import type { SessionEvents } from './session-events.ts'
import type { SessionHost } from './session-host.ts'

export interface HousekeepingOptions {
  host: SessionHost
  sessions: Sessions
  sessionTtlMs: number
  /** Looks at one connection's keep-alive and handshake times. */
  connections: () => Iterable<{ tick(now: number): void }>
  /** Told of sessions whose time was over. */
  events?: Pick<SessionEvents, 'closed'>
  logger: Logger
}

/** What a client is told whose session can't go on as it is: each learns more when it connects again. */
const FALLEN = {
  gone: 'the session has ended',
  wentBack: 'the session store lost deliveries; resume to be told what is missing',
  lost: 'the session store lost its last writes; what was under way may be missing',
} as const

/** What a gateway does by the clock, for all its sessions at once: one timer a kind, none a session or message. */
export class Housekeeping {
  readonly #options: HousekeepingOptions
  readonly #timers: NodeJS.Timeout[] = []
  /** The renewal in the air. */
  #renewing: Promise<void> | undefined
  /** Unix ms of the last call that failed. */
  #failedAt = 0

  constructor(options: HousekeepingOptions) {
    this.#options = options
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#acknowledgeAndExpire(), DEADLINE_TICK_MS),
      setInterval(() => void this.renew(), RENEW_TICK_MS),
      setInterval(() => this.#keepAlive(), KEEP_ALIVE_TICK_MS),
      setInterval(() => void this.#sweep(), SWEEP_TICK_MS),
    )
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #acknowledgeAndExpire(): void {
    const { host } = this.#options
    for (const session of host.unacknowledged) {
      if (!session.acknowledgementDue) session.acknowledgementDue = true
      else {
        host.unacknowledged.delete(session)
        session.acknowledgementDue = false
        session.owner?.acknowledge()
      }
    }
    const now = Date.now()
    for (const session of host.held.values()) {
      if (session.earliestDeadline > now) continue
      for (const pending of session.takeExpired(now)) {
        host.end(session, pending, 'timedOut', 'TIMEOUT', 'its deadline passed; whether it had an effect is not known')
      }
    }
  }

  #keepAlive(): void {
    const now = Date.now()
    for (const connection of this.#options.connections()) connection.tick(now)
    for (const session of this.#options.host.held.values()) {
      if (session.owner === undefined && session.detachedUntil <= now) this.#options.host.forget(session)
      else if (session.owner !== undefined && session.renewAt <= now) this.#options.host.touched.add(session)
    }
  }

  /** Renewals, trims and marks of all sessions that have some, in one call each tick. Resolves with the one in the air, where there is one; never rejects. */
  renew(): Promise<void> {
    if (this.#renewing === undefined && this.#options.host.touched.size === 0) return Promise.resolve()
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /** Tells the store all there is to tell, at most until `until` (Unix ms). */
  async renewAll(until: number): Promise<void> {
    while (this.#options.host.touched.size > 0 && Date.now() < until) {
      await this.renew()
      // what failed is touched again: the store has a moment to come back, and everything else of the process its turn
      if (this.#options.host.touched.size > 0) await sleep(RENEW_TICK_MS)
    }
  }

  async #renew(): Promise<void> {
    const { host, sessions, logger } = this.#options
    const batch: GatewaySession[] = []
    for (const session of host.touched) {
      host.touched.delete(session)
      batch.push(session)
      if (batch.length === RENEW_SESSIONS) break
    }
    try {
      const statuses = await sessions.renew(batch.map(session => this.#entry(session)))
      for (let i = 0; i < batch.length; i++) this.#fallen(batch[i], statuses[i])
    } catch (error) {
      this.#failedAt = Date.now()
      for (const session of batch) {
        if (host.held.get(session.id) !== session) continue
        session.renewAt = 0
        host.touched.add(session)
      }
      logger.debug({ error: (error as Error).message, sessions: batch.length }, 'renewals failed; trying again')
    }
  }

  #entry(session: GatewaySession): RenewEntry {
    const now = Date.now()
    const renews = session.renewAt <= now
    if (renews) session.renewAt = session.owner === undefined ? Number.POSITIVE_INFINITY : now + this.#options.sessionTtlMs / 3
    const { id, bucket, incarnation, epoch, acknowledged, storedMark, storedCount, highestSeq, lastAdmitted: admitted, greeted } = session
    const expiresAt = renews ? now + this.#options.sessionTtlMs : 0
    return { session: id, bucket, incarnation, epoch, acknowledged, storedMark, storedCount, highestSeq, admitted, expiresAt, greeted }
  }

  #fallen(session: GatewaySession, status: RenewStatus): void {
    const { host } = this.#options
    if (status === 'ok') return
    if (status === 'replaced') {
      host.forget(session)
      session.owner?.close('REPLACED', 'another connection has resumed this session')
    } else host.lose(session, FALLEN[status])
  }

  /** Not soon after the store was away: its sessions could not be renewed, and their clients are still there. */
  async #sweep(): Promise<void> {
    if (Date.now() - this.#failedAt < this.#options.sessionTtlMs / 3) return
    try {
      const ended = await this.#options.sessions.sweep(Date.now())
      for (const { session: id, ...known } of ended) {
        this.#options.events?.closed({ id, ...known }, 'expired')
        const session = this.#options.host.held.get(id)
        if (session !== undefined) this.#fallen(session, 'gone')
      }
    } catch (error) {
      this.#options.logger.debug({ error: (error as Error).message }, 'the sweep of ended sessions failed; trying again')
    }
  }
}
