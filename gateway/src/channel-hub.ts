import type { ChannelHandlers, ChannelListening, ChannelMessage, ChannelPart, Channels } from '@causeway/channels'
import { type ChannelState, MAX_CHANNELS } from '@causeway/protocol'
import type { Logger } from '@causeway/telemetry'
import type { Counters } from './counters.ts'
import { CHANNEL_READ, CHANNEL_READ_BYTES, CHANNEL_READ_FIRST, CHANNEL_READS, SUBSCRIPTIONS } from './limits.ts'

/** A connection as its channels see it. */
export interface Subscriber {
  /** Queues the same bytes as for all others; false where it does not read: then it is given what it missed once it does. */
  publish(frame: Uint8Array): boolean
  /** Writes what was queued. */
  flush(): void
  /** What it has not been given is kept no more: it is to come again and be told. */
  missed(channel: string): void
}

/** Where one subscriber stands in one channel. */
interface Subscription {
  readonly channel: string
  readonly subscriber: Subscriber
  /** Of the newest message it was given. */
  offset: number
  /** asked: where it begins is not known yet. held: not to be given anything yet. reading: from what is kept. live: as it is published. choked: it does not read. */
  state: 'asked' | 'held' | 'reading' | 'live' | 'choked'
  /** Something was published while it was being read. */
  again: boolean
}

/**
 * Channels of this gateway's connections: each is listened to once, however many subscribers it has, and each message is written to all of them as the
 * same bytes. A subscriber that is behind reads what is kept by itself and holds up nobody.
 */
export class ChannelHub implements ChannelHandlers {
  readonly #channels: Channels
  readonly #counters: Counters
  readonly #logger: Logger
  #listening: ChannelListening | undefined
  readonly #byChannel = new Map<string, Set<Subscription>>()
  readonly #bySubscriber = new Map<Subscriber, Map<string, Subscription>>()
  /** Channels whose listening has begun, by the promise of it. */
  readonly #heard = new Map<string, Promise<void>>()
  #dirty = new Set<Subscriber>()
  subscriptions = 0
  /** Readings in the air, and those that wait for one of them to end: one a subscription at most. */
  #reads = 0
  readonly #waiting: (() => void)[] = []

  constructor(channels: Channels, counters: Counters, logger: Logger) {
    this.#channels = channels
    this.#counters = counters
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#listening = await this.#channels.listen(this)
  }

  async stop(): Promise<void> {
    await this.#listening?.close()
  }

  /** Why there can be no more subscriptions; undefined where there can. */
  full(subscriber: Subscriber): string | undefined {
    if (this.subscriptions >= SUBSCRIPTIONS) return `this gateway has ${SUBSCRIPTIONS} subscriptions`
    const own = this.#bySubscriber.get(subscriber)?.size ?? 0
    return own < MAX_CHANNELS ? undefined : `this session has ${own} channels: unsubscribe from some`
  }

  /** Subscribes from an offset on, or from now. Nothing is given before `begin`. Rejects where the store can't be reached. */
  async subscribe(subscriber: Subscriber, channel: string, offset: number | undefined): Promise<ChannelState> {
    const before = this.#bySubscriber.get(subscriber)?.get(channel)
    if (before !== undefined) this.#remove(before)
    const subscription: Subscription = { channel, subscriber, offset: offset ?? 0, state: 'asked', again: false }
    this.#add(subscription)
    try {
      await this.#hear(channel)
      const { messages, last } = await this.#channels.read(channel, offset ?? Number.MAX_SAFE_INTEGER - 1, 1)
      const from = offset === undefined ? { offset: last, recovered: true } : startOf(offset, messages[0], last)
      subscription.offset = from.offset
      subscription.state = 'held'
      return from
    } catch (error) {
      this.#remove(subscription)
      throw error
    }
  }

  /** Its client knows of the subscription: what is kept above its offset follows, then what is published. */
  begin(subscriber: Subscriber, channel: string): void {
    const subscription = this.#bySubscriber.get(subscriber)?.get(channel)
    if (subscription?.state === 'held') void this.#read(subscription)
  }

