import { closeRedis, connectRedis, DEFAULT_PREFIX, type RedisOptions, Script } from '@causeway/redis'
import type { Redis } from 'ioredis'
import { channelFrame } from './channel-frame.ts'
import type { ChannelHandlers, ChannelListening, ChannelMessage, ChannelPart, Channels } from './channels.ts'
import { publishScript } from './script-publish.ts'

/** Bytes before the frame in what is given out: two offsets. */
const OFFSETS = 16
const UNNUMBERED = Buffer.alloc(OFFSETS)

/** Channels in Redis (7 or 8, one node): a stream each for what is kept, pub/sub for what is new. */
export async function openRedisChannels(options: RedisOptions): Promise<Channels> {
  const redis = connectRedis(options, 'channels')
  await redis.ping()
  return new RedisChannels(redis, { ...options, prefix: options.prefix ?? DEFAULT_PREFIX })
}

class RedisChannels implements Channels {
  readonly #redis: Redis
  readonly #options: RedisOptions & { prefix: string }
  readonly #publish = new Script(publishScript)

  constructor(redis: Redis, options: RedisOptions & { prefix: string }) {
    this.#redis = redis
    this.#options = options
  }

  async publish(channel: string, payload: Uint8Array, codec: number): Promise<number> {
    const { frame, offsetAt } = channelFrame(channel, payload, codec)
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
    return Number(await this.#publish.run(this.#redis, this.#options.prefix, channel, bytes, offsetAt))
  }

  async tell(channel: string, payload: Uint8Array, codec: number): Promise<void> {
    await this.#redis.publish(
      `${this.#options.prefix}:ch:${channel}`,
      Buffer.concat([UNNUMBERED, channelFrame(channel, payload, codec).frame]),
    )
  }

  async read(channel: string, above: number, limit: number): Promise<ChannelPart> {
    const { prefix } = this.#options
    // the last offset first: read behind the messages, it could be of one published in between, which would look like a loss
    const [last, entries] = await Promise.all([
      this.#redis.get(`${prefix}:ch-last:${channel}`),
      this.#redis.callBuffer('XRANGE', `${prefix}:ch:${channel}`, `${above + 1}-0`, '+', 'COUNT', limit) as Promise<[Buffer, Buffer[]][]>,
    ])
    const messages = entries.map(([id, [, before, , frame]]) => ({
      offset: Number.parseInt(id.toString(), 10),
      before: Number(before),
      frame,
    }))
    return { messages, last: Math.max(Number(last ?? 0), messages.at(-1)?.offset ?? 0) }
  }

  async listen(handlers: ChannelHandlers): Promise<ChannelListening> {
    const subscriber = connectRedis(this.#options, 'channels-listen', true)
    const prefix = `${this.#options.prefix}:ch:`
    subscriber.on('messageBuffer', (key: Buffer, bytes: Buffer) => {
      handlers.message(key.toString('utf8').slice(prefix.length), readMessage(bytes))
    })
    await subscriber.ping()
    // its subscriptions are made again by then
    subscriber.on('ready', () => handlers.lost())
    return {
      add: async channel => void (await subscriber.subscribe(prefix + channel)),
      remove: async channel => void (await subscriber.unsubscribe(prefix + channel)),
      close: () => closeRedis(subscriber),
    }
  }

  async close(): Promise<void> {
    await closeRedis(this.#redis)
  }
}

const readMessage = (bytes: Buffer): ChannelMessage => ({
  before: Number(bytes.readBigUInt64BE(0)),
  offset: Number(bytes.readBigUInt64BE(8)),
  frame: bytes.subarray(OFFSETS),
})
