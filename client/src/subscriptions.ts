/** The channels a client has subscribed to, and how far it has taken each: what a SYN names, so that nothing is missed over a lost connection. docs/protocol.md, section 5. */
import type { SynAck } from '@causeway/protocol'

/** A channel that the client has subscribed to. */
export interface Subscription {
  readonly channel: string
  /** Of the newest message taken. */
  readonly offset: number
  /** False where messages between the offset asked for and the first that comes are kept no more. */
  readonly recovered: boolean
  unsubscribe(): Promise<void>
}

export class Subscriptions {
  readonly #offsets = new Map<string, number>()

  /** The offset taken of a channel; undefined where it is not subscribed to. */
  offsetOf(channel: string): number | undefined {
    return this.#offsets.get(channel)
  }

  add(channel: string, offset: number): void {
    this.#offsets.set(channel, offset)
  }

  remove(channel: string): void {
    this.#offsets.delete(channel)
  }

  /** For the SYN; undefined where there is none. */
  get wanted(): Record<string, number> | undefined {
    return this.#offsets.size === 0 ? undefined : Object.fromEntries(this.#offsets)
  }

  /** Takes what the server says of them; returns the channels of which messages are missing, or which it gives no more. */
  welcome(channels: SynAck['channels'] = {}): { channel: string; subscribed: boolean }[] {
    const missed: { channel: string; subscribed: boolean }[] = []
    for (const channel of this.#offsets.keys()) {
      const state = Object.hasOwn(channels, channel) ? channels[channel] : undefined
      if (state === undefined) {
        this.#offsets.delete(channel)
        missed.push({ channel, subscribed: false })
      } else {
        this.#offsets.set(channel, state.offset)
        if (!state.recovered) missed.push({ channel, subscribed: true })
      }
    }
    return missed
  }

  /** Whether a message of a channel is one not taken before; it counts as taken from here. What comes of a channel just left is given too. */
  take(channel: string, offset: number): boolean {
    const taken = this.#offsets.get(channel)
    if (taken === undefined) return true
    if (offset <= taken) return false
    this.#offsets.set(channel, offset)
    return true
  }
}
