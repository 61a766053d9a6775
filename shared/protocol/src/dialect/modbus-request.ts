/** A Modbus request as its handler gets it: JSON {unit, address, count} of a read, {unit, address, values} of a write; bits are true and false. */
import type { Problem } from '../errors.ts'
import { problem } from '../errors.ts'
import { utf8Encode } from '../utf8.ts'
import type { ModbusFunction } from './modbus-function.ts'
import { MODBUS_ADDRESSES, MODBUS_FUNCTIONS, modbusBytes } from './modbus-function.ts'

/** Address and count, or address and value. */
const FIXED_PART = 4
const COIL_ON = 0xff00

/** The payload of a request whose PDU, without its function, is bytes[start, end); or why it is refused. */
export function readModbusRequest(unit: number, code: number, bytes: Uint8Array, start: number, end: number): Uint8Array | Problem {
  const known = MODBUS_FUNCTIONS[code]
  if (known === undefined)
    return problem('NO_ROUTE', { detail: `function is ${code}, expected ${Object.keys(MODBUS_FUNCTIONS).join(', ')}` })
  const size = end - start
  if (size < FIXED_PART) return wrong(`${known.name} has ${size} bytes behind its function, expected ${FIXED_PART} or more`)
  const address = word(bytes, start)
  const second = word(bytes, start + 2)
  const count = known.kind === 'writeOne' ? 1 : second
  const fault = faultOf(known, bytes, start, size, count, second)
  if (fault !== undefined) return wrong(`${known.name}: ${fault}`)
  if (address + count > MODBUS_ADDRESSES) {
    return problem('REJECTED', { detail: `${known.name}: address ${address} and count ${count} end beyond ${MODBUS_ADDRESSES}` })
  }
  const rest = known.kind === 'read' ? `"count":${count}` : `"values":[${valuesOf(known, bytes, start, count, second)}]`
  return utf8Encode(`{"unit":${unit},"address":${address},${rest}}`)
}

function faultOf(known: ModbusFunction, bytes: Uint8Array, start: number, size: number, count: number, second: number): string | undefined {
  if (count < 1 || count > known.most) return `count is ${count}, expected 1 to ${known.most}`
  if (known.kind === 'writeMany') {
    const expected = modbusBytes(known.of, count)
    if (size === FIXED_PART) return 'the byte count is missing'
    if (bytes[start + FIXED_PART] !== expected) return `the byte count is ${bytes[start + FIXED_PART]}, expected ${expected} for ${count}`
    if (size !== FIXED_PART + 1 + expected) return `it has ${size - FIXED_PART - 1} bytes of values, expected ${expected}`
    return undefined
  }
  if (size !== FIXED_PART) return `it has ${size} bytes, expected ${FIXED_PART}`
  const coil = known.kind === 'writeOne' && known.of === 'bits'
  return coil && second !== 0 && second !== COIL_ON ? `value is 0x${second.toString(16)}, expected 0xff00 or 0` : undefined
}

function valuesOf(known: ModbusFunction, bytes: Uint8Array, start: number, count: number, second: number): string {
  if (known.kind === 'writeOne') return known.of === 'bits' ? String(second === COIL_ON) : String(second)
  const from = start + FIXED_PART + 1
  const values: (boolean | number)[] = []
  for (let index = 0; index < count; index++) {
    values.push(known.of === 'bits' ? (bytes[from + (index >> 3)] & (1 << (index & 7))) !== 0 : word(bytes, from + 2 * index))
  }
  return values.join()
}

const wrong = (detail: string): Problem => problem('BAD_PAYLOAD', { detail })

const word = (bytes: Uint8Array, at: number): number => (bytes[at] << 8) | bytes[at + 1]
