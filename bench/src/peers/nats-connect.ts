import { connect, type NatsConnection } from '@nats-io/transport-node'

/** Without a timer of pings in the measured time, and without stack traces kept for each request. */
export const connectNats = (port: number): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${port}`, noAsyncTraces: true, reconnect: false })

/** As the server itself tells it. */
export async function natsVersion(port: number): Promise<string> {
  const connection = await connectNats(port)
  try {
    return connection.info?.version ?? 'unknown'
  } finally {
    await connection.close()
  }
}
