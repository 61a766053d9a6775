import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfig } from '@causeway/config'
import type { Retries } from '@causeway/retries'
import type { Metrics } from '@causeway/telemetry'
import { adminServer } from './admin-server.ts'
import type { LedgerWatch } from './ledger-watch.ts'
import type { Overview } from './overview.ts'

const PATHS = ['/', '/api/overview', '/api/ledger', '/metrics', '/livez', '/queues']

async function adminOf(flags: Record<string, unknown> = {}) {
  const { server } = await adminServer({
    config: loadConfig({ environment: {}, flags: { auth: 'none', ...flags } }),
    overview: { read: async () => ({ connections: 3 }) } as unknown as Overview,
    ledger: { read: async () => ({ balanced: true }) } as unknown as LedgerWatch,
    metrics: { contentType: 'text/plain', text: async () => 'causeway_connections 3\n' } as unknown as Metrics,
    retries: {} as Retries,
    routes: () => [],
  })
  return async (url: string, headers: Record<string, string>) => (await server.inject({ url, headers })).statusCode
}

describe('the operators port', () => {
  test('on loopback answers to loopback names alone, so that no page elsewhere can be made to point there', async () => {
    const statusOf = await adminOf()
    for (const path of PATHS) {
      for (const host of ['127.0.0.1:7402', 'localhost:7402', '[::1]:7402']) assert.equal(await statusOf(path, { host }), 200, path)
      for (const host of ['evil.example:7402', '127.0.0.1.evil.example']) assert.equal(await statusOf(path, { host }), 403, path)
    }
  })

  test('on an open address answers to any name', async () => {
    const statusOf = await adminOf({ adminHost: '0.0.0.0', adminAuth: 'none' })
    assert.equal(await statusOf('/api/overview', { host: 'console.example' }), 200)
  })

  test('tells a foreign name nothing, with or without the token', async () => {
    const statusOf = await adminOf({ adminToken: 'operators-only' })
    const authorization = 'Bearer operators-only'
    assert.equal(await statusOf('/metrics', { host: 'evil.example' }), 403)
    assert.equal(await statusOf('/metrics', { host: 'evil.example', authorization }), 403)
    assert.equal(await statusOf('/metrics', { host: 'localhost' }), 401)
    assert.equal(await statusOf('/metrics', { host: 'localhost', authorization }), 200)
  })
})
