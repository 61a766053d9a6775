import type { FlightSender } from './flight-sender.ts'

/** A sender that connects by itself, so that appender() need not be waited for; a connection that failed is tried again at the next use. */
export function lazySender(open: () => Promise<FlightSender>): FlightSender {
  let connecting: Promise<FlightSender> | undefined
  const connected = (): Promise<FlightSender> => {
    connecting ??= open().catch(error => {
      connecting = undefined
      throw error
    })
    return connecting
  }
  connected().catch(() => undefined)
  return {
    send: async batches => (await connected()).send(batches),
    forgetMetadata: async () => (await connecting)?.forgetMetadata(),
    async close() {
      const sender = await connecting?.catch(() => undefined)
      await sender?.close()
    },
  }
}
