/**
 * Port: channels. A message is published once, kept once, and given to every gateway that listens. Two adapters: channels-redis.ts and channels-embedded.ts.
 *
 * What an adapter promises, and channels.conformance.ts proves:
 * - Order: offsets of a channel rise in the order of publishing, and every listener and reader meets them in that order.
 * - Each message names the offset before it, so that who has taken one knows whether anything lies between. No offset is given twice, also
 *   where the store lost its last writes or has forgotten the channel.
 * - Kept: the last KEPT_MESSAGES of a channel, for KEPT_MS. A listener's message may be lost with a connection to the store; that is told by
 *   lost(), or by the next message's `before`.
 */

/** How many messages a channel keeps. */
export const KEPT_MESSAGES = 1_000
/** For how long, ms. */
export const KEPT_MS = 300_000

export interface ChannelMessage {
  offset: number
  /** Offset of the message before it; 0 for the first. */
  before: number
  /** A whole PUSH frame, with seq 0, the channel and the offset in its metadata: the same bytes for every subscriber. */
  frame: Uint8Array
}

/** What is kept of a channel above an offset. */
export interface ChannelPart {
  messages: ChannelMessage[]
  /** Of the newest message ever published, kept or not; 0 where there is none, or it is forgotten. */
  last: number
}

export interface ChannelHandlers {
  message(channel: string, message: ChannelMessage): void
  /** Messages may have been missed: read what is kept. */
  lost(): void
}

export interface ChannelListening {
  /** Resolves once everything published from now on is given to the handlers. */
  add(channel: string): Promise<void>
  remove(channel: string): Promise<void>
  close(): Promise<void>
}

export interface Channels {
  /** Resolves with the message's offset once it is kept. Rejects where the store can't be reached: then it may have been published all the same. */
  publish(channel: string, payload: Uint8Array, codec: number): Promise<number>
  /** Gives a message to whoever listens just now, numbers it 0 and keeps nothing: for what is of no use later. Resolves once it has been given out; it may be lost on its way. */
  tell(channel: string, payload: Uint8Array, codec: number): Promise<void>
  /** In order, at most `limit`. */
  read(channel: string, above: number, limit: number): Promise<ChannelPart>
  listen(handlers: ChannelHandlers): Promise<ChannelListening>
  close(): Promise<void>
}

/** Longest name of a channel, bytes. */
const MAX_NAME_BYTES = 255

/** First letter of channels between Causeway's own processes, as topics of brokers are in MQTT 5 (section 4.7.2). */
const SYSTEM = '$'

/** Where workers of a service hear of messages that were cancelled: JSON {session, msgId}. */
export const cancelChannel = (service: string): string => `${SYSTEM}cancel/${service}`

/** Where processes say by which version of the central configuration they work, and where they are asked to (shared/central-config/src/states.ts). */
export const CONFIG_STATES = `${SYSTEM}config/states`
export const CONFIG_ASKED = `${SYSTEM}config/asked`

/** Where gateways hear of sessions that an operator has ended: JSON {session}. */
export const SESSIONS_ENDED = `${SYSTEM}sessions/ended`

/** Why a text can't be a channel's name; undefined where it can. */
export function wrongChannel(name: string): string | undefined {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > MAX_NAME_BYTES) return `channel has ${bytes} bytes: expected 1 to ${MAX_NAME_BYTES}`
  if (name.startsWith(SYSTEM)) return `channel starts with ${SYSTEM}: those are the system's own`
  if (!name.isWellFormed()) return 'channel has half a surrogate pair: expected a text that UTF-8 can hold'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return /[\u0000-\u001f\u007f]/.test(name) ? 'channel has a control character: expected a text without one' : undefined
}
