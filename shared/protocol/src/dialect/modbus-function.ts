/** The Modbus functions that reach a handler, with the bounds of MODBUS Application Protocol V1.1b3, section 6. */

/** One function. */
export interface ModbusFunction {
  readonly name: string
  readonly kind: 'read' | 'writeOne' | 'writeMany'
  /** What it reads or writes: single bits or 16-bit registers. */
  readonly of: 'bits' | 'registers'
  /** Values of one request. */
  readonly most: number
}

/** By function code. */
export const MODBUS_FUNCTIONS: Readonly<Record<number, ModbusFunction>> = {
  1: { name: 'read coils', kind: 'read', of: 'bits', most: 2_000 },
  2: { name: 'read discrete inputs', kind: 'read', of: 'bits', most: 2_000 },
  3: { name: 'read holding registers', kind: 'read', of: 'registers', most: 125 },
  4: { name: 'read input registers', kind: 'read', of: 'registers', most: 125 },
  5: { name: 'write single coil', kind: 'writeOne', of: 'bits', most: 1 },
  6: { name: 'write single register', kind: 'writeOne', of: 'registers', most: 1 },
  15: { name: 'write multiple coils', kind: 'writeMany', of: 'bits', most: 1_968 },
  16: { name: 'write multiple registers', kind: 'writeMany', of: 'registers', most: 123 },
}

/** Bit of a function that says its answer is an exception. */
export const MODBUS_EXCEPTION = 0x80

/** Addresses of each kind of value. */
export const MODBUS_ADDRESSES = 0x10000

/** How many bytes so many values take in a PDU. */
export function modbusBytes(of: ModbusFunction['of'], count: number): number {
  return of === 'bits' ? Math.ceil(count / 8) : 2 * count
}
