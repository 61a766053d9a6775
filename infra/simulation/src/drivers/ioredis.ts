// ioredis as the product gets it in a run: it reconnects, queues, resends and gives up as ioredis 6 does (built/redis/event_handler.js).
import { EventEmitter } from 'node:events'
import type { SimulatedProcess } from '../event-loop.ts'
import { COMMAND_NAMES, type Reply } from '../redis/commands.ts'
import { type Perform, RedisConnection } from '../redis/connection.ts'
import { world } from '../world.ts'

/** Time that setting up a connection takes, ms. */
const CONNECT_LEAST_MS = 0.5
const CONNECT_MOST_MS = 10

interface Options {
  maxRetriesPerRequest: number | null
  retryStrategy: (attempt: number) => number
}

interface Waiting {
  perform: Perform
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
  /** Place in its pipeline; undefined where it is alone. */
  place: number | undefined
}

type Argument = string | number | Uint8Array

/** Bytes as a text of one byte a character. */
const bytesOf = (given: Argument): string =>
  typeof given === 'string'
    ? Buffer.from(given).toString('latin1')
    : typeof given === 'number'
      ? String(given)
      : asBuffer(given).toString('latin1')
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

type BufferReply = null | Buffer | number | BufferReply[]
type TextReply = null | string | number | TextReply[]
const asBuffers = (reply: Reply): BufferReply =>
  typeof reply === 'string' ? Buffer.from(reply, 'latin1') : Array.isArray(reply) ? reply.map(asBuffers) : reply
const asTexts = (reply: Reply): TextReply =>
  typeof reply === 'string' ? Buffer.from(reply, 'latin1').toString('utf8') : Array.isArray(reply) ? reply.map(asTexts) : reply

function asRecord(reply: TextReply): Record<string, string> {
  const flat = reply as string[]
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, index) => [flat[index * 2]!, flat[index * 2 + 1]!]))
}

const named = (name: string, text: string): Error => Object.assign(new Error(text), { name })

/** Clients by process, so that faults find them. */
export const clients = new WeakMap<SimulatedProcess, Set<Redis>>()

export class Redis extends EventEmitter {
  readonly #options: Options
  readonly #process: SimulatedProcess
  #connection: RedisConnection | undefined
  status: 'connecting' | 'ready' | 'reconnecting' | 'end' = 'connecting'
  /** Sent and not answered. */
  #sent: Waiting[] = []
  #offline: Waiting[] = []
  #attempts = 0
  readonly #channels = new Set<string>()

  constructor(_url: string, options: Options) {
    super()
    this.#options = options
    this.#process = world().loop.current
    const ours = clients.get(this.#process) ?? new Set()
    clients.set(this.#process, ours.add(this))
    this.#connect()
  }

  // Connection.

  #connect(): void {
    const { loop, random, redis } = world()
    loop.after(random.skewed(CONNECT_LEAST_MS, CONNECT_MOST_MS), this.#process, () => {
      if (this.status === 'end') return
      if (redis.away) {
        this.emit('error', named('Error', 'connect ECONNREFUSED'))
        this.#closed()
      } else this.#ready()
    })
  }

  #ready(): void {
    this.#connection = new RedisConnection(this.#process, (channel, message) => this.#message(channel, message))
    this.status = 'ready'
    this.#attempts = 0
    const { loop } = world()
    loop.turn(this.#process, () => this.emit('ready'))
    const waiting = [...this.#sent, ...this.#offline]
    this.#sent = []
    this.#offline = []
    if (this.#channels.size > 0) void this.subscribe(...this.#channels).catch(() => undefined)
    for (const each of waiting) this.#transmit(each)
  }

  /** The connection is gone: another is made after a while; what can't be resent, or was for too long, fails. */
  #closed(): void {
    if (this.status === 'end') return
    this.#abortIncompletePipelines()
    const { maxRetriesPerRequest: most } = this.#options
    const wait = this.#options.retryStrategy(++this.#attempts)
    this.status = 'reconnecting'
    const { loop } = world()
    loop.after(wait, this.#process, () => this.#connect())
    if (most !== null && this.#attempts % (most + 1) === 0)
      this.#flush(named('MaxRetriesPerRequestError', `Reached the max retries per request limit (which is ${most}).`))
  }

  #abortIncompletePipelines(): void {
    let expected = 0
    this.#sent = this.#sent.filter(each => {
      if (each.place === undefined || each.place === 0) expected = 0
      if (each.place === undefined || each.place === expected++) return true
      each.reject(named('AbortError', 'Command aborted due to connection close'))
      return false
    })
  }

