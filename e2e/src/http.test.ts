import assert from 'node:assert/strict'
import { startRedis } from '@causeway/test-backends'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere, onRealBackends } from './places.ts'
import { json, PUSH, request, V2Client } from './v2-client.ts'

interface Answered {
  status: number
  type: string
  body: Record<string, unknown>
}

async function post(gateway: RunningGateway, body: unknown): Promise<Answered> {
  const response = await fetch(`${gateway.http}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: (await response.json()) as Record<string, unknown>,
  }
}

interface Services {
  gateways: unknown[]
  services: { name: string; routes: { name: string }[] }[]
}

const ADMIN_TOKEN = 'operators-only'

everywhere('HTTP', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_ADMIN_TOKEN: ADMIN_TOKEN, CAUSEWAY_MAX_PAYLOAD: '64KiB' })
  const gateway = await installation.start()
  const authorization = { authorization: `Bearer ${ADMIN_TOKEN}` }

  await context.test('/v1/services tells who is there, and that one of them has gone', async () => {
    const read = async () => (await (await fetch(`${gateway.http}/v1/services`)).json()) as Services
    const demo = async () => (await read()).services.find(({ routes }) => routes.some(({ name }) => name === 'echo'))
    await until(async () => (await read()).gateways.length === 1 && (await demo()) !== undefined)
    if (place.kind === 'embedded') return
    const second = await installation.gateway()
    await until(async () => (await read()).gateways.length === 2)
    await second.process.stop()
    await until(async () => (await read()).gateways.length === 1)
  })

  await context.test('/livez and /readyz say so', async () => {
    assert.deepEqual(await (await fetch(`${gateway.http}/livez`)).json(), { status: 'ok' })
    const ready = await fetch(`${gateway.http}/readyz`)
    assert.equal(ready.status, 200)
    assert.equal(((await ready.json()) as { status: string }).status, 'ready')
  })

  await context.test('POST /v1/messages: a request is answered, bytes as payload64, a stream as a list', async () => {
    assert.deepEqual((await post(gateway, { route: 'echo', payload: { a: [1, 'ü'] } })).body, { payload: { a: [1, 'ü'] } })
    assert.deepEqual((await post(gateway, { route: 'echo', payload64: 'AAEC' })).body, { payload64: 'AAEC' })
    const streamed = await post(gateway, { route: 'demo.count', payload: { to: 3 } })
    assert.deepEqual(
      [streamed.status, streamed.body],
      [200, { chunks: [{ payload: { n: 1 } }, { payload: { n: 2 } }, { payload: { n: 3 } }] }],
    )
  })

  await context.test('POST /v1/messages: failures are problems with the status of their code', async () => {
    const failures: [object | string, number, string][] = [
      [{ route: 'no.such' }, 404, 'NO_ROUTE'],
      [{ route: 'demo.reject' }, 422, 'REJECTED'],
      [{ route: 'demo.fail' }, 502, 'DEAD_LETTERED'],
      [{ route: 'demo.slow', payload: { ms: 5_000 }, timeout: 100 }, 504, 'TIMEOUT'],
      [{ route: 'demo.slow', payload: { ms: 'x' } }, 400, 'BAD_PAYLOAD'],
      [{ payload: 1 }, 400, 'BAD_PAYLOAD'],
      [{ route: 'echo', session: 'x' }, 400, 'BAD_PAYLOAD'],
      ['{"route":', 400, 'BAD_PAYLOAD'],
      ['[]', 400, 'BAD_PAYLOAD'],
      [{ session: 'nobody', payload: 1 }, 404, 'SESSION_UNKNOWN'],
      [{ route: 'echo', payload: 'x'.repeat(70_000) }, 413, 'TOO_LARGE'],
      [{ route: 'echo', payload: 'x'.repeat(3_000_000) }, 413, 'TOO_LARGE'],
    ]
    for (const [body, status, code] of failures) {
      const answered = await post(gateway, body)
      const sent = JSON.stringify(body).slice(0, 80)
      assert.deepEqual([answered.status, answered.body.code, answered.body.status], [status, code, status], sent)
      assert.match(answered.type, /^application\/problem\+json/, sent)
    }
  })

  await context.test('POST /v1/messages: a push comes to its session', async () => {
    const { client, synAck } = await V2Client.open(gateway.port)
    using _ = client
    assert.equal((await post(gateway, { session: synAck.session, payload: { news: 1 } })).status, 202)
    assert.deepEqual(json(await client.take(PUSH)), { news: 1 })
  })

  await context.test('the operators port asks for its token: bearer, or the password of a browser', async () => {
    for (const path of ['', 'api/overview', 'metrics', 'queues', 'queues/api/queues']) {
      assert.equal((await fetch(`${gateway.operators}${path}`)).status, 401, path)
      assert.equal((await fetch(`${gateway.operators}${path}`, { headers: { authorization: 'Bearer wrong' } })).status, 401, path)
      assert.equal((await fetch(`${gateway.operators}${path}`, { headers: authorization })).status, 200, path)
    }
    const basic = { authorization: `Basic ${Buffer.from(`anyone:${ADMIN_TOKEN}`).toString('base64')}` }
    assert.equal((await fetch(gateway.operators, { headers: basic })).status, 200)
  })

  await context.test('/metrics is the text format, each sample a number, and counts what was done', async () => {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'echo', 'counted'))
    await client.answer(1)
    const samples = readMetrics(await (await fetch(`${gateway.operators}metrics`, { headers: authorization })).text())
    assert.equal(samples.get('causeway_connections'), 1)
    assert.ok(samples.get('causeway_messages_accepted_total')! >= 1)
    assert.ok(samples.get('causeway_messages_refused_total')! >= 1)
  })

  await context.test('/api/overview tells processes, services, rates and dependencies', async () => {
    const overview = async () => (await (await fetch(`${gateway.operators}api/overview`, { headers: authorization })).json()) as Overview
    await until(async () => (await overview()).services[0]?.lag === 0, { what: 'a lag of 0' })
    const { gateways, workers, services, backends, messages } = await overview()
    assert.deepEqual([gateways.length, workers.length, services.map(({ service }) => service)], [1, 1, [installation.service]])
    assert.ok(messages.answered > 0)
    for (const state of Object.values(backends.dependencies)) assert.equal(state.ok, true)
    assert.deepEqual(Object.keys(backends.dependencies), place.kind === 'embedded' ? ['embedded'] : ['kafka', 'redis'])
  })
})

interface Overview {
  gateways: unknown[]
  workers: unknown[]
  services: { service: string; lag: number }[]
  backends: { dependencies: Record<string, { ok: boolean }> }
  messages: { answered: number }
}

/** Samples by name, labels summed; throws on a line that is none (Prometheus, text format 0.0.4). */
function readMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.trimEnd().split('\n')) {
    if (line === '' || /^# (HELP|TYPE) \w+ /.test(line)) continue
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})? (\S+)$/.exec(line)
    assert.ok(sample !== null && Number.isFinite(Number(sample[3])), `a sample: ${line}`)
    samples.set(sample[1], (samples.get(sample[1]) ?? 0) + Number(sample[3]))
  }
  return samples
}

onRealBackends('Redis away and back (Kafka and a Redis of its own)', async (context, { kafka }) => {
  const redis = await startRedis({ args: ['--appendonly', 'yes'] })
  let returned: Awaited<ReturnType<typeof startRedis>> | undefined
  await using installation = await Installation.make({ kind: 'real', kafka, redis: redis.address })
  const gateway = await installation.start()
  const readiness = async (): Promise<{ status: number; dependencies: Record<string, { ok: boolean }> }> => {
    const response = await fetch(`${gateway.http}/readyz`)
    const { dependencies } = (await response.json()) as { dependencies: Record<string, { ok: boolean }> }
    return { status: response.status, dependencies }
  }
  try {
    using client = (await V2Client.open(gateway.port)).client
    client.send(request(1, 'echo', 'before'))
    await client.answer(1)

    await context.test('/readyz is 503 and names it, new work is refused and says when to come again', async () => {
      await redis.kill('SIGKILL')
      await until(async () => (await readiness()).status === 503, { timeoutMs: 10_000, what: '503 from /readyz' })
      const { dependencies } = await readiness()
      assert.deepEqual([dependencies.redis.ok, dependencies.kafka.ok], [false, true])
      assert.equal((await fetch(`${gateway.http}/livez`)).status, 200)
      client.send(request(2, 'echo', 'meanwhile'))
      const refusal = json(await client.answer(2))
      assert.deepEqual([refusal.code, refusal.number], ['BACKEND_UNAVAILABLE', 4004])
      assert.ok(Number(refusal.retryAfterMs) > 0)
      assert.equal((await post(gateway, { route: 'echo', payload: 1 })).status, 503)
    })

    await context.test('once it is back, so is everything, by itself', async () => {
      returned = await startRedis({ port: redis.port })
      await until(async () => (await readiness()).status === 200, { timeoutMs: 15_000, what: '200 from /readyz' })
      assert.ok(gateway.process.alive)
      const works = async (): Promise<boolean> => (await post(gateway, { route: 'echo', payload: 'back' })).status === 200
      await until(works, { timeoutMs: 15_000, what: 'an echo' })
      using fresh = (await V2Client.open(gateway.port)).client
      fresh.send(request(1, 'echo', 'fresh'), request(2, 'demo.flaky', { failures: 2 }))
      assert.equal((await fresh.answer(1)).payload.toString(), 'fresh')
      assert.deepEqual(json(await fresh.answer(2)), { attempt: 3 })
    })
  } finally {
    await gateway.process.stop()
    await redis.stop()
    await returned?.stop()
  }
})
