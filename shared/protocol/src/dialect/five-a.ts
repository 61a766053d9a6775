/** `5a`: magic 5A, sequence, length, command, data, CRC-8. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers are matched by seq; cmd 0 is a heartbeat, 0x15 (NAK) a failure and the answer to a wrong crc. A seq that comes again is answered again. */
export const FIVE_A: DialectTable = {
  name: '5a',
  title: 'Magic 5A, sequence, length, command, data, CRC-8',
  headerSize: 5,
  fields: [
    { name: 'magic', offset: 0, type: 'u8', constant: 0x5a },
    { name: 'seq', offset: 1, type: 'u8' },
    { name: 'length', offset: 2, type: 'u16' },
    { name: 'cmd', offset: 4, type: 'u8' },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  checksum: { algorithm: 'crc8', onMismatch: 'refuse' },
  operation: 'cmd',
  correlation: 'seq',
  error: 0x15,
  heartbeat: 0,
  repeats: 16,
  shared: true,
}
