import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConfigDocument, loadSettings, type RouteSection } from '@causeway/config'
import { silentLogger } from '@causeway/telemetry'
import { message, type Route } from '../route.ts'
import { compileRoutes } from '../route-set.ts'
import { ServiceConfig } from './service-config.ts'
import { ServicePart } from './service-part.ts'

const place = message('order.place', {
  timeout: '5s',
  retry: { attempts: 5, min: '200ms', max: '30s' },
  cache: { key: String, ttl: '1s' },
  breaker: { failures: 3 },
  concurrency: { limit: 4, key: String },
}).handle(() => undefined)
const list = message('order.list', { rate: { limit: 5 } }).handle(() => undefined)

function worker(environment: Record<string, string> = {}) {
  const settings = loadSettings({ environment })
  const config = { ...settings.config }
  const documents: ConfigDocument[] = []
  let served: ReadonlyMap<string, Route> = new Map()
  const part = new ServicePart({
    ...{ worker: 'wk-1', service: 'orders', settings, config },
    own: new ServiceConfig({ config: undefined, configListeners: [] }, silentLogger),
    routes: compileRoutes('orders', [place, list]),
    replace: routes => {
      served = routes
    },
    changed: document => void documents.push(document),
  })
  const become = async (document: ConfigDocument) => (await part.prepare(document)).commit()
  const withRoutes = (routes: Record<string, RouteSection>): ConfigDocument => ({ services: { orders: { routes } } })
  return { part, config, documents, become, withRoutes, route: (name: string) => served.get(name)! }
}

describe('the worker of a service', () => {
  test("takes its routes' policies from the document, and the rest from its code", async () => {
    const { become, withRoutes, route } = worker()
    await become(
      withRoutes({
        'order.place': {
          timeout: '2s',
          priority: 'critical',
          retry: { attempts: 2 },
          cache: { ttl: '9s' },
          breaker: 'off',
          concurrency: 1,
        },
        'order.list': { rate: { limit: 7, per: '1m' }, breaker: { failures: 9 } },
      }),
    )
    const { timeoutMs, priority, retry, policies } = route('order.place')
    assert.deepEqual([timeoutMs, priority, retry], [2_000, 'critical', { ...place.retry, attempts: 2 }])
    assert.deepEqual(policies.cache, { ...place.policies.cache, ttlMs: 9_000 })
    assert.deepEqual([policies.breaker, policies.concurrency], [undefined, { ...place.policies.concurrency, limit: 1 }])
    const { policies: listed } = route('order.list')
    assert.deepEqual(
      [listed.rate, listed.breaker],
      [
        { limit: 7, perMs: 60_000 },
        { failures: 9, openForMs: 10_000 },
      ],
    )
  })

  test('gives its routes back to their code where the document says nothing of them any more', async () => {
    const { become, withRoutes, route } = worker()
    await become(withRoutes({ 'order.place': { timeout: '2s', rate: { limit: 1 } }, 'order.list': { rate: 'off', concurrency: 3 } }))
    await become({})
    assert.deepEqual([route('order.place'), route('order.list')], [place, list])
  })

  const wrong: [string, Record<string, RouteSection>, RegExp][] = [
    [
      'a cache of a route whose code has none',
      { 'order.list': { cache: { ttl: '1s' } } },
      /^Error: services\/orders: routes\/order.list\/cache: its code has no cache/,
    ],
    [
      'retries that do not go with those of the code',
      { 'order.place': { retry: { max: '100ms' } } },
      /routes\/order.place: retry.max \(100 ms\) is below retry.min \(200 ms\)/,
    ],
  ]
  for (const [what, routes, expected] of wrong) {
    test(`refuses ${what}, and changes nothing`, async () => {
      const { part, become, withRoutes, route, documents } = worker()
      await become({})
      await assert.rejects(Promise.resolve(part.prepare(withRoutes(routes))), expected)
      assert.deepEqual([route('order.list'), documents.length], [list, 1])
    })
  }

  test('leaves alone what the document says of routes that another release has, and of other services', async () => {
    const { become, route } = worker()
    await become({ services: { orders: { routes: { 'order.new': { timeout: 1 } } }, other: { routes: { 'order.list': { timeout: 1 } } } } })
    assert.deepEqual(route('order.list'), list)
    assert.equal(route('order.new'), undefined)
  })

  test('takes the settings of workers, but for those that its own variables say', async () => {
    const { part, config, become } = worker({ CAUSEWAY_LOG_LEVEL: 'warn' })
    await become({ worker: { concurrency: 3, logLevel: 'trace' }, gateway: { drainTimeout: 1 } })
    assert.deepEqual([config.concurrency, config.logLevel, config.drainTimeout], [3, 'warn', 10_000])
    assert.deepEqual(part.overridden(), ['logLevel'])
  })
})
