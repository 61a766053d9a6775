import type { Random } from './random.ts'

/** Simulated Unix ms at which each run begins. */
export const EPOCH_MS = 1_800_000_000_000
/** Longest that an immediate waits for its turn, ms: so processes interleave, each in its own order. */
const TURN_MS = 0.05

const realImmediate = globalThis.setImmediate

/** A simulated process: what belongs to it stops with it, and stands still while it is paused. */
export class SimulatedProcess {
  readonly name: string
  alive = true
  /** Simulated ms until which nothing of it runs. */
  pausedUntil = 0
  /** Time of its last immediate: they keep their order. */
  lastTurn = 0
  /** What came while it was paused. */
  readonly held: Event[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Nothing of it runs until then; a pause is never shortened. */
  pause(until: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, until)
  }
}

/** Something that happens at a time, in a process. */
export interface Event {
  due: number
  order: number
  process: SimulatedProcess
  action: (() => void) | undefined
}

/**
 * The one event loop of a run, in simulated time. A step takes the next event, runs it, and lets all promises settle (one real turn)
 * before the next; nothing waits for real time, sockets, files or threads, so a run depends on its seed alone.
 */
export class EventLoop {
  readonly random: Random
  /** Simulated Unix ms. */
  now = EPOCH_MS
  steps = 0
  /** The process whose event is running. */
  current: SimulatedProcess
  /** Called with what an event throws. */
  onThrow: (error: unknown, process: SimulatedProcess) => void = error => {
    throw error
  }
  readonly #outside: SimulatedProcess
  readonly #heap: Event[] = []
  #order = 0

  constructor(random: Random, outside: SimulatedProcess) {
    this.random = random
    this.#outside = outside
    this.current = outside
  }

  /** Events of equal time run in the order in which they were made. */
  at(due: number, process: SimulatedProcess, action: () => void): Event {
    const event: Event = { due, order: this.#order++, process, action }
    this.#push(event)
    return event
  }

  after(delayMs: number, process: SimulatedProcess, action: () => void): Event {
    return this.at(this.now + delayMs, process, action)
  }

  /** The next turn of a process's loop. */
  turn(process: SimulatedProcess, action: () => void): Event {
    process.lastTurn = Math.max(process.lastTurn, this.now + this.random.between(0, TURN_MS))
    return this.at(process.lastTurn, process, action)
  }

  /** Runs `body` as if the process did. */
  within<T>(process: SimulatedProcess, body: () => T): T {
    const before = this.current
    this.current = process
    try {
      return body()
    } finally {
      this.current = before
    }
  }

  /** Steps until `done`, asked before each; resolves false where nothing is left to happen. */
  run(done: () => boolean): Promise<boolean> {
    return new Promise(resolve => {
      const step = (): void => {
        if (done()) resolve(true)
        else if (this.#step()) realImmediate(step)
        else resolve(false)
      }
      step()
    })
  }

  #step(): boolean {
    for (let event = this.#pop(); event !== undefined; event = this.#pop()) {
      const { process, action } = event
      if (action === undefined || !process.alive) continue
      if (process.pausedUntil > event.due) {
        this.#hold(process, event)
        continue
      }
      this.now = Math.max(this.now, event.due)
      this.steps++
      event.action = undefined
      this.current = process
      try {
        action()
      } catch (error) {
        this.onThrow(error, process)
      }
      return true
    }
    return false
  }

  /** Keeps what comes for a paused process, in the order in which it was due. */
  #hold(process: SimulatedProcess, event: Event): void {
    process.held.push(event)
    if (process.held.length === 1) this.at(process.pausedUntil, this.#outside, () => this.#wake(process))
  }

  #wake(process: SimulatedProcess): void {
    if (process.pausedUntil > this.now) {
      this.at(process.pausedUntil, this.#outside, () => this.#wake(process))
      return
    }
    for (const event of process.held.splice(0)) {
      event.due = this.now
      event.order = this.#order++
      this.#push(event)
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

const before = (a: Event, b: Event): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)
