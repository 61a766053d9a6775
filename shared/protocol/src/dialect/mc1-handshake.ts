/** `mc1-handshake`: three control frames, then `mc1`. docs/protocol.md, section 8. */
import { MC1 } from './mc1.ts'
import type { DialectTable } from './table.ts'

/** A control frame's third byte is its type, where an `mc1` frame has its version: SYN looks like a version, so it is one only before the ACK. */
export const MC1_HANDSHAKE: DialectTable = {
  ...MC1,
  name: 'mc1-handshake',
  title: 'A handshake of three control frames, then mc1',
  shared: false,
  handshake: {
    name: 'mc1-handshake',
    headerSize: 13,
    fields: [
      { name: 'magic', offset: 0, type: 'u16', constant: 0x4d43 },
      { name: 'type', offset: 2, type: 'u8' },
      { name: 'seq', offset: 3, type: 'u32' },
      { name: 'length', offset: 7, type: 'u16' },
      { name: 'crc', offset: 9, type: 'u32' },
    ],
    framing: { by: 'length', field: 'length', counts: 'payload' },
    checksum: { algorithm: 'crc32', field: 'crc', covers: 'others' },
    operation: 'type',
    number: 'seq',
    syn: 1,
    synAck: 2,
    ack: 3,
    repeated: { at: 2, value: 3 },
  },
}
