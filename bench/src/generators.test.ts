import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '@causeway/testing'
import { Generators } from './generators.ts'
import { measureOnce, measureTimes } from './measure.ts'
import { startNode } from './node-part.ts'
import { descriptors } from './process-status.ts'
import { BROAD } from './shapes.ts'
import { startSystem } from './start-system.ts'
import type { System } from './subject.ts'

const skip = process.platform === 'linux' ? false : 'needs /proc and more than one loopback address'
const GATEWAY = new URL('./parts/gateway-server.ts', import.meta.url)
const GENERATOR = new URL('./generator.ts', import.meta.url)
const SHAPE = { ...BROAD, connections: 6, depth: 1, generators: 2 }
/** How long an end may take to be seen, ms. */
const END_MS = 10_000

/** Two gateways with nothing behind them. */
const start = (): Promise<System> =>
  startSystem(async parts => {
    const [one, other] = await Promise.all([1, 2].map(() => startNode(parts, 'gateway', GATEWAY, ['tcp'])))
    return {
      ...{ port: one.port, ports: [one.port, other.port], generator: GENERATOR, versions: {} },
      processes: { gateway: [one.pid, other.pid] },
    }
  })
const filesOf = ({ processes }: System): number[] => (processes.gateway as readonly number[]).map(descriptors)

describe('generators of several gateways', { skip }, () => {
  let system: System
  /** Open in each gateway while nobody is connected. */
  let files: number[]
  const allClosed = () => until(() => filesOf(system).every((each, index) => each <= files[index]), { what: 'all ends', timeoutMs: END_MS })
  before(async () => {
    system = await start()
    files = filesOf(system)
  })
  after(() => system[Symbol.asyncDispose]())

  test('share the connections, measure as often as asked on the same ones, and CPU is that of all gateways', async () => {
    const measured = await measureTimes(system, { shape: SHAPE, warmUpMs: 200, measureMs: 300, times: 2 })
    assert.equal(measured.length, 2)
    for (const { roundTrips, cpu, openedInMs } of measured) {
      assert.ok(roundTrips > 0 && openedInMs > 0, JSON.stringify({ roundTrips, openedInMs }))
      assert.deepEqual(Object.keys(cpu), ['gateway'])
    }
  })

  test('hold what they have opened until they are disposed of', async () => {
    await allClosed()
    {
      await using generators = new Generators(system, { shape: { ...SHAPE, depth: 0 }, warmUpMs: 1, measureMs: 1, hold: true })
      const { roundTrips } = await measureOnce(system, SHAPE, generators)
      assert.equal(roundTrips, 0)
      assert.deepEqual(
        filesOf(system),
        files.map(each => each + 3),
      )
    }
    await allClosed()
    assert.deepEqual(filesOf(system), files)
  })
})
