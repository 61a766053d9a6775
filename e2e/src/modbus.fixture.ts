import { message, Reject, service } from '@causeway/consumers'

/** Values that a unit has of each kind. */
const SIZE = 200

const bits = Array.from({ length: SIZE }, (_, index) => index % 3 === 0)
const registers = Array.from({ length: SIZE }, (_, index) => index * 300)

/** Payloads as the gateway makes them of a PDU it has checked. */
interface Read {
  address: number
  count: number
}
interface Write {
  address: number
  values: (boolean | number)[]
}

function within(address: number, count: number): void {
  if (address + count > SIZE) throw new Reject(`there are ${SIZE} values`)
}

const read = (name: string, opcode: number, values: readonly (boolean | number)[]) =>
  message(name, { opcode }).handle(payload => {
    const { address, count } = payload as Read
    within(address, count)
    return { values: values.slice(address, address + count) }
  })

const write = (name: string, opcode: number, held: (boolean | number)[]) =>
  message(name, { opcode }).handle(payload => {
    const { address, values } = payload as Write
    within(address, values.length)
    held.splice(address, values.length, ...values)
    return {}
  })

/** A plant that serves every Modbus function that reaches a handler, the same values for all units. */
export default service(`plant-${process.env.CAUSEWAY_TEST_SERVICE}`, [
  read('plant.coils', 0xf001, bits),
  read('plant.inputs', 0xf002, bits),
  read('plant.holding', 0xf003, registers),
  read('plant.input', 0xf004, registers),
  write('plant.coil', 0xf005, bits),
  write('plant.register', 0xf006, registers),
  write('plant.coils.write', 0xf00f, bits),
  write('plant.registers.write', 0xf010, registers),
])
