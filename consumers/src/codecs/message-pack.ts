import { Codec } from '@causeway/protocol'
import { Packr } from 'msgpackr'
import type { PayloadCodec } from './payload-codec.ts'

// no records and no structures: they are an extension of that library's that other implementations can't read
const packr = new Packr({ useRecords: false, mapsAsObjects: true })

/** MessagePack, the plain specification: maps as objects, integers beyond 2^53 as bigint. */
export const messagePack: PayloadCodec = {
  number: Codec.MESSAGE_PACK,
  name: 'MessagePack',
  decode(payload) {
    try {
      return packr.unpack(payload)
    } catch (error) {
      throw new Error(`not MessagePack: ${(error as Error).message}`)
    }
  },
  // a copy: the library packs into a buffer of its own that it goes on using
  encode: value => Uint8Array.from(packr.pack(value)),
}
