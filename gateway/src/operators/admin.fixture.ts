import type { CentralConfig, ProcessStates } from '@causeway/central-config'
import { loadConfig } from '@causeway/config'
import type { Retries } from '@causeway/retries'
import type { Exposition } from '@causeway/telemetry'
import type { FastifyInstance } from 'fastify'
import { pictureOf } from '../gateway.fixture.ts'
import type { Siblings } from '../siblings.ts'
import { adminServer } from './admin-server.ts'
import type { LedgerWatch } from './ledger-watch.ts'
import type { Overview } from './overview.ts'
import type { SessionsApiOptions } from './sessions-api.ts'

/** The operators' port with hardly anything behind it. */
export async function adminUnderTest(flags: Record<string, unknown> = {}, siblings?: Siblings): Promise<FastifyInstance> {
  const { server } = await adminServer({
    config: loadConfig({ environment: {}, flags: { auth: 'none', ...flags } }),
    overview: { read: async () => ({ connections: 3 }) } as unknown as Overview,
    ledger: { read: async () => ({ balanced: true }) } as unknown as LedgerWatch,
    metrics: { contentType: 'text/plain', text: async () => 'causeway_connections 3\n' } as unknown as Exposition,
    retries: {} as Retries,
    routes: () => [],
    sessions: {} as SessionsApiOptions,
    readiness: () => ({ status: 'ready', dependencies: {} }),
    siblings,
    version: '1.2.3',
    configuration: {
      central: { latest: { version: 0, document: {} }, readable: true } as unknown as CentralConfig,
      states: {} as ProcessStates,
      picture: () => pictureOf([]),
    },
  })
  return server
}
