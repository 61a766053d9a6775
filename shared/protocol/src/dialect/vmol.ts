/** `vmol`: version, message id, operation, length. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers are matched by msgId; opCode 0 is a heartbeat, 0xFFFF a failure. */
export const VMOL: DialectTable = {
  name: 'vmol',
  title: 'Version, message id, operation code, length',
  headerSize: 11,
  fields: [
    { name: 'version', offset: 0, type: 'u8', default: 1 },
    { name: 'msgId', offset: 1, type: 'u32' },
    { name: 'opCode', offset: 5, type: 'u16' },
    { name: 'length', offset: 7, type: 'u32' },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'opCode',
  correlation: 'msgId',
  error: 0xffff,
  heartbeat: 0,
}
