import { until } from '@causeway/testing'
import { type Footprint, footprint, type RedisFootprint, redisFootprint, type Watched } from './churn-footprint.ts'
import { ChurnCounts, type ChurnPlace } from './churn-session.ts'
import { Installation, type RunningGateway } from './installation.ts'
import { ledgerOf } from './ledger.ts'
import { metric, metricAt } from './metric.ts'
import type { RealPlace } from './places.ts'

/** Short, so that what is forgotten is forgotten within the run. */
const SESSION_TTL = '5s'
/** Beyond the sessions' time: two sweeps, and a busy machine, ms. */
const SETTLE_MS = 30_000
/** Two turns of the worker's clock for it, and a busy machine, ms. */
const FORGET_MS = 150_000
const NODE_OPTIONS = `--import=${new URL('./churn-collect.fixture.ts', import.meta.url).href}`

/** What all parts hold at a moment when no client is there. */
export interface Holdings {
  gateway: Footprint
  worker: Footprint
  redis: RedisFootprint
}

/** A gateway and a worker for clients that come and go, and what they hold when none is there. */
export class Churn implements AsyncDisposable {
  readonly #place: RealPlace
  readonly #installation: Installation
  readonly gateway: RunningGateway
  readonly #processes: { gateway: Watched; worker: Watched }
  readonly counts = new ChurnCounts()

  private constructor(place: RealPlace, installation: Installation, gateway: RunningGateway, worker: Watched) {
    this.#place = place
    this.#installation = installation
    this.gateway = gateway
    this.#processes = { gateway: { pid: gateway.process.pid, url: `${gateway.operators}metrics` }, worker }
  }

  static async start(place: RealPlace): Promise<Churn> {
    const installation = await Installation.make(place, { CAUSEWAY_SESSION_TTL: SESSION_TTL, NODE_OPTIONS })
    try {
      const { process, health } = await installation.worker()
      const gateway = await installation.gateway()
      return new Churn(place, installation, gateway, { pid: process.pid, url: `${health}/metrics` })
    } catch (error) {
      await installation[Symbol.asyncDispose]()
      throw error
    }
  }

  get clients(): ChurnPlace {
    return { tcpPort: this.gateway.port, websocket: this.gateway.websocket, counts: this.counts }
  }

  /** Waits until no session and no message is left, and tells what is held then. */
  async settled(): Promise<Holdings> {
    await until(
      async () => (await metric(this.gateway, 'causeway_connections')) === 0 && (await metric(this.gateway, 'causeway_sessions')) === 0,
      {
        what: 'the gateway to forget every session',
        timeoutMs: SETTLE_MS,
      },
    )
    await until(async () => (await this.#redis()).sessionKeys === 0, { what: "every session's keys to leave Redis", timeoutMs: SETTLE_MS })
    await until(async () => (await ledgerOf(this.gateway)).inFlight === 0, { what: 'nothing in flight', timeoutMs: SETTLE_MS })
    return this.holdings()
  }

  /** Waits until the worker remembers no session either: it forgets those that were quiet for a minute or two. */
  async forgotten(): Promise<Holdings> {
    const { url } = this.#processes.worker
    await until(async () => (await metricAt(url, 'causeway_worker_sessions_remembered')) === 0, {
      what: 'the worker to forget every session',
      timeoutMs: FORGET_MS,
    })
    return this.settled()
  }

  async holdings(): Promise<Holdings> {
    const [gateway, worker] = await Promise.all([footprint(this.#processes.gateway), footprint(this.#processes.worker)])
    return { gateway, worker, redis: await this.#redis() }
  }

  #redis(): Promise<RedisFootprint> {
    return redisFootprint(this.#place.redis, this.#installation.redisPrefix)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#installation[Symbol.asyncDispose]()
  }
}
