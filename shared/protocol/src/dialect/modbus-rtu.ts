/** `modbus-rtu`: Modbus RTU frames over TCP, as serial device servers send them. docs/protocol.md, section 8. */
import type { DialectTable } from './table.ts'

/** Bytes of a frame but its data: address, function and checksum. */
const BESIDE = 4
/** Function 23 with the most bytes that its byte count can claim: the serial line allows 256, what is longer is refused in kind. */
const MAX_FRAME = 13 + 255

/** Function n is opcode 0xF000 + n; answers come in the order asked. Address 0 is for all, and nobody answers. */
export const MODBUS_RTU: DialectTable = {
  name: 'modbus-rtu',
  title: 'Modbus RTU over TCP: address, function, data, CRC-16',
  headerSize: 2,
  fields: [
    { name: 'address', offset: 0, type: 'u8' },
    { name: 'function', offset: 1, type: 'u8' },
  ],
  // MODBUS Application Protocol V1.1b3, section 6: the sizes of all requests that tell theirs
  framing: {
    by: 'operation',
    sizes: {
      1: BESIDE + 4,
      2: BESIDE + 4,
      3: BESIDE + 4,
      4: BESIDE + 4,
      5: BESIDE + 4,
      6: BESIDE + 4,
      7: BESIDE,
      8: BESIDE + 4,
      11: BESIDE,
      12: BESIDE,
      15: { at: 6, plus: BESIDE + 5 },
      16: { at: 6, plus: BESIDE + 5 },
      17: BESIDE,
      20: { at: 2, plus: BESIDE + 1 },
      21: { at: 2, plus: BESIDE + 1 },
      22: BESIDE + 6,
      23: { at: 10, plus: BESIDE + 9 },
      24: BESIDE + 2,
    },
    maximum: MAX_FRAME,
  },
  checksum: { algorithm: 'crc16-modbus', little: true },
  operation: 'function',
  opcodeBase: 0xf000,
  broadcast: { field: 'address', value: 0 },
  modbus: { unit: 'address' },
}
