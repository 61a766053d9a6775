/**
 * How payloads become values and values payloads, in the worker alone: gateways carry bytes. A frame's codec says which (docs/protocol.md, section 1);
 * an answer wears the codec of its question.
 */
export interface PayloadCodec {
  /** 0 to 255: 0 takes the place of JSON for payloads that name no codec, 3 is Protobuf, 128 to 255 are the application's own. */
  readonly number: number
  /** For errors. */
  readonly name: string
  /** Throws where the bytes are none of this codec's; the message names the field where it can. */
  decode(payload: Uint8Array): unknown
  /** Throws where the value is none that this codec has bytes for. */
  encode(value: unknown): Uint8Array
}

/** Numbers a user may give a codec of their own. */
const OWN_FIRST = 128
const LAST = 255

/** A codec of the application's own, for frames with this number. Throws a TypeError where the number is not from 128 to 255. */
export function codec(number: number, { decode, encode, name }: Pick<PayloadCodec, 'decode' | 'encode'> & { name?: string }): PayloadCodec {
  if (!Number.isInteger(number) || number < OWN_FIRST || number > LAST) {
    throw new TypeError(`codec ${number}: expected a whole number from ${OWN_FIRST} to ${LAST}`)
  }
  return { number, name: name ?? `codec ${number}`, decode, encode }
}
