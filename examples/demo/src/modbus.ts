import { message, Reject } from '@causeway/consumers'
import { z } from 'zod'
import { lastReadings } from './telemetry.ts'

/** What a Modbus read brings, of whatever function. */
const Read = z.object({ unit: z.int().min(0), address: z.int().min(0), count: z.int().min(1) })

/** Answers registers of the device whose number is the unit, from its last reading. One that it doesn't have is rejected, which Modbus calls exception 2. */
const read = ({ unit, address, count }: z.infer<typeof Read>): { values: number[] } => {
  const registers = lastReadings.get(unit)?.registers ?? []
  if (address + count > registers.length)
    throw new Reject(`unit ${unit} has ${registers.length} registers: ${address} to ${address + count - 1} were asked for`)
  return { values: registers.slice(address, address + count) }
}

/** Modbus function 3, holding registers. */
export const modbusRead = message('modbus.read', { opcode: 0xf003, input: Read }).handle(read)

/** Modbus function 4, input registers: the same ones. */
export const modbusReadInput = message('modbus.read.input', { opcode: 0xf004, input: Read }).handle(read)