  #flush(error: Error): void {
    const waiting = [...this.#sent, ...this.#offline]
    this.#sent = []
    this.#offline = []
    for (const each of waiting) each.reject(error)
  }

  /** For faults: the connection breaks. */
  cut(): void {
    this.#connection?.cut(() => this.#closed())
  }

  disconnect(): void {
    this.status = 'end'
    this.#connection?.close()
    this.#flush(new Error('Connection is closed.'))
  }

  async quit(): Promise<string> {
    await this.perform(() => 'OK')
    this.disconnect()
    return 'OK'
  }

  // Calls.

  /** One call at the server; BullMQ's driver makes its own. */
  perform(perform: Perform, place?: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { perform, resolve, reject, place }
      if (this.status === 'ready') this.#transmit(waiting)
      else if (this.status === 'end') reject(new Error('Connection is closed.'))
      else this.#offline.push(waiting)
    })
  }

  #transmit(waiting: Waiting): void {
    this.#sent.push(waiting)
    this.#connection!.send(waiting.perform, (result, error) => {
      this.#sent.splice(this.#sent.indexOf(waiting), 1)
      if (error === undefined) waiting.resolve(result)
      else waiting.reject(error)
    })
  }

  async call(name: string, ...given: Argument[]): Promise<unknown> {
    const sent = given.map(bytesOf)
    const reply = asTexts((await this.perform(server => server.call(name, sent))) as Reply)
    return name === 'HGETALL' ? asRecord(reply) : reply
  }

  async callBuffer(name: string, ...given: Argument[]): Promise<BufferReply> {
    const sent = given.map(bytesOf)
    return asBuffers((await this.perform(server => server.call(name, sent))) as Reply)
  }

  pipeline(): Pipeline {
    return new Pipeline(this)
  }

  // Channels.

  async subscribe(...channels: string[]): Promise<number> {
    for (const channel of channels) this.#channels.add(channel)
    await this.perform((server, connection) => {
      for (const channel of channels) connection.subscribe(server, channel)
    })
    return channels.length
  }

  #message(channel: string, message: string): void {
    this.emit('messageBuffer', Buffer.from(channel, 'latin1'), Buffer.from(message, 'latin1'))
    this.emit('message', channel, Buffer.from(message, 'latin1').toString('utf8'))
  }
}

/** Calls that leave together; others may come between them. */
class Pipeline {
  readonly #redis: Redis
  readonly #calls: { name: string; given: Argument[] }[] = []

  constructor(redis: Redis) {
    this.#redis = redis
  }

  call(name: string, ...given: Argument[]): this {
    this.#calls.push({ name, given })
    return this
  }

  exec(): Promise<[error: unknown, reply: unknown][]> {
    const calls = this.#calls.map(({ name, given }, place) => {
      const sent = given.map(bytesOf)
      return this.#redis
        .perform(server => server.call(name, sent), place)
        .then(
          (reply): [unknown, unknown] => [null, name === 'HGETALL' ? asRecord(asTexts(reply as Reply)) : asTexts(reply as Reply)],
          (error): [unknown, unknown] => [error, undefined],
        )
    })
    return Promise.all(calls)
  }
}

// Every command is a method, as in ioredis: `hget`, and `hgetBuffer` for its bytes.
for (const name of COMMAND_NAMES) {
  const method = name.toLowerCase()
  const of = (call: 'call' | 'callBuffer') =>
    function (this: Redis | Pipeline, ...given: Argument[]) {
      return (this as Redis)[call](name, ...given)
    }
  Object.assign(Redis.prototype, { [method]: of('call'), [`${method}Buffer`]: of('callBuffer') })
  Object.assign(Pipeline.prototype, { [method]: of('call') })
}
