/** A handler's answer as the PDU that a Modbus client expects: {values} of a read, anything of a write, {exception} where it wants one. */
import { utf8Decode } from '../utf8.ts'
import type { ModbusFunction } from './modbus-function.ts'
import { MODBUS_FUNCTIONS, modbusBytes } from './modbus-function.ts'

/** The data behind the function of an answer, or the exception. */
export type ModbusAnswer = { readonly data: Uint8Array } | { readonly exception: number }

/** Makes the answer to the request whose PDU, without its function, begins at `bytes[start]`. Throws RangeError where it is none: the handler failed. */
export function modbusAnswer(code: number, bytes: Uint8Array, start: number, payload: Uint8Array): ModbusAnswer {
  const known = MODBUS_FUNCTIONS[code]
  const answer = parsed(payload)
  const exception = fieldOf(answer, 'exception')
  if (exception !== undefined) {
    if (!isWhole(exception, 1, 0xff)) throw new RangeError(`exception is ${JSON.stringify(exception)}, expected 1 to 255`)
    return { exception }
  }
  // a write answers its address and its value or count
  if (known.kind !== 'read') return { data: bytes.slice(start, start + 4) }
  return { data: encodeValues(known, fieldOf(answer, 'values'), (bytes[start + 2] << 8) | bytes[start + 3]) }
}

function parsed(payload: Uint8Array): unknown {
  if (payload.length === 0) return undefined
  try {
    return JSON.parse(utf8Decode(payload))
  } catch (cause) {
    throw new RangeError('the answer is not JSON', { cause })
  }
}

const fieldOf = (answer: unknown, name: string): unknown =>
  typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>)[name] : undefined

function encodeValues({ name, of }: ModbusFunction, values: unknown, count: number): Uint8Array {
  if (!Array.isArray(values) || values.length !== count) {
    throw new RangeError(`${name} asked for ${count} values, the answer has ${Array.isArray(values) ? values.length : 'none'}`)
  }
  const size = modbusBytes(of, count)
  const data = new Uint8Array(1 + size)
  data[0] = size
  values.forEach((value: unknown, index) => {
    if (of === 'bits') {
      if (typeof value !== 'boolean' && value !== 0 && value !== 1) throw wrongValue(index, value, 'true or false')
      if (value) data[1 + (index >> 3)] |= 1 << (index & 7)
    } else {
      if (!isWhole(value, 0, 0xffff)) throw wrongValue(index, value, 'a whole number from 0 to 65535')
      data[1 + 2 * index] = value >> 8
      data[2 + 2 * index] = value
    }
  })
  return data
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

const wrongValue = (index: number, value: unknown, expected: string): RangeError =>
  new RangeError(`values[${index}] is ${JSON.stringify(value)}, expected ${expected}`)
