import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConfigDocument, loadSettings } from '@causeway/config'
import { until } from '@causeway/testing'
import { configuredPicture } from './central-routes.ts'
import { pictureOf, routeOf } from './gateway.fixture.ts'
import { HotSettings } from './hot-settings.ts'
import { AcceptRate } from './listeners/accept-rate.ts'
import { ListenerUnderTest } from './listeners/listener.fixture.ts'

const apply = (settings: HotSettings, document: ConfigDocument): void => settings.prepare(document).commit()

describe('settings of a gateway that runs', () => {
  test('change with the document, and are as before without it', () => {
    const own = loadSettings({ environment: { CAUSEWAY_WINDOW: '7' } })
    const config = { ...own.config }
    let changes = 0
    const settings = new HotSettings('gw-1', own, config, () => changes++)
    apply(settings, { gateway: { sessionTtl: '5m', window: 9, logLevel: 'debug' } })
    assert.deepEqual([config.sessionTtl, config.window, config.logLevel, changes], [300_000, 7, 'debug', 1])
    assert.deepEqual(settings.overridden(), ['window'])
    apply(settings, {})
    assert.deepEqual([config.sessionTtl, config.logLevel, settings.overridden()], [120_000, 'info', []])
  })

  test('are not touched by one that does not go with them', () => {
    const own = loadSettings({ environment: {} })
    const config = { ...own.config }
    const settings = new HotSettings('gw-1', own, config, () => assert.fail('changed'))
    const listeners = [{ port: 1, dialect: 'vmol', auth: { mtls: true } }]
    assert.throws(() => settings.prepare({ gateway: { window: 1, listeners } }), /speaks TLS/)
    assert.equal(config.window, own.config.window)
  })

  test('say from the next connection on who may connect', async () => {
    using listener = await ListenerUnderTest.open({})
    const { config } = listener.gateway
    const settings = new HotSettings('gw-1', loadSettings({ environment: {} }), config, () => {})
    const before = listener.visit()
    await until(() => !before.socket.connecting)
    apply(settings, { gateway: { deny: ['127.0.0.0/8'] } })
    await listener.visit().end()
    assert.deepEqual([listener.gateway.counters.barred, before.ended], [{ address: 1 }, false])
    apply(settings, { gateway: { allow: ['127.0.0.1'] } })
    const after = listener.visit()
    after.send('00')
    await until(() => listener.gateway.counters.connections === 1)
  })
})

describe('the rate of connections', () => {
  test('may change while connections wait; without a bound they wait no longer', () => {
    const later: (() => void)[] = []
    const rate = new AcceptRate(4, { now: () => 0, after: (_ms, callback) => void later.push(callback) })
    const newcomer = { once: () => undefined, off: () => undefined }
    let admitted = 0
    const reception = { admit: () => void admitted++, turnAway: () => assert.fail('turned away'), cut: () => assert.fail('cut') }
    for (let index = 0; index < 5; index++) rate.take({ ...newcomer }, reception)
    assert.deepEqual([admitted, rate.waiting], [1, 4])
    rate.change(0)
    later.shift()?.()
    assert.deepEqual([admitted, rate.waiting], [5, 0])
  })
})

describe('routes as they are configured', () => {
  test('have the timeout and the priority of the document; others stay as their workers say', () => {
    const picture = pictureOf([routeOf('order.place', 1), routeOf('order.list', 2)])
    const document = {
      services: {
        orders: { routes: { 'order.place': { timeout: '2s', priority: 'critical' as const } } },
        other: { routes: { 'order.list': { timeout: 1 } } },
      },
    }
    const { routes } = configuredPicture(picture, document)
    assert.deepEqual([routes.get('order.place')?.timeoutMs, routes.get('order.place')?.priority], [2_000, 'critical'])
    assert.equal(routes.get('order.list')?.timeoutMs, 60_000)
    assert.equal(picture.routes.get('order.place')?.timeoutMs, 60_000)
    assert.equal(configuredPicture(picture, {}), picture)
  })
})
