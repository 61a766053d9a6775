import { createBullBoard } from '@bull-board/api'
import { FastifyAdapter } from '@bull-board/fastify'
import type { Config } from '@causeway/config'
import type { KnownRoute } from '@causeway/registry'
import type { Retries } from '@causeway/retries'
import type { Exposition } from '@causeway/telemetry'
import Fastify, { type FastifyInstance } from 'fastify'
import { hostAllowed } from '../listeners/origin.ts'
import type { Readiness } from '../readiness.ts'
import type { Siblings } from '../siblings.ts'
import { type ConfigApiOptions, configApi } from './config-api.ts'
import { deadLettersApi } from './dead-letters-api.ts'
import { eventsApi } from './events-api.ts'
import type { LedgerWatch } from './ledger-watch.ts'
import { describeApi } from './openapi.ts'
import { operatorsPage } from './operators-page.ts'
import type { Overview } from './overview.ts'
import { readinessApi } from './readiness-api.ts'
import { demandRoles } from './roles.ts'
import { type SessionsApiOptions, sessionsApi } from './sessions-api.ts'

export interface AdminOptions {
  config: Config
  overview: Overview
  ledger: LedgerWatch
  metrics: Exposition
  retries: Retries
  /** All that were ever registered. */
  routes: () => readonly KnownRoute[]
  /** Where there is a central configuration. */
  configuration?: ConfigApiOptions | undefined
  sessions: SessionsApiOptions
  readiness: () => Readiness
  /** Where others share its ports. */
  siblings?: Siblings | undefined
  /** Of the gateway. */
  version: string
}

export interface AdminServer {
  readonly server: FastifyInstance
  /** Shows the queues of services as they appear. */
  showServices(services: readonly string[]): void
}

/** Port 7402, for operators: the live page, Bull Board, the API, and the metrics of this process and of those that share its ports. */
export async function adminServer({
  config,
  overview,
  ledger,
  metrics,
  retries,
  routes,
  configuration,
  sessions,
  readiness,
  siblings,
  version,
}: AdminOptions): Promise<AdminServer> {
  const server = Fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => {
    if (hostAllowed(config.adminHost, request.headers.host)) return
    await reply
      .code(403)
      .send({ code: 'FORBIDDEN', title: 'Forbidden', detail: 'this port is for loopback names only: use http://127.0.0.1' })
  })
  demandRoles(server, config)
  await describeApi(server, version)
  const queues = new FastifyAdapter()
  queues.setBasePath('/queues')
  const board = createBullBoard({ queues: [], serverAdapter: queues, options: { uiConfig: { boardTitle: 'Causeway queues' } } })
  await server.register(queues.registerPlugin(), { prefix: '/queues' })
  server.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(operatorsPage))
  server.get('/livez', () => ({ status: 'ok' }))
  readinessApi(server, readiness, siblings)
  server.get('/api/overview', () => overview.read())
  server.get('/api/routes', () => overview.routes())
  server.get('/api/lag', () => overview.lag())
  server.get('/api/ledger', () => ledger.read())
  deadLettersApi(server, { retries, routes, maxPayload: config.maxPayload })
  sessionsApi(server, sessions)
  eventsApi(server, { overview, central: configuration?.central })
  if (configuration !== undefined) configApi(server, configuration)
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  const shown = new Set<string>()
  return {
    server,
    showServices(services) {
      for (const service of services) {
        if (shown.has(service)) continue
        shown.add(service)
        for (const queue of retries.board(service)) board.addQueue(queue)
      }
    },
  }
}
