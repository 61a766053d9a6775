import { closeRedis, connectRedis, DEFAULT_PREFIX, type RedisOptions, Script } from '@causeway/redis'
import type { Redis } from 'ioredis'
import { findClash, makePicture, memoriesOf, pictureSignature, type Remembered } from './picture.ts'
import {
  type AnnouncedProcess,
  type Announcement,
  type Held,
  LATE_SESSIONS,
  type LateSession,
  LEASE_MS,
  type Picture,
  type Registry,
  type RouteSchema,
  type RouteSpec,
  type Watching,
} from './registry.ts'
import { holdScript, lateScript, releaseScript, settleScript } from './script-holders.ts'
import { leaseScript, readScript, withdrawScript } from './script-leases.ts'
import { routeField } from './tracks.ts'

/** A watcher reads the picture at least this often, ms: a lease that ran out tells nobody. */
const POLL_MS = 500

/** The registry in Redis: leases by the store's clock, changes by pub/sub and a poll. */
export async function openRedisRegistry(options: RedisOptions): Promise<Registry> {
  const redis = connectRedis(options, 'registry')
  await redis.ping()
  return new RedisRegistry(redis, { ...options, prefix: options.prefix ?? DEFAULT_PREFIX })
}

class RedisRegistry implements Registry {
  readonly #redis: Redis
  readonly #options: RedisOptions & { prefix: string }
  readonly #lease = new Script(leaseScript)
  readonly #withdraw = new Script(withdrawScript)
  readonly #read = new Script(readScript)
  readonly #hold = new Script(holdScript)
  readonly #release = new Script(releaseScript)
  readonly #late = new Script(lateScript)
  readonly #settle = new Script(settleScript)
  readonly #renewals = new Set<NodeJS.Timeout>()

  constructor(redis: Redis, options: RedisOptions & { prefix: string }) {
    this.#redis = redis
    this.#options = options
  }

