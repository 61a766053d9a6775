import type { TestContext } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import { resultsConformance } from './results.conformance.ts'
import type { Results } from './results.ts'
import { openRedisResults } from './results-redis.ts'

const { redis } = testBackends()

async function open(context: TestContext): Promise<Results> {
  const results = await openRedisResults({ url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger })
  context.after(() => results.close())
  return results
}

if (redis === undefined) backendTest('results conformance: redis', { redis: true }, () => {})
else resultsConformance({ name: 'redis', open })
