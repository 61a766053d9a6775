/** `abcd`: magic AB CD, version, command, length, sequence id. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Answers are matched by seqId and have cmd 2; cmd 0 and the bare bytes `PING` are heartbeats, cmd 0xFF a failure. */
export const ABCD: DialectTable = {
  name: 'abcd',
  title: 'Magic AB CD, version, command, length, sequence id',
  headerSize: 12,
  fields: [
    { name: 'magic', offset: 0, type: 'u16', constant: 0xabcd },
    { name: 'version', offset: 2, type: 'u8', default: 1 },
    { name: 'cmd', offset: 3, type: 'u8' },
    { name: 'length', offset: 4, type: 'u32' },
    { name: 'seqId', offset: 8, type: 'u32' },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  operation: 'cmd',
  correlation: 'seqId',
  request: 1,
  answer: 2,
  error: 0xff,
  heartbeat: 0,
  bareHeartbeat: { question: 'PING', answer: 'PONG' },
  shared: true,
}
