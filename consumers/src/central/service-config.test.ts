import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { z } from 'zod'
import { type ConfigListener, type ConfiguredService, ServiceConfig } from './service-config.ts'

function configOf(service: Partial<ConfiguredService> = {}) {
  const config = new ServiceConfig({ config: undefined, configListeners: [], ...service }, silentLogger)
  return { config, become: async (values: Record<string, unknown> | undefined) => (await config.prepare(values))() }
}

describe("a service's own keys", () => {
  test('have their defaults until somebody sets them, and again when they are taken away', async () => {
    const { config, become } = configOf()
    assert.equal(config.get('limit', 10), 10)
    await become({ limit: 20, names: ['a'] })
    assert.deepEqual([config.get('limit', 10), config.get('names', [] as string[]), config.get('toString', 'none')], [20, ['a'], 'none'])
    await become(undefined)
    assert.equal(config.get('limit', 10), 10)
  })

  test('of another kind than their default are not used', async () => {
    const { config, become } = configOf()
    await become({ limit: 'many', names: { a: 1 }, free: 'text' })
    assert.deepEqual([config.get('limit', 10), config.get('names', ['x'])], [10, ['x']])
    assert.equal(config.get<unknown>('free', undefined), 'text')
  })

  test('are refused by the schema of the service, and nothing changes', async () => {
    const { config, become } = configOf({ config: z.object({ limit: z.number().max(50) }) })
    await become({ limit: 20 })
    await assert.rejects(config.prepare({ limit: 100 }), /^Error: config\/limit: /)
    assert.equal(config.get('limit', 10), 20)
  })

  test('are what the schema makes of them, its own defaults included', async () => {
    const { config, become } = configOf({ config: z.object({ limit: z.coerce.number().default(5) }) })
    await become({ limit: '20' })
    assert.equal(config.get('limit', 10), 20)
    await become(undefined)
    assert.equal(config.get('limit', 10), 5)
  })

  test('that a schema demands and nobody has set yet are no reason to refuse a document', async () => {
    const { config, become } = configOf({ config: z.object({ limit: z.number() }) })
    await become(undefined)
    assert.equal(config.get('limit', 10), 10)
    await assert.rejects(config.prepare({}), /config\/limit/)
  })

  test('tell their listeners of a change, with the value before, and of nothing else', async () => {
    const heard: unknown[][] = []
    const listener: ConfigListener = (value, before) => void heard.push([value, before])
    const failing: ConfigListener = () => {
      throw new Error('not now')
    }
    const { become } = configOf({
      configListeners: [
        { key: 'list', listener: failing },
        { key: 'list', listener },
      ],
    })
    await become({ list: [1] })
    await become({ list: [1], other: 2 })
    await become({ list: [2] })
    await become({})
    assert.deepEqual(heard, [
      [[1], undefined],
      [[2], [1]],
      [undefined, [2]],
    ])
  })
})