  /** The same for all of its channels. */
  beginAll(subscriber: Subscriber): void {
    for (const { channel } of this.#bySubscriber.get(subscriber)?.values() ?? []) this.begin(subscriber, channel)
  }

  unsubscribe(subscriber: Subscriber, channel: string): void {
    const subscription = this.#bySubscriber.get(subscriber)?.get(channel)
    if (subscription !== undefined) this.#remove(subscription)
  }

  /** Its connection has ended. */
  drop(subscriber: Subscriber): void {
    for (const subscription of this.#bySubscriber.get(subscriber)?.values() ?? []) this.#remove(subscription)
  }

  /** It reads again. */
  readOn(subscriber: Subscriber): void {
    for (const subscription of this.#bySubscriber.get(subscriber)?.values() ?? [])
      if (subscription.state === 'choked') void this.#read(subscription)
  }

  #add(subscription: Subscription): void {
    const { channel, subscriber } = subscription
    const same = this.#byChannel.get(channel) ?? new Set()
    this.#byChannel.set(channel, same.add(subscription))
    const own = this.#bySubscriber.get(subscriber) ?? new Map()
    this.#bySubscriber.set(subscriber, own.set(channel, subscription))
    this.subscriptions++
  }

  #remove(subscription: Subscription): void {
    const { channel, subscriber } = subscription
    const same = this.#byChannel.get(channel)
    if (same === undefined || !same.delete(subscription)) return
    this.subscriptions--
    const own = this.#bySubscriber.get(subscriber)!
    own.delete(channel)
    if (own.size === 0) this.#bySubscriber.delete(subscriber)
    if (same.size > 0) return
    this.#byChannel.delete(channel)
    this.#heard.delete(channel)
    this.#listening?.remove(channel).catch(error => {
      this.#logger.debug({ channel, error: (error as Error).message }, 'a channel could not be left; its messages are dropped')
    })
  }

  #hear(channel: string): Promise<void> {
    let heard = this.#heard.get(channel)
    if (heard === undefined) {
      heard = this.#listening!.add(channel)
      heard.catch(() => this.#heard.delete(channel))
      this.#heard.set(channel, heard)
    }
    return heard
  }

  // What is published.

  message(channel: string, message: ChannelMessage): void {
    for (const subscription of this.#byChannel.get(channel) ?? []) {
      if (subscription.state !== 'live') subscription.again = true
      else if (message.before === subscription.offset) this.#give(subscription, message)
      else if (message.offset > subscription.offset) void this.#read(subscription)
    }
  }

  lost(): void {
    for (const subscriptions of this.#byChannel.values()) {
      for (const subscription of subscriptions) {
        if (subscription.state === 'live') void this.#read(subscription)
        else subscription.again = true
      }
    }
  }

  #give(subscription: Subscription, { frame, offset }: ChannelMessage): boolean {
    const { subscriber } = subscription
    if (!subscriber.publish(frame)) {
      subscription.state = 'choked'
      return false
    }
    subscription.offset = offset
    this.#counters.channelDeliveries++
    if (this.#dirty.size === 0) setImmediate(() => this.#flush())
    this.#dirty.add(subscriber)
    return true
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = new Set()
    for (const subscriber of dirty) subscriber.flush()
  }

  /** From what is kept, until there is nothing above its offset; then it is live. */
  async #read(subscription: Subscription): Promise<void> {
    const { channel, subscriber } = subscription
    subscription.state = 'reading'
    this.#counters.channelReads++
    let limit = CHANNEL_READ_FIRST
    try {
      do {
        subscription.again = false
        const part = await this.#readInTurn(subscription, limit)
        if (!this.#stands(subscription)) return
        if (!isWhole(subscription.offset, part)) {
          this.#remove(subscription)
          subscriber.missed(channel)
          return
        }
        for (const message of part.messages) if (!this.#give(subscription, message)) return
        if (part.messages.length > 0) subscription.again = true
        limit = limitAfter(part)
      } while (subscription.again)
      subscription.state = 'live'
    } catch (error) {
      this.#logger.debug(
        { channel, error: (error as Error).message },
        'a channel could not be read; its next message is the occasion to try again',
      )
      if (this.#stands(subscription)) subscription.state = 'live'
    }
  }

  /** Not all at once: after a resume of many clients, or a broken connection to the store, thousands are behind. */
  async #readInTurn({ channel, offset }: Subscription, limit: number): Promise<ChannelPart> {
    if (this.#reads >= CHANNEL_READS) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#reads++
    try {
      return await this.#channels.read(channel, offset, limit)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#reads--
      else next()
    }
  }

  #stands(subscription: Subscription): boolean {
    return this.#byChannel.get(subscription.channel)?.has(subscription) === true
  }
}

/** Where a subscription begins that asks for everything above an offset. */
function startOf(asked: number, first: ChannelMessage | undefined, last: number): ChannelState {
  if (first === undefined) return { offset: last, recovered: last === asked }
  return { offset: first.before, recovered: first.before === asked }
}

/** How many messages to read next, by the size of those just read. */
function limitAfter({ messages }: ChannelPart): number {
  const bytes = messages.reduce((sum, { frame }) => sum + frame.length, 0)
  return Math.max(1, Math.min(CHANNEL_READ, Math.floor((CHANNEL_READ_BYTES * messages.length) / Math.max(1, bytes))))
}

/** Whether what is kept goes on from an offset without a hole. */
const isWhole = (offset: number, { messages: [first], last }: ChannelPart): boolean =>
  first === undefined ? last <= offset : first.before === offset
