import { message } from '@causeway/consumers'
import { z } from 'zod'

/** Devices remembered; the one heard of longest ago goes first. */
const MAX_DEVICES = 10_000

const Reading = z.object({
  device: z.int().min(0),
  registers: z.array(z.int().min(0).max(0xffff)).max(65_536),
  /** Unix ms. */
  at: z.number().optional(),
})
export type Reading = z.infer<typeof Reading>

/** The last reading of each device. */
export const lastReadings = new Map<number, Reading>()

/** Keeps the last reading of each device; answers nothing. */
export const telemetryReport = message('telemetry.report', { opcode: 16, input: Reading, oneWay: true }).handle(reading => {
  lastReadings.delete(reading.device)
  if (lastReadings.size >= MAX_DEVICES) lastReadings.delete(lastReadings.keys().next().value!)
  lastReadings.set(reading.device, reading)
})
