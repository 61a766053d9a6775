import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Backends } from '@causeway/backends'
import { Exposition, Metrics } from '@causeway/telemetry'
import { FakeLog, FakeSessions } from './stores.fixture.ts'
import { workerServer } from './worker-server.ts'

function server(kind: Backends['kind'] = 'kafka and redis') {
  const log = new FakeLog()
  const sessions = new FakeSessions()
  const state = { stopping: false }
  const metrics = new Metrics({ service: 'orders' })
  metrics.counter('causeway_worker_tests_total', 'Tests', () => 7)
  const backends = { kind, log: log.port, sessions: sessions.port } as Backends
  return { log, sessions, state, http: workerServer(backends, new Exposition([metrics]), () => state.stopping) }
}

describe("a worker's own port", () => {
  test('is alive and ready while its backends answer', async () => {
    const { http } = server()
    assert.equal((await http.inject('/livez')).statusCode, 200)
    const ready = await http.inject('/readyz')
    assert.equal(ready.statusCode, 200)
    assert.deepEqual(ready.json(), { status: 'ready', dependencies: { kafka: { ok: true }, redis: { ok: true } } })
  })

  test('is alive but not ready while one is away, and says which and why', async () => {
    const { http, sessions } = server()
    sessions.down = 'connection refused'
    const ready = await http.inject('/readyz')
    assert.equal(ready.statusCode, 503)
    const dependencies = { kafka: { ok: true }, redis: { ok: false, error: 'connection refused' } }
    assert.deepEqual(ready.json(), { status: 'not ready', dependencies })
    assert.equal((await http.inject('/livez')).statusCode, 200)
  })

  test('is not ready while the worker drains', async () => {
    const { http, state } = server()
    state.stopping = true
    const ready = await http.inject('/readyz')
    assert.deepEqual([ready.statusCode, ready.json().status], [503, 'draining'])
  })

  test('has one dependency in the embedded mode', async () => {
    const { http, log } = server('embedded')
    log.down = 'the disk is full'
    assert.deepEqual((await http.inject('/readyz')).json().dependencies, { embedded: { ok: false, error: 'the disk is full' } })
  })

  test('serves its metrics in the text format', async () => {
    const response = await server().http.inject('/metrics')
    assert.match(response.headers['content-type'] as string, /^text\/plain/)
    assert.match(response.body, /causeway_worker_tests_total\{service="orders"\} 7/)
  })
})
