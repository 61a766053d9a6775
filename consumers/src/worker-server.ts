import { type Backends, within } from '@causeway/backends'
import type { Exposition } from '@causeway/telemetry'
import Fastify, { type FastifyInstance } from 'fastify'

/** How long a backend may take to answer a readiness check, ms. */
const PING_TIMEOUT_MS = 2_000

/** Port 7403: a worker's own health and metrics. */
export function workerServer(backends: Backends, metrics: Exposition, stopping: () => boolean): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true })
  server.get('/livez', () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const pings: Record<string, Promise<void>> = backends.kind === 'embedded'
      ? { embedded: backends.log.ping() }
      : { kafka: backends.log.ping(), redis: backends.sessions.ping() }
    const states = await Promise.all(Object.entries(pings).map(async ([name, ping]) => [name, await stateOf(ping)] as const))
    const ready = states.every(([, state]) => state.ok) && !stopping()
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : stopping() ? 'draining' : 'not ready', dependencies: Object.fromEntries(states) })
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  return server
}

async function stateOf(ping: Promise<void>): Promise<{ ok: boolean; error?: string }> {
  try {
    await within(PING_TIMEOUT_MS, ping)
    return { ok: true }
  } catch (error) {
    return { ok: false, error: (error as Error).message }
  }
}
