import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import { deadLettersConformance } from './dead-letters.conformance.ts'
import type { OpenedRetries } from './fixture.conformance.ts'
import { retriesConformance } from './retries.conformance.ts'
import { openBullmqRetries } from './retries-bullmq.ts'

const { redis } = testBackends()

async function open(): Promise<OpenedRetries> {
  const options = { url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger }
  const sessions = await openRedisSessions(options)
  const retries = await openBullmqRetries(options)
  return {
    sessions,
    retries,
    async close() {
      await retries.close()
      await sessions.close()
    },
  }
}

if (redis === undefined) backendTest('retries conformance: bullmq', { redis: true }, () => {})
else {
  const capabilities = { crashes: 'a killed runner loses its lock after ten seconds: the fault harness shows it' }
  retriesConformance('bullmq', open, capabilities)
  deadLettersConformance('bullmq', open, capabilities)
}
