import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { openKafkaLog } from '@causeway/log/kafka'
import { silentLogger } from '@causeway/telemetry'
import { uniqueName, until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { metric } from './metric.ts'
import { everywhere, onRealBackends } from './places.ts'
import { RawSocket } from './raw-socket.ts'

const CONFIGURED = fileURLToPath(new URL('./configured.fixture.ts', import.meta.url))
/** By when every process works by a change, ms. */
const PUSHED_MS = 1_000

interface Answer {
  status: number
  body: Record<string, never> & { version: number; working: string[]; pending: string[]; detail: string }
}

async function call(gateway: RunningGateway, method: string, path = '', body?: object): Promise<Answer> {
  const init = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${gateway.operators}api/config${path}`, { method, ...init })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const patch = (gateway: RunningGateway, change: object, reason = 'test') => call(gateway, 'PUT', '', { patch: change, reason })

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

everywhere('the central configuration of one process', async (context, place) => {
  await using installation = await Installation.make(place)
  const service = `configured-${installation.environment.CAUSEWAY_TEST_SERVICE}`
  const gateway = await installation.serve(['start', CONFIGURED], installation.folder)
  await using client = await connect(gateway.tcp)
  const limit = () => client.request<{ limit: number; heard: unknown[] }>('limit')

  await context.test(
    'a handler reads its own keys as they stand, and hears of changes; what its schema refuses is taken back',
    async () => {
      assert.deepEqual(await limit(), { limit: 10, heard: [] })
      assert.equal((await patch(gateway, { services: { [service]: { config: { limit: 7 } } } })).status, 200)
      assert.deepEqual(await limit(), { limit: 7, heard: [[null, 7]] })
      const refused = await patch(gateway, { services: { [service]: { config: { limit: 700 } } } })
      assert.deepEqual([refused.status, refused.body.version], [422, 3])
      assert.match(
        refused.body.detail,
        /^wk-\w+ can not work by it: services\/.*config\/limit: expected a number up to 100; version 1 stands again/,
      )
      assert.deepEqual(await limit(), { limit: 7, heard: [[null, 7]] })
    },
  )

  await context.test("a route's timeout and retries change while it runs", async () => {
    await patch(gateway, { services: { [service]: { routes: { stuck: { timeout: '300ms' }, broken: { retry: { attempts: 2 } } } } } })
    await assert.rejects(client.request('stuck', undefined), /TIMEOUT/)
    await assert.rejects(client.request('broken'), /DEAD_LETTERED/)
    const letters = (await (await fetch(`${gateway.operators}api/dead-letters?route=broken`)).json()) as { letters: { attempts: number }[] }
    assert.deepEqual(
      letters.letters.map(({ attempts }) => attempts),
      [2],
    )
  })

  await context.test('a listener is opened and closed while it runs', async () => {
    const port = await freePort()
    const listeners = [{ port, dialect: 'vmol', auth: 'none' }]
    assert.equal((await patch(gateway, { gateway: { listeners } })).status, 200)
    {
      using device = await RawSocket.connect(port)
      device.write('01 00000009 0000 00000000')
      assert.equal(await device.hex(11), '0100000009000000000000')
      assert.equal((await patch(gateway, { gateway: { listeners: null } })).status, 200)
      assert.equal((await device.rest()).length, 0)
    }
    await assert.rejects(RawSocket.connect(port), /ECONNREFUSED/)
  })
})

onRealBackends('the central configuration of two gateways and a worker', async (context, place) => {
  await using installation = await Installation.make(place)
  const service = `configured-${installation.environment.CAUSEWAY_TEST_SERVICE}`
  const worker = installation.run(['worker', CONFIGURED, '--worker-port', '0', '--json'])
  await worker.addresses()
  const [first, second] = [await installation.gateway(), await installation.gateway()]
  const versions = () => Promise.all([first, second].map(gateway => metric(gateway, 'causeway_config_version')))
  await until(async () => {
    const { body } = await call(first, 'GET', '/processes')
    return (body.processes as unknown[]).length === 3
  })

  await context.test('a change through one is at work in all within a second', async () => {
    const begun = performance.now()
    const { status, body } = await patch(first, { gateway: { window: 50 }, services: { [service]: { config: { limit: 20 } } } }, 'less')
    const tookMs = performance.now() - begun
    assert.equal(status, 200)
    assert.deepEqual([body.version, body.working.length, body.pending], [1, 3, []])
    assert.ok(tookMs <= PUSHED_MS, `it took ${tookMs} ms`)
    assert.deepEqual(await versions(), [1, 1])
    await using client = await connect(second.tcp)
    assert.equal((await client.request<{ limit: number }>('limit')).limit, 20)
  })

  await context.test('of two changes of one version at once exactly one is made, whichever gateway is asked', async () => {
    const wanted = [first, second, first, second].map((gateway, index) =>
      call(gateway, 'PUT', '', { document: { gateway: { window: 60 + index } }, base: 1, reason: `writer ${index}` }),
    )
    const statuses = (await Promise.all(wanted)).map(({ status }) => status)
    assert.deepEqual(statuses.toSorted(), [200, 409, 409, 409])
    const winner = statuses.indexOf(200)
    for (const gateway of [first, second]) {
      await until(async () => (await metric(gateway, 'causeway_config_version')) === 2)
      assert.deepEqual((await call(gateway, 'GET')).body.document, { gateway: { window: 60 + winner } })
    }
  })

  await context.test('a document with a fault changes nothing, and the answer says where it is', async () => {
    const { status, body } = await patch(second, { gateway: { windw: 5 } })
    assert.equal(status, 422)
    assert.match(body.detail, /^gateway\/windw is 5: expected no such key; did you mean window\?$/)
    assert.deepEqual(await versions(), [2, 2])
  })

  await context.test('what one process can not work by is taken back in all: here a port that the other gateway has', async () => {
    const port = await freePort()
    const { status, body } = await patch(first, { gateway: { listeners: [{ port, dialect: 'vmol', auth: 'none' }] } })
    assert.equal(status, 422)
    assert.match(body.detail, new RegExp(`^gw-\\w+ can not work by it: listener vmol: port ${port} can not be opened: .*EADDRINUSE`))
    for (const gateway of [first, second]) {
      await until(async () => (await metric(gateway, 'causeway_config_version')) === 4)
      assert.equal((await call(gateway, 'GET')).body.document['gateway' as never]['listeners' as never], undefined)
    }
    await until(() =>
      RawSocket.connect(port)
        .then(
          socket => socket[Symbol.dispose](),
          () => true,
        )
        .then(refused => refused === true),
    )
  })
})

onRealBackends('a gateway that can not read the central configuration begins with the copy on its disk', async (_context, place) => {
  await using installation = await Installation.make(place)
  const copy = join(installation.folder, 'data', 'central-config.gateway.json')
  const first = await installation.gateway()
  await patch(first, { gateway: { window: 77 } })
  await until(async () => (await readFile(copy, 'utf8').catch(() => '')).includes('"version":1'))
  await first.process.stop()

  // a topic that is not compacted is none that may be relied on
  const topic = uniqueName('causeway.config')
  const log = await openKafkaLog({ brokers: [place.kafka], clientId: 'test', logger: silentLogger })
  await log.ensureTopics([{ topic, partitions: 1 }])
  await log.close()
  await writeFile(copy, (await readFile(copy, 'utf8')).replace(/"topic":"[^"]*"/, `"topic":"${topic}"`))
  const again = await installation.gateway({ CAUSEWAY_CONFIG_TOPIC: topic })
  assert.match(again.process.stderr, /cleanup\.policy delete, expected compact/)
  assert.match(again.process.stderr, /can not be read: this process begins with the copy on its disk/)
  const { body } = await call(again, 'GET')
  assert.deepEqual([body.version, body.source, body.document], [1, 'disk', { gateway: { window: 77 } }])
  assert.equal((await patch(again, { gateway: { window: 78 } })).status, 503)
})
