import { setTimeout as sleep } from 'node:timers/promises'
import { bytes, message, type Service, service } from '@causeway/consumers'

/** Places of each service, from which follow its name, its route and that one's opcode. */
export const PLACES = [1, 4, 16, 64, 256] as const
export const waitingOpcode = (places: number): number => 0x7f00 + places
export const waitingRoute = (places: number): string => `bench.wait-${places}`
/** What a payload begins with: ms that its handler waits, u16. */
export const waitHead = (ms: number): Uint8Array => Uint8Array.of(ms >> 8, ms & 0xff)

/** A service with so many places, whose handler waits as long as its payload says and echoes it. At 0 ms it does not wait at all. */
export const waiting = (places: number): Service =>
  service(
    `bench-wait-${places}`,
    [
      message(waitingRoute(places), { opcode: waitingOpcode(places), input: bytes }).handle(payload => {
        const ms = (payload[0] << 8) | payload[1]
        return ms === 0 ? payload : sleep(ms).then(() => payload)
      }),
    ],
    { concurrency: places },
  )

export default PLACES.map(waiting)
