import { type Backends, within } from '@causeway/backends'
import type { Logger } from '@causeway/telemetry'
import { HEALTH_TICK_MS, HEALTH_TIMEOUT_MS } from './limits.ts'

export interface DependencyState {
  ok: boolean
  /** Why it is down; absent while it is up. */
  error?: string
  /** Unix ms of the last change. */
  since: number
}

/** Whether the backends answer, pinged every second: readiness and admission ask here, no message does. */
export class Health {
  readonly dependencies: Record<string, DependencyState> = {}
  readonly #pings: Record<string, () => Promise<void>>
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined

  constructor(backends: Backends, logger: Logger) {
    this.#logger = logger
    this.#pings =
      backends.kind === 'embedded'
        ? { embedded: () => backends.log.ping() }
        : { kafka: () => backends.log.ping(), redis: () => backends.sessions.ping() }
    for (const name of Object.keys(this.#pings)) this.dependencies[name] = { ok: true, since: Date.now() }
  }

  start(): void {
    for (const [name, ping] of Object.entries(this.#pings)) void this.#watch(name, ping)
    this.#timer = setInterval(() => {}, 1 << 30)
  }

  get ok(): boolean {
    return Object.values(this.dependencies).every(state => state.ok)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Something other than a ping keeps this process from serving. */
  fault(name: string, error: string): void {
    const before = this.dependencies[name]
    this.dependencies[name] = { ok: false, error, since: before?.ok === false ? before.since : Date.now() }
    if (before?.error !== error) this.#logger.error({ dependency: name, error }, 'not ready')
  }

  mended(name: string): void {
    delete this.dependencies[name]
  }

  async #watch(name: string, ping: () => Promise<void>): Promise<void> {
    do {
      const error = await failureOf(ping)
      const before = this.dependencies[name]
      if (before.ok !== (error === undefined)) {
        this.dependencies[name] = { ok: error === undefined, error, since: Date.now() }
        if (error === undefined) this.#logger.info({ dependency: name }, 'dependency is back')
        else this.#logger.error({ dependency: name, error }, 'dependency is down: new work is refused until it is back')
      }
      await new Promise(resolve => setTimeout(resolve, HEALTH_TICK_MS).unref())
    } while (this.#timer !== undefined)
  }
}

async function failureOf(ping: () => Promise<void>): Promise<string | undefined> {
  try {
    await within(HEALTH_TIMEOUT_MS, ping())
    return undefined
  } catch (error) {
    return (error as Error).message || 'does not answer'
  }
}
