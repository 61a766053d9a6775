import { EPOCH_MS, type Event, type EventLoop } from './event-loop.ts'

/** Longest delay that a timer takes, ms (Node: 2^31 - 1; longer ones run at once). */
const MAX_DELAY_MS = 2 ** 31 - 1

/** Looks at the clock within one event, beyond which it is taken to wait for time without giving way: time then moves as if the work took some. */
const SPINS = 20_000
const SPIN_MS = 1

/** What setTimeout, setInterval and setImmediate give. */
export class SimulatedTimer {
  event: Event | undefined

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  close(): this {
    if (this.event !== undefined) this.event.action = undefined
    return this
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const delayOf = (ms: number | undefined): number => {
  const delay = Math.trunc(Number(ms))
  return delay >= 1 && delay <= MAX_DELAY_MS ? delay : 1
}

type Callback = (...args: unknown[]) => void

/** Timers of a loop, as Node has them. */
export function timersOf(loop: EventLoop) {
  const setTimeout = (callback: Callback, ms?: number, ...args: unknown[]): SimulatedTimer => {
    const timer = new SimulatedTimer()
    timer.event = loop.after(delayOf(ms), loop.current, () => callback(...args))
    return timer
  }
  const setInterval = (callback: Callback, ms?: number, ...args: unknown[]): SimulatedTimer => {
    const timer = new SimulatedTimer()
    const process = loop.current
    const again = (): void => {
      timer.event = loop.after(delayOf(ms), process, () => {
        again()
        callback(...args)
      })
    }
    again()
    return timer
  }
  const setImmediate = (callback: Callback, ...args: unknown[]): SimulatedTimer => {
    const timer = new SimulatedTimer()
    timer.event = loop.turn(loop.current, () => callback(...args))
    return timer
  }
  const clear = (timer: unknown): void => {
    if (timer instanceof SimulatedTimer) timer.close()
  }
  return { setTimeout, setInterval, setImmediate, clearTimeout: clear, clearInterval: clear, clearImmediate: clear }
}

/**
 * Puts simulated time and chance in place of the global ones; the function it returns puts the real ones back.
 * Modules of the product that import from node:timers/promises and node:crypto get drivers/timers-promises.ts and drivers/crypto.ts (hooks.ts).
 */
export function simulateGlobals(loop: EventLoop): () => void {
  const timers = timersOf(loop)
  const saved = Object.fromEntries(Object.keys(timers).map(name => [name, Reflect.get(globalThis, name) as unknown]))
  const { now: realNow } = Date
  const realRandom = Math.random
  const realUuid = globalThis.crypto.randomUUID
  const realMonotonic = performance.now
  const realMemory = process.memoryUsage.rss
  Object.assign(globalThis, timers)
  Date.now = clockOf(loop)
  Math.random = () => loop.random.next()
  Object.defineProperty(performance, 'now', { configurable: true, writable: true, value: () => loop.now - EPOCH_MS })
  Object.defineProperty(globalThis.crypto, 'randomUUID', { configurable: true, writable: true, value: () => uuid(loop.random.bytes(16)) })
  process.memoryUsage.rss = () => 0
  return () => {
    Object.assign(globalThis, saved)
    process.memoryUsage.rss = realMemory
    Date.now = realNow
    Math.random = realRandom
    Object.defineProperty(performance, 'now', { configurable: true, writable: true, value: realMonotonic })
    Object.defineProperty(globalThis.crypto, 'randomUUID', { configurable: true, writable: true, value: realUuid })
  }
}

/** The clock stands within an event; whoever waits for it there would wait for ever. */
function clockOf(loop: EventLoop): () => number {
  let step = 0
  let looks = 0
  return () => {
    if (step !== loop.steps) {
      step = loop.steps
      looks = 0
    } else if (++looks === SPINS)
      loop.onThrow(new Error('it turns in a circle without giving way: no timer and no socket gets its turn'), loop.current)
    if (looks >= SPINS) loop.now += SPIN_MS
    return Math.floor(loop.now)
  }
}

/** RFC 9562's text of 16 bytes. */
export function uuid(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
