/** `vmol`: version, message id, operation, length. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers are matched by msgId; opCode 0 is a heartbeat, 0xFFFF a failure. */
export const VMOL: DialectTable = {
  name: 'vmol',
  title: 'Version, message id, operation code, length',
  headerSize: 11,
  fields: [
    { name: 'version', offset: 0, size: 1, default: 1 },
    { name: 'msgId', offset: 1, size: 4 },
    { name: 'opCode', offset: 5, size: 2 },
    { name: 'length', offset: 7, size: 4 },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'opCode',
  correlation: 'msgId',
  error: 0xffff,
  heartbeat: 0,
  shared: false,
}
