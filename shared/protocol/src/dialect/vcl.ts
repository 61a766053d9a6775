/** `vcl`: version, command, length. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers come in the order asked; cmd 0 is a heartbeat, 0xFFFF a failure. */
export const VCL: DialectTable = {
  name: 'vcl',
  title: 'Version, command, length',
  headerSize: 7,
  fields: [
    { name: 'version', offset: 0, type: 'u8', constant: 1 },
    { name: 'cmd', offset: 1, type: 'u16' },
    { name: 'length', offset: 3, type: 'u32' },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'cmd',
  error: 0xffff,
  heartbeat: 0,
}
