import assert from 'node:assert/strict'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { onRealBackends } from './places.ts'
import { json, request, V2Client } from './v2-client.ts'

interface Readiness {
  status: string
  dependencies: Record<string, { ok: boolean; error?: string }>
}

async function readiness(gateway: RunningGateway): Promise<Readiness & { httpStatus: number }> {
  const response = await fetch(`${gateway.http}/readyz`)
  return { ...((await response.json()) as Readiness), httpStatus: response.status }
}

onRealBackends('a gateway that counts other partitions than the topic has (Kafka and Redis)', async (context, place) => {
  await using installation = await Installation.make(place)
  const [right, wrong] = await Promise.all([installation.start(), installation.gateway({ CAUSEWAY_PARTITIONS: '8' })])

  await context.test('is not ready and says why, while the other serves', async () => {
    await until(async () => (await readiness(wrong)).httpStatus === 503, { timeoutMs: 15_000, what: '503 from /readyz' })
    const { status, dependencies } = await readiness(wrong)
    const fault = dependencies[`topic of ${installation.service}`]
    assert.deepEqual([status, fault.ok, dependencies.kafka.ok, dependencies.redis.ok], ['not ready', false, true, true])
    assert.match(fault.error!, new RegExp(`${installation.service}.*\\b4\\b.*\\b8\\b|${installation.service}.*\\b8\\b.*\\b4\\b`))
    assert.equal((await readiness(right)).httpStatus, 200)
  })

  await context.test('refuses what would land in another order, and the other answers it', async () => {
    using astray = (await V2Client.open(wrong.port)).client
    astray.send(request(1, 'echo', 'hello'))
    assert.equal(json(await astray.answer(1)).code, 'BACKEND_UNAVAILABLE')
    using client = (await V2Client.open(right.port)).client
    client.send(request(1, 'echo', 'hello'))
    assert.equal((await client.answer(1)).payload.toString(), 'hello')
  })
})
