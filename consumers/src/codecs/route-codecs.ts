import { gunzipSync } from 'node:zlib'
import { Codec } from '@causeway/protocol'
import type { StoredMessage } from '../stored-message.ts'
import { json } from './json.ts'
import { messagePack } from './message-pack.ts'
import type { PayloadCodec } from './payload-codec.ts'

/** A value as bytes, and the codec number they wear. */
export interface Encoded {
  payload: Uint8Array
  codec: number
}

/** `application/gzip`, or any type with the structured suffix +gzip (RFC 8460, section 6.2). */
const GZIP = /^\s*(?:application\/(?:x-)?gzip|[^;\s]+\+gzip)\s*(?:;|$)/i

export const isCompressed = (contentType: string | undefined): boolean => contentType !== undefined && GZIP.test(contentType)

/** What a route reads and writes, by the codec number of the frame. */
export class RouteCodecs {
  readonly #byNumber: ReadonlyMap<number, PayloadCodec>

  /** `own` come before JSON and MessagePack; throws a TypeError where two have one number. */
  constructor(own: readonly PayloadCodec[] = []) {
    const byNumber = new Map<number, PayloadCodec>()
    for (const each of own) {
      const twin = byNumber.get(each.number)
      if (twin !== undefined) throw new TypeError(`codecs ${twin.name} and ${each.name} both have number ${each.number}`)
      byNumber.set(each.number, each)
    }
    for (const each of [json, messagePack]) if (!byNumber.has(each.number)) byNumber.set(each.number, each)
    // who names no codec sends JSON, as dialects and other tools do
    if (!byNumber.has(Codec.BYTES)) byNumber.set(Codec.BYTES, json)
    this.#byNumber = byNumber
  }

  /** A message's payload as a value, at most `maxPayload` bytes once inflated. Throws, saying what is wrong, where it is none. */
  decode({ header, value, contentType }: StoredMessage, maxPayload: number): unknown {
    const codec = this.#byNumber.get(header.codec)
    if (codec === undefined) throw new Error(`codec ${header.codec} is not served by this route; expected ${this.#expected()}`)
    // who names no codec and sends nothing has no value to tell
    if (codec === json && header.codec === Codec.BYTES && value.length === 0) return undefined
    return codec.decode(isCompressed(contentType) ? inflate(value, maxPayload) : value)
  }

  /** An answer in the codec of its question: bytes stay as they are, and who named no codec gets JSON, or what takes its place here. */
  encode(value: unknown, asked: number): Encoded {
    if (value instanceof Uint8Array) return { payload: value, codec: Codec.BYTES }
    const codec = this.#byNumber.get(asked) ?? json
    return { payload: codec.encode(value), codec: codec === json ? Codec.JSON : asked }
  }

  #expected(): string {
    return [...this.#byNumber].map(([number, { name }]) => `${number} (${name})`).join(', ')
  }
}

function inflate(value: Uint8Array, maxPayload: number): Uint8Array {
  try {
    return gunzipSync(value, { maxOutputLength: maxPayload })
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw new Error(tooLarge ? `more than ${maxPayload} bytes inflated (CAUSEWAY_MAX_PAYLOAD)` : `not gzip: ${(error as Error).message}`)
  }
}
