/** The numbers of a version-2 header: frame types, flags and codecs. Source: docs/protocol.md, sections 1 to 3. No number is ever used again for another meaning. */

/** Frame types by name; docs/protocol.md, section 2. */
export const FrameType = {
  SYN: 0x01,
  SYN_ACK: 0x02,
  ACK: 0x03,
  REQUEST: 0x10,
  RESPONSE: 0x11,
  NOTIFY: 0x12,
  PUSH: 0x13,
  ERROR: 0x14,
  CANCEL: 0x15,
  SUBSCRIBE: 0x20,
  UNSUBSCRIBE: 0x21,
  PING: 0x30,
  PONG: 0x31,
  CREDIT: 0x32,
  GOAWAY: 0x33,
  CLOSE: 0x34,
} as const

/** Flags by name; docs/protocol.md, section 3. */
export const Flag = { META: 1, CHECKSUM: 2, MORE: 4, REDELIVERED: 8 } as const

/** The bits that must be 0; docs/protocol.md, section 3. */
export const RESERVED_FLAGS = 0xf0

/** Codec ids of a payload; 128 to 255 are the application's own. docs/protocol.md, section 1. */
export const Codec = { BYTES: 0, JSON: 1, MESSAGE_PACK: 2, PROTOBUF: 3 } as const

/** The name of a frame type, as `causeway.json` spells it (docs/protocol.md, section 7). */
export type TypeName = Lowercase<keyof typeof FrameType>

const names: (TypeName | undefined)[] = new Array(256).fill(undefined)
const numbers = new Map<string, number>()
for (const [key, number] of Object.entries(FrameType)) {
  const name = key.toLowerCase() as TypeName
  names[number] = name
  numbers.set(name, number)
}

/** The lower-case name of a frame type: 2 is `syn_ack`; undefined for a number no type has. */
export function typeName(type: number): TypeName | undefined {
  return names[type]
}

/** The frame type a lower-case name stands for; undefined for an unknown name. */
export function typeByName(name: string): number | undefined {
  return numbers.get(name)
}
