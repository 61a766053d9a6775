import { channelFrame, setOffset } from './channel-frame.ts'
import {
  type ChannelHandlers,
  type ChannelListening,
  type ChannelMessage,
  type ChannelPart,
  type Channels,
  KEPT_MESSAGES,
  KEPT_MS,
} from './channels.ts'

/** Channels remembered; the one published to longest ago goes first. */
const MAX_CHANNELS = 100_000
/** Bytes kept of all channels together; beyond, those published to longest ago keep nothing. */
const MAX_BYTES = 256 << 20

interface Kept {
  messages: (ChannelMessage & { at: number })[]
  bytes: number
  last: number
}

/** Channels in memory, for a gateway and workers in one process: what was kept ends with the process, and who comes back then is told so. */
export function embeddedChannels(now: () => number = Date.now): Channels {
  return new EmbeddedChannels(now)
}

class EmbeddedChannels implements Channels {
  readonly #now: () => number
  /** In the order of their last message. */
  readonly #channels = new Map<string, Kept>()
  readonly #listeners = new Set<{ handlers: ChannelHandlers; channels: Set<string> }>()
  #bytes = 0

  constructor(now: () => number) {
    this.#now = now
  }

  async publish(channel: string, payload: Uint8Array, codec: number): Promise<number> {
    const kept = this.#channels.get(channel) ?? { messages: [], bytes: 0, last: 0 }
    const before = kept.last
    const offset = Math.max(before + 1, this.#now() * 1_000)
    const { frame, offsetAt } = channelFrame(channel, payload, codec)
    setOffset(frame, offsetAt, offset)
    kept.last = offset
    kept.messages.push({ offset, before, frame, at: this.#now() })
    this.#count(kept, frame.length)
    this.#channels.delete(channel)
    this.#channels.set(channel, kept)
    this.#trim(kept)
    this.#bound()
    this.#give(channel, { offset, before, frame })
    return offset
  }

  async tell(channel: string, payload: Uint8Array, codec: number): Promise<void> {
    this.#give(channel, { offset: 0, before: 0, frame: channelFrame(channel, payload, codec).frame })
  }

  #give(channel: string, message: ChannelMessage): void {
    for (const { handlers, channels } of this.#listeners) if (channels.has(channel)) handlers.message(channel, message)
  }

  #count(kept: Kept, bytes: number): void {
    kept.bytes += bytes
    this.#bytes += bytes
  }

  #trim(kept: Kept): void {
    const since = this.#now() - KEPT_MS
    let old = Math.max(0, kept.messages.length - KEPT_MESSAGES)
    while (old < kept.messages.length && kept.messages[old].at < since) old++
    for (const { frame } of kept.messages.splice(0, old)) this.#count(kept, -frame.length)
  }

  #bound(): void {
    for (const [channel, kept] of this.#channels) {
      if (this.#channels.size <= MAX_CHANNELS && this.#bytes <= MAX_BYTES) return
      this.#count(kept, -kept.bytes)
      kept.messages = []
      if (this.#channels.size > MAX_CHANNELS) this.#channels.delete(channel)
    }
  }

  async read(channel: string, above: number, limit: number): Promise<ChannelPart> {
    const kept = this.#channels.get(channel)
    if (kept === undefined) return { messages: [], last: 0 }
    this.#trim(kept)
    const messages = kept.messages.filter(({ offset }) => offset > above).slice(0, limit)
    return { messages: messages.map(({ offset, before, frame }) => ({ offset, before, frame })), last: kept.last }
  }

  async listen(handlers: ChannelHandlers): Promise<ChannelListening> {
    const listener = { handlers, channels: new Set<string>() }
    this.#listeners.add(listener)
    return {
      add: async channel => void listener.channels.add(channel),
      remove: async channel => void listener.channels.delete(channel),
      close: async () => void this.#listeners.delete(listener),
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#channels.clear()
  }
}