  async announce(announced: AnnouncedProcess): Promise<Announcement> {
    const process = { ...announced }
    await this.#tell(process)
    let busy = false
    const timer = setInterval(() => {
      if (busy) return
      busy = true
      this.#renew(process, false)
        .catch(error => this.#options.logger.debug({ error: (error as Error).message }, 'registry: the lease could not be renewed'))
        .finally(() => {
          busy = false
        })
    }, LEASE_MS / 3)
    this.#renewals.add(timer)
    return {
      stats: stats => {
        process.stats = stats
      },
      serves: async about => {
        await this.#tell({ ...process, ...about } as AnnouncedProcess)
        Object.assign(process, about)
      },
      withdraw: async () => {
        clearInterval(timer)
        this.#renewals.delete(timer)
        await this.#withdraw.run(this.#redis, this.#options.prefix, process.id)
      },
    }
  }

  async #tell(process: AnnouncedProcess): Promise<void> {
    if (process.kind === 'worker') {
      const clash = findClash(process, (await this.#picture()).workers)
      if (clash !== undefined) throw new Error(clash)
    }
    await this.#renew(process, true)
  }

  async #renew(process: AnnouncedProcess, tell: boolean): Promise<void> {
    const memories = process.kind === 'worker' ? memoriesOf(process) : []
    const remembered = memories.flatMap(([field, memory]) => [field, JSON.stringify(memory).slice(0, -1)])
    await this.#lease.run(this.#redis, this.#options.prefix, process.id, JSON.stringify(process), LEASE_MS, tell ? '1' : '0', ...remembered)
  }

  async #picture(): Promise<Picture> {
    const reply = ((await this.#read.run(this.#redis, this.#options.prefix)) as Buffer[]).map(String)
    const middle = reply.indexOf('')
    const processes = reply.slice(1, middle).map(json => revive(JSON.parse(json) as AnnouncedProcess))
    const remembered = reply.slice(middle + 1).map(json => revived(JSON.parse(json) as Remembered))
    return makePicture(processes, remembered, Number(reply[0]))
  }

  async watch(changed: (picture: Picture) => void): Promise<Watching> {
    const subscriber = connectRedis(this.#options, 'registry-watch', true)
    let picture = await this.#picture()
    let reading = false
    let again = false
    const read = async (): Promise<void> => {
      if (reading) {
        again = true
        return
      }
      reading = true
      const next = await this.#picture().catch((): Picture => ({ ...picture, stale: true }))
      reading = false
      const differs = pictureSignature(next) !== pictureSignature(picture)
      picture = next
      if (differs) changed(picture)
      if (again) {
        again = false
        await read()
      }
    }
    subscriber.on('message', () => void read())
    await subscriber.subscribe(`${this.#options.prefix}:registry`)
    const timer = setInterval(() => void read(), POLL_MS)
    changed(picture)
    return {
      get picture() {
        return picture
      },
      async close() {
        clearInterval(timer)
        await closeRedis(subscriber)
      },
    }
  }

  async describe(service: string, schemas: readonly RouteSchema[]): Promise<void> {
    if (schemas.length === 0) return
    const fields = schemas.flatMap(schema => [routeField(schema.route, schema.track), JSON.stringify(schema)])
    await this.#redis.hset(this.#schemasKey(service), ...fields)
  }

  async schemas(service: string): Promise<RouteSchema[]> {
    const kept = await this.#redis.hgetall(this.#schemasKey(service))
    return Object.keys(kept)
      .sort()
      .map(field => JSON.parse(kept[field]) as RouteSchema)
  }

  #schemasKey(service: string): string {
    return `${this.#options.prefix}:schemas:${service}`
  }

  async hold(service: string, worker: string, partitions: readonly number[], force: boolean): Promise<Held> {
    if (partitions.length === 0) return { others: [], late: [] }
    const reply = await this.#hold.run(this.#redis, this.#options.prefix, service, worker, force ? '1' : '0', ...partitions)
    const [others, late] = reply as [Buffer[], Buffer[]]
    return { others: others.map(Number), late: lateSessions(late) }
  }

  async release(service: string, worker: string, partitions: readonly number[], late: readonly LateSession[]): Promise<void> {
    if (partitions.length === 0 && late.length === 0) return
    const given = [LEASE_MS, LATE_SESSIONS, partitions.length, ...partitions, ...pairs(late)]
    await this.#release.run(this.#redis, this.#options.prefix, service, worker, ...given)
  }

  async late(service: string, worker: string, partitions: readonly number[]): Promise<LateSession[]> {
    if (partitions.length === 0) return []
    return lateSessions((await this.#late.run(this.#redis, this.#options.prefix, service, worker, ...partitions)) as Buffer[])
  }

  async settle(service: string, worker: string, sessions: readonly LateSession[]): Promise<void> {
    if (sessions.length > 0) await this.#settle.run(this.#redis, this.#options.prefix, service, worker, ...pairs(sessions))
  }

  async ping(): Promise<void> {
    await this.#redis.ping()
  }

  /** Renewals end with the connection; what was not withdrawn leaves the picture by its lease. */
  async close(): Promise<void> {
    for (const timer of this.#renewals) clearInterval(timer)
    await closeRedis(this.#redis)
  }
}

const pairs = (sessions: readonly LateSession[]): (string | number)[] => sessions.flatMap(({ partition, session }) => [partition, session])
const lateSessions = (reply: readonly Buffer[]): LateSession[] =>
  Array.from({ length: reply.length / 2 }, (_, index) => ({ partition: Number(reply[index * 2]), session: String(reply[index * 2 + 1]) }))

/** JSON leaves an undefined opcode out; what an older version remembered has no priority. */
const withOpcode = <R extends RouteSpec>(route: R): R => ({ ...route, opcode: route.opcode, priority: route.priority ?? 'normal' })
const revived = (memory: Remembered): Remembered => ('event' in memory ? memory : withOpcode(memory))
const revive = (process: AnnouncedProcess): AnnouncedProcess =>
  process.kind === 'worker' ? { ...process, routes: process.routes.map(withOpcode) } : process
