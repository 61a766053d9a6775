// What the worker serves while the articles' worker pools are measured: handlers that ask a database, so many at a time.
import { bytes, message, type Service, service } from '@causeway/consumers'
import { Database } from './database.ts'

/** Places of each service: those of the article, and Causeway's default. */
export const WORKER_PLACES = [4, 8, 16, 256] as const
export const askingOpcode = (places: number): number => 0x7e00 + places
export const askingRoute = (places: number): string => `bench.ask-${places}`
/** What a payload begins with: the port of the database, u16; at 0 none is asked. */
export const askHead = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 0xff)

const databases = new Map<number, Database>()

function databaseAt(port: number): Database {
  const known = databases.get(port)
  if (known !== undefined) return known
  const opened = new Database(port)
  databases.set(port, opened)
  return opened
}

/** A service with so many places, whose handler asks the database once and echoes its payload. */
const asking = (places: number): Service =>
  service(
    `bench-ask-${places}`,
    [
      message(askingRoute(places), { opcode: askingOpcode(places), input: bytes }).handle(async payload => {
        const port = (payload[0] << 8) | payload[1]
        if (port > 0) await databaseAt(port).query()
        return payload
      }),
    ],
    { concurrency: places },
  )

export default WORKER_PLACES.map(asking)
