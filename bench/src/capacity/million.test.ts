import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type Costs, costsOf, fleetOf, MILLION, needsOf } from './million.ts'
import { million } from './study.fixture.ts'

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= Math.abs(expected) * 1e-9, `${actual}, expected ${expected}`)

function costs(): Costs {
  const found = costsOf(million())
  assert.ok(!('missing' in found))
  return found
}

describe('what was measured', () => {
  test('costs a session what it rises by, and upkeep a twentieth of what it adds at twenty times the pace', () => {
    const { idleCores, idleRedisOps } = costs()
    // still: 5 µs; kept up: 105 µs, of which 100 are upkeep
    near(idleCores.gateway, 5e-6 + 100e-6 / 20)
    near(idleCores.Redis, 20e-6 / 20)
    near(idleRedisOps, 1 / 20)
  })

  test('is memory, descriptors and requests as they are at the largest size', () => {
    const { gatewayKiB, redisKiB, descriptors, requestRedisOps, requestCpu } = costs()
    assert.deepEqual(
      { gatewayKiB, redisKiB, descriptors, requestRedisOps },
      { gatewayKiB: 8, redisKiB: 1, descriptors: 1, requestRedisOps: 10 },
    )
    near(requestCpu.worker, 1e-4)
  })

  test('names the studies that lack', () => {
    const [idle] = million()
    assert.deepEqual(costsOf([idle]), { missing: ['upkeep', 'active'] })
    assert.deepEqual(costsOf([]), { missing: ['idle', 'upkeep', 'active'] })
  })

  test('says nothing of a million where it was a few hundred', () => {
    const [idle, upkeep, few] = million()
    few.points[0].at = 999
    assert.deepEqual(costsOf([idle, upkeep, few]), { missing: ['active'] })
  })

  test('is divided by how often PINGs were seen, where that is less than was asked for', () => {
    const [idle, upkeep, active] = million()
    const slow = structuredClone(upkeep)
    // every 3 s in place of 30
    slow.points[1].figures.heartbeatsPerSecond.median = 11_000 / 3
    const found = costsOf([idle, slow, active]) as Costs
    near(found.idleRedisOps, 1 / 10)
    near(found.idleCores.gateway, 5e-6 + 100e-6 / 10)
  })
})

describe('a million sessions', () => {
  const needs = needsOf(costs(), MILLION)

  test('are pinged, renewed and asked at the default pace', () => {
    near(needs.heartbeatsPerSecond, 1e6 / 30)
    near(needs.renewalsPerSecond, 1e6 / 40)
    near(needs.requestsPerSecond, 1e6 / 60)
  })

  test('need what one needs, times a million', () => {
    near(needs.gatewayMemoryGiB, 8e6 / 2 ** 20)
    near(needs.redisGiB, 1e6 / 2 ** 20)
    near(needs.redisWorstGiB, 2e6 / 2 ** 20)
    near(needs.cores.gateway, 10 + (1e6 / 60) * 1e-4)
    near(needs.redisOpsPerSecond, 50_000 + (1e6 / 60) * 10)
  })

  test('have so many workers and twice as many partitions, a power of two, at least the default', () => {
    // 1.67 cores by 0.7
    assert.deepEqual([needs.workers, needs.partitions], [3, 16])
    const busy = needsOf(costs(), { ...MILLION, requestsPerMinute: 20 })
    assert.deepEqual([busy.workers, busy.partitions], [48, 128])
    assert.equal(needsOf(costs(), { ...MILLION, requestsPerMinute: 1_000 }).partitions, 256)
  })

  test('find one Redis enough, or not', () => {
    // 1 core idle, for one node that is planned with 0.7
    assert.equal(needs.oneRedisIsEnough, false)
    assert.equal(needsOf(costs(), { ...MILLION, sessions: 500_000 }).oneRedisIsEnough, true)
  })
})

describe('gateways', () => {
  const needs = needsOf(costs(), MILLION)

  test('are as many as memory, cores or their limit ask for, whichever asks for most', () => {
    // 0.1 GiB less 30 %: no room; 0.2 GiB: 143 MiB less 100 hold 5,555; beyond, cores (11.7 by 0.7) ask for most
    assert.equal(fleetOf(costs(), needs, MILLION, 0.1), undefined)
    const small = fleetOf(costs(), needs, MILLION, 0.2)!
    assert.deepEqual([small.because, small.gateways], ['memory', Math.ceil(1e6 / 5_550)])
    assert.deepEqual(pick(fleetOf(costs(), needs, MILLION, 8)!), ['cores', 17, 58_824])
    const idle = needsOf(costs(), { ...MILLION, requestsPerMinute: 0, coreShare: 1 })
    assert.deepEqual(pick(fleetOf(costs(), idle, MILLION, 8)!), ['limit', 10, 100_000])
  })

  test('have descriptors, addresses of a balancer and a time to come back by their share', () => {
    const { descriptorsEach, balancerAddresses, backInSeconds } = fleetOf(costs(), needs, MILLION, 8)!
    assert.deepEqual([descriptorsEach, balancerAddresses], [58_824, 3])
    near(backInSeconds, 58_824 / 2_000)
  })

  test('take as many sessions as the gateway says itself', () => {
    const limits = readFileSync(new URL('../../../gateway/src/limits.ts', import.meta.url), 'utf8')
    const told = /MAX_SESSIONS = ([\d_]+)/.exec(limits)![1].replaceAll('_', '')
    assert.equal(MILLION.sessionsOfGateway, Number(told))
  })
})

const pick = ({ because, gateways, sessionsEach }: { because: string; gateways: number; sessionsEach: number }) => [
  because,
  gateways,
  sessionsEach,
]
