import { createHash } from 'node:crypto'
import { type EventLoop, SimulatedProcess } from '../event-loop.ts'
import { world } from '../world.ts'
import { COMMANDS, type Reply } from './commands.ts'
import { RedisData, RedisReplyError } from './data.ts'
import { LuaError, LuaTable, type LuaValue, runLua } from './lua.ts'
import { numberText } from './lua-value.ts'
import { RetryQueues } from './retry-queues.ts'

/** Who hears of a channel. */
type Listener = (channel: string, message: string) => void

/** A Redis in memory: the commands that we use, our scripts as they are, channels. One call after the other, each whole. */
export class RedisServer {
  readonly process = new SimulatedProcess('redis')
  readonly loop: EventLoop
  data = new RedisData()
  /** What BullMQ keeps in Redis. */
  queues = new RetryQueues()
  /** Simulated ms until which nobody reaches it. */
  awayUntil = 0
  /** Writes were lost. */
  wentBack = false
  #run: string
  #remembered: { data: RedisData; queues: RetryQueues } | undefined
  readonly #channels = new Map<string, Set<Listener>>()
  readonly #scripts = new Map<string, string>()

  constructor(loop: EventLoop) {
    this.loop = loop
    this.#run = loop.random.bytes(20).toString('hex')
  }

  get away(): boolean {
    return this.loop.now < this.awayUntil
  }

  /** It is another process now: it knows no scripts and nobody's subscriptions. */
  restart(): void {
    this.#run = this.loop.random.bytes(20).toString('hex')
    this.#scripts.clear()
    this.#channels.clear()
  }

  /** Keeps what is stored just now. */
  remember(): void {
    this.#remembered = { data: this.data.copy(), queues: this.queues.copy() }
  }

  /** Loses all that was written since remember(), as a fail-over to a replica behind does. */
  goBack(): void {
    if (this.#remembered === undefined) return
    this.data = this.#remembered.data
    this.queues = this.#remembered.queues
    this.#remembered = undefined
    this.wentBack = true
    this.restart()
  }

  /** One command; its arguments hold one byte a character. Throws RedisReplyError. */
  call(name: string, given: readonly string[]): Reply {
    switch (name) {
      case 'EVALSHA':
        return this.#runScript(this.#known(given[0]!), given.slice(2))
      case 'EVAL':
        this.#scripts.set(createHash('sha1').update(given[0]!).digest('hex'), given[0]!)
        return this.#runScript(given[0]!, given.slice(2))
      case 'PUBLISH':
        return this.#publish(given[0]!, given[1]!)
      case 'INFO':
        return `# Server\r\nrun_id:${this.#run}\r\n`
      case 'TIME':
        return [String(Math.floor(this.loop.now / 1_000)), String(Math.floor((this.loop.now % 1_000) * 1_000))]
      default: {
        const command = COMMANDS[name.toUpperCase()]
        // no reply of Redis: no script may go on from here
        if (command === undefined) throw new TypeError(`the simulated Redis has no command ${name}: redis/commands.ts`)
        return command(this.data, given)
      }
    }
  }

  subscribe(channel: string, listener: Listener): void {
    const listeners = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, listeners.add(listener))
  }

  /** The connection that listened is gone. */
  unsubscribe(listener: Listener): void {
    for (const listeners of this.#channels.values()) listeners.delete(listener)
  }

  #publish(channel: string, message: string): number {
    const listeners = [...(this.#channels.get(channel) ?? [])]
    for (const listener of listeners) listener(channel, message)
    return listeners.length
  }

  #known(digest: string): string {
    const source = this.#scripts.get(digest)
    if (source === undefined) throw new RedisReplyError('NOSCRIPT No matching script. Please use EVAL.')
    return source
  }

  #runScript(source: string, given: readonly string[]): Reply {
    try {
      return fromLua(runLua(source, given, this.#redis))
    } catch (error) {
      if (error instanceof LuaError) throw new RedisReplyError(error.message, { cause: error })
      throw error
    }
  }

  #log(text: string): undefined {
    world().trace(this.process, text)
  }

  /** The `redis` of scripts. */
  readonly #redis = LuaTable.of(
    [],
    [
      ['LOG_WARNING', 3],
      ['log', (_level, text) => this.#log(String(text))],
      [
        'call',
        (name, ...given) => {
          try {
            return [toLua(this.call(String(name), given.map(argument)))]
          } catch (error) {
            if (error instanceof RedisReplyError) throw new LuaError(LuaTable.of([], [['err', error.message]]))
            throw error
          }
        },
      ],
    ],
  )
}

function argument(value: LuaValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  throw new LuaError('Lua redis lib command arguments must be strings or integers')
}

const toLua = (reply: Reply): LuaValue => (reply === null ? false : Array.isArray(reply) ? LuaTable.of(reply.map(toLua)) : reply)

function fromLua(value: LuaValue): Reply {
  if (value === undefined || value === false) return null
  if (value === true) return 1
  if (typeof value === 'number') return Math.trunc(value)
  if (value instanceof LuaTable) return value.list().map(fromLua)
  return value as string
}
