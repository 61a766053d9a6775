import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '@causeway/testing'
import { Installation } from './installation.ts'
import { assertBooksClosed } from './ledger.ts'
import { Load } from './load.ts'
import { onRealBackends } from './places.ts'
import { Relay } from './relay.ts'

/** Requests answered before a process is killed: enough for all sessions to be in the midst of it. */
const WARM = 500
/** A dead worker's partitions come back within the group's session time-out and a rebalance: 6 s and 3 s, and a little, ms. */
const TAKE_OVER_MS = 10_000 + 2_000
const LOAD = { clients: 8, inFlight: 8 }

const answered = (load: Load, more: number): Promise<void> => {
  const from = load.answered
  return until(() => load.answered >= from + more, { timeoutMs: 30_000, what: `${more} more answers (of ${load.answered} so far)` })
}

test('the whole process is killed in mid-load and comes back on its folder: every request answered, in order (embedded)', async () => {
  await using installation = await Installation.make({ kind: 'embedded' })
  const before = await installation.start()
  using relay = await Relay.to(before.port)
  const load = await Load.start({ url: relay.url, ...LOAD })
  await answered(load, WARM)
  await before.process.kill()
  const after = await installation.start()
  relay.target = after.port
  await answered(load, WARM)
  await load.finish()
  load.assertWhole(installation.journal)
  await assertBooksClosed(after, load.answered)
})

onRealBackends('processes die under load (Kafka and Redis)', async (context, place) => {
  await using installation = await Installation.make(place)
  const workers = [await installation.worker(), await installation.worker()]
  const gateways = [await installation.gateway(), await installation.gateway()]
  using relay = await Relay.to(gateways[0].port)
  const load = await Load.start({ url: relay.url, ...LOAD })
  const alive = async (): Promise<void> => {
    await answered(load, WARM)
    assert.deepEqual(load.failures, [])
  }

  await context.test('kill -9 of one worker of two: its partitions are served again', async () => {
    await alive()
    load.resetWait()
    await workers[0].process.kill()
    await load.everySessionAnswered()
    context.diagnostic(`after the kill of one of two workers the slowest session waited ${Math.round(load.longestWaitMs)} ms`)
    assert.ok(load.longestWaitMs < TAKE_OVER_MS, `a session waited ${load.longestWaitMs} ms`)
  })

  await context.test('kill -9 of the only worker, and another: what waited is answered', async () => {
    await alive()
    load.resetWait()
    await workers[1].process.kill()
    workers.push(await installation.worker())
    await load.everySessionAnswered()
    context.diagnostic(`after the kill of the only worker the slowest session waited ${Math.round(load.longestWaitMs)} ms`)
  })

  await context.test('a worker is replaced by another and drained: no error', async () => {
    await alive()
    const successor = await installation.worker()
    assert.deepEqual(await workers[2].process.stop(), { code: 0, signal: null })
    workers.push(successor)
    await load.everySessionAnswered()
    await alive()
  })

  await context.test('kill -9 of the gateway: its sessions go on at the other', async () => {
    await alive()
    relay.target = gateways[1].port
    await gateways[0].process.kill()
    await load.everySessionAnswered()
    await alive()
  })

  await context.test('a gateway is replaced by another and drained: no error', async () => {
    const successor = await installation.gateway()
    gateways.push(successor)
    relay.target = successor.port
    assert.deepEqual(await gateways[1].process.stop(), { code: 0, signal: null })
    await load.everySessionAnswered()
    await alive()
  })

  await context.test('in the end every request was answered, handled in order, and none is missing', async () => {
    await load.finish()
    const repeats = load.assertWhole(installation.journal)
    context.diagnostic(`${load.answered} requests answered; ${repeats} were handled again after a kill`)
    await assertBooksClosed(gateways[2], load.answered)
  })
})
