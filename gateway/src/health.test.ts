import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import type { Backends } from '@causeway/backends'
import { silentLogger } from '@causeway/telemetry'
import { quiet } from './gateway.fixture.ts'
import { Health } from './health.ts'
import { HEALTH_TICK_MS, HEALTH_TIMEOUT_MS } from './limits.ts'

const NOW = 1_000_000

/** Pings that answer, fail with a text, or never return. */
type Ping = 'answers' | 'hangs' | { fails: string }

function healthOf(kind: Backends['kind'] = 'kafka and redis') {
  const pings: Record<'log' | 'sessions', Ping> = { log: 'answers', sessions: 'answers' }
  const port = (name: 'log' | 'sessions') => ({
    ping: async () => {
      const ping = pings[name]
      if (ping === 'hangs') await new Promise(() => {})
      else if (ping !== 'answers') throw new Error(ping.fails)
    },
  })
  const health = new Health({ kind, log: port('log'), sessions: port('sessions') } as unknown as Backends, silentLogger)
  return { health, pings }
}

describe('the health of a gateway', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval'], now: NOW }))
  afterEach(() => mock.timers.reset())

  async function pass(ms: number): Promise<void> {
    await quiet()
    mock.timers.tick(ms)
    await quiet()
  }

  test('is good until a backend is known to be away', async () => {
    const { health } = healthOf()
    assert.ok(health.ok)
    health.start()
    await pass(HEALTH_TICK_MS)
    assert.deepEqual(health.dependencies, { kafka: { ok: true, since: NOW }, redis: { ok: true, since: NOW } })
    health.stop()
  })

  test('tells what is away, why and since when, and when it is back', async () => {
    const { health, pings } = healthOf()
    health.start()
    await pass(0)
    pings.sessions = { fails: 'connection refused' }
    await pass(HEALTH_TICK_MS)
    assert.deepEqual(health.dependencies.redis, { ok: false, error: 'connection refused', since: NOW + HEALTH_TICK_MS })
    assert.deepEqual([health.ok, health.dependencies.kafka.ok], [false, true])
    pings.sessions = 'answers'
    await pass(HEALTH_TICK_MS)
    assert.deepEqual(health.dependencies.redis, { ok: true, error: undefined, since: NOW + 2 * HEALTH_TICK_MS })
    assert.ok(health.ok)
    health.stop()
  })

  test('does not wait for a backend that hangs', async () => {
    const { health, pings } = healthOf()
    pings.log = 'hangs'
    health.start()
    await pass(HEALTH_TIMEOUT_MS - 1)
    assert.ok(health.ok)
    await pass(1)
    assert.deepEqual([health.ok, health.dependencies.kafka.error], [false, `no answer within ${HEALTH_TIMEOUT_MS} ms`])
    health.stop()
  })

  test('has one dependency in the embedded mode', () => {
    assert.deepEqual(Object.keys(healthOf('embedded').health.dependencies), ['embedded'])
  })

  test('is bad from a fault that no ping shows until it is mended, and tells why and since when', () => {
    const { health } = healthOf()
    health.fault('topic of orders', 'it has 4 partitions')
    assert.deepEqual([health.ok, health.dependencies.kafka.ok], [false, true])
    mock.timers.setTime(NOW + 2_000)
    health.fault('topic of orders', 'it has 4 partitions, expected 16')
    assert.deepEqual(health.dependencies['topic of orders'], { ok: false, error: 'it has 4 partitions, expected 16', since: NOW })
    health.mended('topic of orders')
    assert.deepEqual([health.ok, Object.keys(health.dependencies)], [true, ['kafka', 'redis']])
    health.mended('topic of nobody')
  })

  test('is looked at no more once stopped', async () => {
    const { health, pings } = healthOf()
    health.start()
    await pass(0)
    health.stop()
    await pass(HEALTH_TICK_MS)
    pings.log = { fails: 'late' }
    await pass(HEALTH_TICK_MS * 3)
    assert.ok(health.ok)
  })
})
