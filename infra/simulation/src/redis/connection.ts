import type { SimulatedProcess } from '../event-loop.ts'
import { world } from '../world.ts'
import type { RedisServer } from './server.ts'

/** Times of one way between a process and Redis, ms; mostly near the first. */
const LEAST_MS = 0.1
const MOST_MS = 8

/** What a call does at the server, in one piece. */
export type Perform = (server: RedisServer, connection: RedisConnection) => unknown

/**
 * One connection to Redis: what is sent arrives in order, is done in order and answered in order. Cut, it loses what has not arrived and
 * every answer that is on its way: so a call may have been done and not be answered.
 */
export class RedisConnection {
  readonly #process: SimulatedProcess
  readonly #server: RedisServer
  #open = true
  #lastArrival = 0
  #lastAnswer = 0
  /** Simulated ms after which nothing arrives any more. */
  #severedAt = Number.POSITIVE_INFINITY
  readonly #message: (channel: string, message: string) => void

  constructor(process: SimulatedProcess, message: (channel: string, message: string) => void) {
    this.#process = process
    this.#server = world().redis
    this.#message = (channel, text) => this.#answer(() => message(channel, text))
  }

  send(perform: Perform, done: (result: unknown, error: unknown) => void): void {
    const { loop, random } = world()
    this.#lastArrival = Math.max(this.#lastArrival, loop.now + random.skewed(LEAST_MS, MOST_MS))
    loop.at(this.#lastArrival, this.#server.process, () => {
      if (loop.now > this.#severedAt) return
      let result: unknown
      let error: unknown
      try {
        result = perform(this.#server, this)
      } catch (thrown) {
        error = thrown
      }
      this.#answer(() => done(result, error))
    })
  }

  /** To be performed at the server. */
  subscribe(server: RedisServer, channel: string): void {
    if (this.#severedAt === Number.POSITIVE_INFINITY) server.subscribe(channel, this.#message)
  }

  /** Cuts it; the client hears of it by `noticed`, if it is there to hear. */
  cut(noticed: () => void): void {
    if (!this.#open || this.#severedAt !== Number.POSITIVE_INFINITY) return
    const { loop, random } = world()
    this.#severedAt = loop.now + random.between(0, LEAST_MS * 4)
    this.#server.unsubscribe(this.#message)
    loop.after(random.skewed(LEAST_MS, MOST_MS), this.#process, () => {
      if (!this.#open) return
      this.#open = false
      noticed()
    })
  }

  close(): void {
    this.#open = false
    this.#server.unsubscribe(this.#message)
  }

  #answer(deliver: () => void): void {
    const { loop, random } = world()
    this.#lastAnswer = Math.max(this.#lastAnswer, loop.now + random.skewed(LEAST_MS, MOST_MS))
    loop.at(this.#lastAnswer, this.#process, () => {
      if (this.#open) deliver()
    })
  }
}
