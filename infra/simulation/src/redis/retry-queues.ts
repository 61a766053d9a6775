/** A job as BullMQ keeps it in Redis. */
export interface StoredJob {
  id: string
  name: string
  /** JSON. */
  data: string
  state: 'waiting' | 'delayed' | 'active' | 'completed'
  /** Unix ms; of a delayed job. */
  due: number
  lock: string
  lockUntil: number
  stalled: number
  /** Rises with each change of state: first come, first served. */
  order: number
}

/** BullMQ's queues as its scripts treat them: ids that are kept are not added again, locks run out, what stalls waits again. */
export class RetryQueues {
  readonly #queues = new Map<string, Map<string, StoredJob>>()
  readonly #waiting = new Map<string, Set<() => void>>()
  #order = 0

  add(queue: string, id: string, name: string, data: string, due: number, now: number): void {
    const jobs = this.#jobs(queue)
    if (jobs.has(id)) return
    const state = due > now ? 'delayed' : 'waiting'
    jobs.set(id, { id, name, data, state, due, lock: '', lockUntil: 0, stalled: 0, order: this.#order++ })
    this.#tell(queue)
  }

  find(queue: string, id: string): StoredJob | undefined {
    return this.#jobs(queue).get(id)
  }

  /** The next job that may run, now locked; else when the next one may, or undefined. */
  take(queue: string, lock: string, now: number, lockMs: number): StoredJob | number | undefined {
    const jobs = [...this.#jobs(queue).values()].sort((a, b) => a.order - b.order)
    const ready = jobs.find(job => job.state === 'waiting' || (job.state === 'delayed' && job.due <= now))
    if (ready === undefined) {
      const dues = jobs.filter(job => job.state === 'delayed').map(job => job.due)
      return dues.length === 0 ? undefined : Math.min(...dues)
    }
    Object.assign(ready, { state: 'active', lock, lockUntil: now + lockMs })
    return { ...ready }
  }

  /** False where the lock is another's by now. */
  extend(queue: string, id: string, lock: string, until: number): boolean {
    const job = this.#locked(queue, id, lock)
    if (job !== undefined) job.lockUntil = until
    return job !== undefined
  }

  complete(queue: string, id: string, lock: string): boolean {
    const job = this.#locked(queue, id, lock)
    if (job !== undefined) Object.assign(job, { state: 'completed', lock: '' })
    return job !== undefined
  }

  delay(queue: string, id: string, lock: string, due: number): boolean {
    const job = this.#locked(queue, id, lock)
    if (job === undefined) return false
    Object.assign(job, { state: 'delayed', lock: '', due, order: this.#order++ })
    this.#tell(queue)
    return true
  }

  update(queue: string, id: string, data: string): void {
    const job = this.#jobs(queue).get(id)
    if (job !== undefined) job.data = data
  }

  remove(queue: string, id: string): void {
    this.#jobs(queue).delete(id)
  }

  /** Active jobs whose lock ran out wait again. */
  releaseStalled(queue: string, now: number): void {
    for (const job of this.#jobs(queue).values()) {
      if (job.state !== 'active' || job.lockUntil > now) continue
      Object.assign(job, { state: 'waiting', lock: '', stalled: job.stalled + 1, order: this.#order++ })
      this.#tell(queue)
    }
  }

  count(queue: string, states: readonly string[]): number {
    return this.list(queue, states).length
  }

  list(queue: string, states: readonly string[]): StoredJob[] {
    return [...this.#jobs(queue).values()].filter(job => states.includes(job.state))
  }

  /** Calls back when something comes into the queue. */
  onAdded(queue: string, listener: () => void): void {
    const listeners = this.#waiting.get(queue) ?? new Set()
    this.#waiting.set(queue, listeners.add(listener))
  }

  names(): string[] {
    return [...this.#queues.keys()]
  }

  /** The jobs are copied, whoever waits for them goes on waiting. */
  copy(): RetryQueues {
    const copy = new RetryQueues()
    for (const [queue, jobs] of this.#queues) copy.#queues.set(queue, structuredClone(jobs))
    for (const [queue, listeners] of this.#waiting) copy.#waiting.set(queue, listeners)
    copy.#order = this.#order
    return copy
  }

  #locked(queue: string, id: string, lock: string): StoredJob | undefined {
    const job = this.#jobs(queue).get(id)
    return job?.state === 'active' && job.lock === lock ? job : undefined
  }

  #tell(queue: string): void {
    for (const listener of this.#waiting.get(queue) ?? []) listener()
  }

  #jobs(queue: string): Map<string, StoredJob> {
    let jobs = this.#queues.get(queue)
    if (jobs === undefined) {
      jobs = new Map()
      this.#queues.set(queue, jobs)
    }
    return jobs
  }
}
