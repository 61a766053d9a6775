import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import type { OpenedRegistry } from './fixture.conformance.ts'
import { registryConformance } from './registry.conformance.ts'
import type { Registry } from './registry.ts'
import { openRedisRegistry } from './registry-redis.ts'

const { redis } = testBackends()

async function open(): Promise<OpenedRegistry> {
  const options = { url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger }
  const opened: Registry[] = []
  const another = async (): Promise<Registry> => {
    const registry = await openRedisRegistry(options)
    opened.push(registry)
    return registry
  }
  return {
    registry: await another(),
    another,
    kill: registry => registry.close(),
    async close() {
      await Promise.all(opened.map(registry => registry.close()))
    },
  }
}

if (redis === undefined) backendTest('registry conformance: redis', { redis: true }, () => {})
else registryConformance('redis', open, { kills: true })
