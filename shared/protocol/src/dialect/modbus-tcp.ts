/** `modbus-tcp`: MODBUS Messaging on TCP/IP V1.0b. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Unit and PDU: a PDU has at most 253 bytes. */
const MAX_LENGTH = 254

/** Function n is opcode 0xF000 + n; answers are matched by transaction and unit. */
export const MODBUS_TCP: DialectTable = {
  name: 'modbus-tcp',
  title: 'Modbus TCP: transaction, protocol, length, unit, function',
  headerSize: 8,
  fields: [
    { name: 'transaction', offset: 0, type: 'u16' },
    { name: 'protocol', offset: 2, type: 'u16', constant: 0 },
    { name: 'length', offset: 4, type: 'u16' },
    { name: 'unit', offset: 6, type: 'u8' },
    { name: 'function', offset: 7, type: 'u8' },
  ],
  framing: { by: 'length', field: 'length', counts: 'rest', maximum: MAX_LENGTH },
  operation: 'function',
  opcodeBase: 0xf000,
  correlation: ['transaction', 'unit'],
  modbus: { unit: 'unit' },
}
