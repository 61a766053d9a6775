/** `mc1`: version 1 of the message protocol, as the devices in the field speak it. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers come in the order asked; type 0 is a heartbeat, 0xFF a failure. */
export const MC1: DialectTable = {
  name: 'mc1',
  title: 'Version 1: magic, version, type, signed length',
  headerSize: 8,
  fields: [
    { name: 'magic', offset: 0, size: 2, constant: 0x4d43 },
    { name: 'version', offset: 2, size: 1, constant: 1 },
    { name: 'type', offset: 3, size: 1 },
    { name: 'length', offset: 4, size: 4, signed: true },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'type',
  error: 0xff,
  heartbeat: 0,
  shared: true,
}
