// BullMQ as the product gets it in a run: its jobs, locks and stalls; what it keeps lies in the simulated Redis (redis/retry-queues.ts).
import { EventEmitter } from 'node:events'
import type { RetryQueues, StoredJob } from '../redis/retry-queues.ts'
import { world } from '../world.ts'
import type { Redis } from './ioredis.ts'

/** Longest wait for a job before a worker looks again, ms. */
const BLOCK_MS = 5_000

interface Connected {
  connection: Redis
  prefix: string
}

class Client extends EventEmitter {
  readonly name: string
  readonly queue: string
  readonly #connection: Redis

  constructor(name: string, { connection, prefix }: Connected) {
    super()
    this.name = name
    this.queue = `${prefix}:${name}`
    this.#connection = connection
  }

  call<T>(perform: (queues: RetryQueues, now: number) => T): Promise<T> {
    return this.#connection.perform(server => perform(server.queues, server.loop.now)) as Promise<T>
  }
}

export class Job {
  readonly id: string
  readonly name: string
  data: unknown
  readonly stalledCounter: number
  readonly #client: Client

  constructor(client: Client, stored: StoredJob) {
    this.#client = client
    this.id = stored.id
    this.name = stored.name
    this.data = JSON.parse(stored.data)
    this.stalledCounter = stored.stalled
  }

  async updateData(data: unknown): Promise<void> {
    this.data = data
    const json = JSON.stringify(data)
    await this.#client.call(queues => queues.update(this.#client.queue, this.id, json))
  }

  toJSON(): object {
    const { id, name, data } = this
    return { id, name, data }
  }

  async remove(): Promise<void> {
    await this.#client.call(queues => queues.remove(this.#client.queue, this.id))
  }
}

export class Queue extends Client {
  /** By which Bull Board knows a queue of BullMQ's. */
  readonly metaValues = { version: 'bullmq:simulated' }

  async add(name: string, data: unknown, { jobId, delay = 0 }: { jobId: string; delay?: number }): Promise<void> {
    const json = JSON.stringify(data)
    await this.call((queues, now) => queues.add(this.queue, jobId, name, json, now + delay, now))
  }

  async getJobState(id: string): Promise<string> {
    return (await this.call(queues => queues.find(this.queue, id)?.state)) ?? 'unknown'
  }

  async getJob(id: string): Promise<Job | undefined> {
    const stored = await this.call(queues => queues.find(this.queue, id))
    return stored && new Job(this, stored)
  }

  /** Newest first, as BullMQ gives waiting jobs. */
  async getJobs(states: string[], from: number, to: number): Promise<Job[]> {
    const stored = await this.call(queues => queues.list(this.queue, states))
    return stored
      .sort((a, b) => b.order - a.order)
      .slice(from, to + 1)
      .map(each => new Job(this, each))
  }

  getJobCountByTypes(...states: string[]): Promise<number> {
    return this.call(queues => queues.count(this.queue, states))
  }

  async getJobCounts(...asked: string[]): Promise<Record<string, number>> {
    const states = asked.length > 0 ? asked : ['waiting', 'delayed', 'active', 'completed']
    const counts = await Promise.all(states.map(async state => [state, await this.getJobCountByTypes(state)] as const))
    return Object.fromEntries(counts)
  }

  async close(): Promise<void> {}
}

interface WorkerOptions extends Connected {
  concurrency: number
  lockDuration: number
  stalledInterval: number
  settings: { backoffStrategy: (made: number, type: string, error: Error) => number }
}

export class Worker extends Client {
  readonly #options: WorkerOptions
  readonly #run: (job: Job) => Promise<unknown>
  readonly #running = new Map<string, Promise<void>>()
  readonly #locks = new Map<string, string>()
  readonly #timers: NodeJS.Timeout[] = []
  #waiting: NodeJS.Timeout | undefined
  #looking = false
  #again = false
  #closing = false
  #lock = 0
  readonly #name = world().random.bytes(4).toString('hex')

  constructor(name: string, run: (job: Job) => Promise<unknown>, options: WorkerOptions) {
    super(name, options)
    this.#options = options
    this.#run = run
  }

  async waitUntilReady(): Promise<void> {
    await this.call(() => undefined)
  }

  async run(): Promise<void> {
    const { lockDuration, stalledInterval } = this.#options
    const { loop } = world()
    const process = loop.current
    await this.call(queues => queues.onAdded(this.queue, () => loop.after(1, process, () => void this.#look())))
    this.#timers.push(
      setInterval(() => this.#renew(), lockDuration / 2),
      setInterval(() => this.#quietly((queues, now) => queues.releaseStalled(this.queue, now)), stalledInterval),
    )
    await this.#look()
  }

  #quietly(perform: (queues: RetryQueues, now: number) => void): void {
    this.call(perform).catch(error => this.emit('error', error))
  }

  #renew(): void {
    for (const [id, lock] of this.#locks)
      this.#quietly((queues, now) => queues.extend(this.queue, id, lock, now + this.#options.lockDuration))
  }

  /** Takes jobs while there are some and there is room, then waits for the next. */
  async #look(): Promise<void> {
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    clearTimeout(this.#waiting)
    try {
      do {
        this.#again = false
        await this.#takeAll()
      } while (this.#again)
    } catch (error) {
      this.emit('error', error)
      this.#waitFor(BLOCK_MS)
    } finally {
      this.#looking = false
    }
  }

  async #takeAll(): Promise<void> {
    const { concurrency, lockDuration } = this.#options
    while (!this.#closing && this.#running.size < concurrency) {
      const lock = `${this.#name}:${this.#lock++}`
      const taken = await this.call((queues, now) => queues.take(this.queue, lock, now, lockDuration))
      if (typeof taken !== 'object') {
        this.#waitFor(taken === undefined ? BLOCK_MS : Math.min(BLOCK_MS, Math.max(1, taken - Date.now())))
        return
      }
      this.#begin(new Job(this, taken), lock)
    }
  }

  #waitFor(ms: number): void {
    clearTimeout(this.#waiting)
    if (!this.#closing) this.#waiting = setTimeout(() => void this.#look(), ms)
  }

  #begin(job: Job, lock: string): void {
    this.#locks.set(job.id, lock)
    const running = this.#process(job, lock)
      .catch(error => this.emit('error', error))
      .then(() => {
        if (this.#locks.get(job.id) === lock) this.#locks.delete(job.id)
        if (this.#running.get(job.id) === running) this.#running.delete(job.id)
        void this.#look()
      })
    this.#running.set(job.id, running)
  }

  async #process(job: Job, lock: string): Promise<void> {
    let delay: number | undefined
    try {
      await this.#run(job)
    } catch (error) {
      delay = this.#options.settings.backoffStrategy(1, 'custom', error as Error)
    }
    const moved = await this.call((queues, now) =>
      delay === undefined ? queues.complete(this.queue, job.id, lock) : queues.delay(this.queue, job.id, lock, now + delay),
    )
    if (!moved) throw new Error(`Missing lock for job ${job.id}`)
  }

  async close(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#waiting)
    await Promise.all(this.#running.values())
    for (const timer of this.#timers) clearInterval(timer)
  }
}
