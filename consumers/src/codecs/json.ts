import { Codec } from '@causeway/protocol'
import type { PayloadCodec } from './payload-codec.ts'

/** JSON in UTF-8 (RFC 8259). `undefined` goes as null. */
export const json: PayloadCodec = {
  number: Codec.JSON,
  name: 'JSON',
  decode(payload) {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8')
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new Error(`not JSON: ${(error as Error).message}`)
    }
  },
  encode: value => Buffer.from(JSON.stringify(value) ?? 'null'),
}
