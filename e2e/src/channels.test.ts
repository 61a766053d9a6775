import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Client, connect, type Push } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { JsonClient } from './json-client.ts'
import { everywhere, onRealBackends } from './places.ts'
import { Relay } from './relay.ts'

/** Fast, so that a test does not wait for a client that waits, ms. */
const BACKOFF = { min: 20, max: 100 }

async function publish({ http }: RunningGateway, channel: string, payload: unknown): Promise<number> {
  const response = await fetch(`${http}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel, payload }),
  })
  const body = (await response.json()) as { offset: number }
  assert.equal(response.status, 202, JSON.stringify(body))
  return body.offset
}

/** What a client is given, in its order. */
function taken(client: Client): Push[] {
  const pushes: Push[] = []
  client.on('push', push => pushes.push(push))
  return pushes
}
const payloads = (pushes: readonly Push[]): unknown[] => pushes.map(({ payload }) => payload)

everywhere('channels', async (context, place) => {
  await using installation = await Installation.make(place)
  const gateway = await installation.start()

  await context.test('what a worker and a backend publish reaches every subscriber, in one order', async () => {
    await using one = await connect(gateway.tcp)
    await using other = await connect(gateway.websocket)
    const [first, second] = [taken(one), taken(other)]
    await Promise.all([one.subscribe('rooms.1'), other.subscribe('rooms.1')])
    await publish(gateway, 'rooms.1', 'by a backend')
    assert.deepEqual(await one.request('demo.push', { channel: 'rooms.1', payload: { by: 'a worker' } }), { pushed: true })
    await publish(gateway, 'rooms.2', 'to nobody here')
    await Promise.all(Array.from({ length: 20 }, (_, n) => publish(gateway, 'rooms.1', n)))
    await until(() => first.length === 22 && second.length === 22, { what: 'all messages at both' })
    assert.deepEqual(payloads(first).slice(0, 2), ['by a backend', { by: 'a worker' }])
    assert.deepEqual(first, second)
  })

  await context.test('over causeway.json, from an offset on, and until it is left', async () => {
    const before = await publish(gateway, 'news', 1)
    const offset = await publish(gateway, 'news', 2)
    const { client } = await JsonClient.open(gateway.websocket)
    using _ = client
    client.send({ type: 'subscribe', id: 1, channel: 'news', offset: before })
    assert.deepEqual(await client.take('response', 1), { type: 'response', id: 1, payload: { offset: before, recovered: true } })
    assert.deepEqual(await client.take('push'), { type: 'push', channel: 'news', offset, payload: 2 })
    client.send({ type: 'unsubscribe', id: 2, channel: 'news' })
    assert.deepEqual(await client.take('response', 2), { type: 'response', id: 2, payload: {} })
  })

  await context.test('what was published while a client was away comes with its resume', async () => {
    using relay = await Relay.to(gateway.port)
    await using client = await connect(relay.url, { backoff: BACKOFF })
    const pushes = taken(client)
    await client.subscribe('away')
    await publish(gateway, 'away', 'there')
    await until(() => pushes.length === 1)
    relay.cut()
    for (let n = 0; n < 3; n++) await publish(gateway, 'away', n)
    await until(() => pushes.length === 4, { what: 'what was missed' })
    assert.deepEqual(payloads(pushes), ['there', 0, 1, 2])
  })

  await context.test('a hole is told: more was published than a channel keeps', async () => {
    using relay = await Relay.to(gateway.port)
    await using client = await connect(relay.url, { backoff: { min: 1_500, max: 1_500 } })
    const missed: unknown[] = []
    client.on('missed', each => missed.push(each))
    await client.subscribe('busy')
    relay.target = 1
    relay.cut()
    for (let n = 0; n < 1_010; n += 10) await Promise.all(Array.from({ length: 10 }, () => publish(gateway, 'busy', n)))
    relay.target = gateway.port
    await until(() => missed.length === 1, { what: 'the hole', timeoutMs: 20_000 })
    assert.deepEqual(missed, [{ channel: 'busy', subscribed: true }])
  })
})

onRealBackends('channels of two gateways (Kafka and Redis)', async (context: TestContext, place) => {
  await using installation = await Installation.make(place)
  const [first, second] = await Promise.all([installation.gateway(), installation.gateway()])

  await context.test(
    'what is published at one reaches the subscribers of the other, and a gateway that dies loses nothing of it',
    async () => {
      using relay = await Relay.to(first.port)
      await using client = await connect(relay.url, { backoff: BACKOFF })
      const pushes = taken(client)
      await client.subscribe('rooms.1')
      await publish(second, 'rooms.1', 0)
      await until(() => pushes.length === 1)
      relay.target = second.port
      const dying = first.process.kill()
      for (let n = 1; n <= 20; n++) await publish(second, 'rooms.1', n)
      await dying
      await until(() => pushes.length === 21, { what: 'all messages', timeoutMs: 20_000 })
      assert.deepEqual(
        payloads(pushes),
        Array.from({ length: 21 }, (_, n) => n),
      )
    },
  )
})
