/** `mc1`: version 1 of the message protocol, as the devices in the field speak it. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers come in the order asked; type 0 is a heartbeat, 0xFF a failure. */
export const MC1: DialectTable = {
  name: 'mc1',
  title: 'Version 1: magic, version, type, signed length',
  headerSize: 8,
  fields: [
    { name: 'magic', offset: 0, type: 'u16', constant: 0x4d43 },
    { name: 'version', offset: 2, type: 'u8', constant: 1 },
    { name: 'type', offset: 3, type: 'u8' },
    { name: 'length', offset: 4, type: 'i32' },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'type',
  error: 0xff,
  heartbeat: 0,
  shared: true,
}
