import type { ChannelHandlers, ChannelListening, ChannelPart, Channels } from '@causeway/channels'
import { CHANNEL_FRAME } from './channel-frames.ts'

/** Channels that keep nothing: what is published reaches who listens in the same turn, as the bytes that a wake-up would bring. One message for all channels. */
export class EchoChannels implements Channels {
  readonly #listeners = new Map<ChannelHandlers, Set<string>>()
  #last = 0

  async publish(channel: string): Promise<number> {
    const before = this.#last++
    const message = { before, offset: this.#last, frame: Buffer.from(CHANNEL_FRAME) }
    for (const [handlers, channels] of this.#listeners) if (channels.has(channel)) handlers.message(channel, message)
    return message.offset
  }

  async tell(): Promise<void> {}

  async read(): Promise<ChannelPart> {
    return { messages: [], last: this.#last }
  }

  async listen(handlers: ChannelHandlers): Promise<ChannelListening> {
    const channels = new Set<string>()
    this.#listeners.set(handlers, channels)
    return {
      add: async channel => void channels.add(channel),
      remove: async channel => void channels.delete(channel),
      close: async () => void this.#listeners.delete(handlers),
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }
}
