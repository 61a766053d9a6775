import assert from 'node:assert/strict'
import { connect } from '@causeway/client'
import { freePort } from '@causeway/test-backends'
import { until } from '@causeway/testing'
import { Installation } from './installation.ts'
import { onRealBackends } from './places.ts'
import { Relay } from './relay.ts'

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))

onRealBackends('a gateway and a worker that start before Kafka and Redis serve once both are there', async (_context, { kafka, redis }) => {
  const [kafkaPort, redisPort] = [await freePort(), await freePort()]
  await using installation = await Installation.make({ kind: 'real', kafka: `127.0.0.1:${kafkaPort}`, redis: `127.0.0.1:${redisPort}` })
  const [gateway, worker] = [installation.gateway(), installation.worker()]
  const waiting = ({ stderr }: { stderr: string }): boolean =>
    /Kafka at .* can not be reached; waiting/.test(stderr) && /Redis can not be reached; waiting/.test(stderr)
  await until(() => installation.processes.length === 2 && installation.processes.every(waiting), {
    what: 'both processes to wait for both',
    timeoutMs: 20_000,
  })
  using _kafka = await Relay.to(portOf(kafka), kafkaPort)
  using _redis = await Relay.to(portOf(redis), redisPort)
  const [{ tcp }] = await Promise.all([gateway, worker])
  await using client = await connect(tcp)
  assert.deepEqual(await client.request('echo', { hello: 1 }, { timeout: 20_000 }), { hello: 1 })
})

onRealBackends('a process that has waited long enough ends with a line that says for what, and what to do', async (_context, { redis }) => {
  await using installation = await Installation.make({ kind: 'real', kafka: '127.0.0.1:1', redis })
  const started = installation.run(['gateway'], { CAUSEWAY_START_TIMEOUT: '200ms' })
  assert.equal((await started.ended).code, 1)
  assert.match(started.stderr, /causeway: Kafka at 127\.0\.0\.1:1 could not be reached within 200 ms: .*CAUSEWAY_START_TIMEOUT/)
})
