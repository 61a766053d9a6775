import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CentralConfig, type ConfigPart, ProcessStates } from '@causeway/central-config'
import { embeddedChannels } from '@causeway/channels/embedded'
import type { ConfigDocument } from '@causeway/config'
import { openDataFolder } from '@causeway/embedded'
import { openEmbeddedLog } from '@causeway/log/embedded'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import Fastify from 'fastify'
import { pictureOf, routeOf } from '../gateway.fixture.ts'
import { configApi } from './config-api.ts'

const gateway = (id: string) => ({
  kind: 'gateway' as const,
  id,
  host: 'h',
  startedAt: 0,
  tcpPort: 1,
  httpPort: 2,
  stats: { configVersion: 0 },
})

/** The API of a gateway, `gw-1`, beside another one, `gw-2`, over one log; `refuses` says what gw-2 can't work by. */
async function api(refuses: (document: ConfigDocument) => string | undefined | Promise<string | undefined> = () => undefined) {
  const path = await mkdtemp(join(tmpdir(), 'causeway-config-api-'))
  const folder = await openDataFolder(path, { logger: silentLogger })
  const log = await openEmbeddedLog(folder)
  const channels = embeddedChannels()
  const worked: Record<string, ConfigDocument> = {}
  const open = (name: string) =>
    CentralConfig.open({
      ...{ log, channels, topic: 'causeway.config', replication: 1, role: 'gateway', logger: silentLogger },
      folder: join(path, name),
    })
  const part = (owner: string, why: typeof refuses): ConfigPart => ({
    owner,
    async prepare(document) {
      const reason = await why(document)
      if (reason !== undefined) throw new Error(reason)
      const commit = (): void => {
        worked[owner] = document
      }
      return { commit }
    },
  })
  const [central, other] = [await open('gw-1'), await open('gw-2')]
  const states = new ProcessStates(channels)
  await states.start()
  await central.attach(part('gw-1', () => undefined))
  await other.attach(part('gw-2', refuses))
  const picture = { ...pictureOf([routeOf('order.place', 1)]), gateways: [gateway('gw-1'), gateway('gw-2')] }
  const server = Fastify()
  configApi(server, { central, states, picture: () => picture })
  const call = async (method: 'GET' | 'PUT' | 'POST', url: string, body?: unknown) => {
    const authorization = `Basic ${Buffer.from('anna:token').toString('base64')}`
    const payload =
      body === undefined ? {} : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json', authorization } }
    const response = await server.inject({ method, url: `/api/config${url}`, ...payload })
    return { status: response.statusCode, body: response.json() as Record<string, never> }
  }
  return {
    ...{ call, worked, central, other, picture },
    async [Symbol.asyncDispose]() {
      await states.close()
      for (const each of [central, other]) await each.close()
      await log.close()
      await folder.close()
      await rm(path, { recursive: true })
    },
  }
}

const window = (messages: number) => ({ gateway: { window: messages } })

describe("operators' configuration", () => {
  test('is put to work by every process before the answer, and kept with who and why', async () => {
    await using served = await api()
    const { status, body } = await served.call('PUT', '', { document: window(10), reason: 'first' })
    assert.equal(status, 200)
    assert.deepEqual(body, {
      version: 1,
      changes: [{ path: 'gateway/window', after: 10 }],
      warnings: [],
      working: ['gw-1', 'gw-2'],
      pending: [],
    })
    assert.deepEqual(served.worked, { 'gw-1': window(10), 'gw-2': window(10) })
    const present = await served.call('GET', '')
    assert.deepEqual([present.body.version, present.body.by, present.body.reason, present.body.document], [1, 'anna', 'first', window(10)])
  })

  test('is patched, and merged into what is there', async () => {
    await using served = await api()
    await served.call('PUT', '', { document: { ...window(10), worker: { concurrency: 5 } }, reason: 'first' })
    await served.call('PUT', '', { patch: { gateway: { window: null, keepAlive: '9s' } }, reason: 'second' })
    assert.deepEqual((await served.call('GET', '')).body.document, { gateway: { keepAlive: '9s' }, worker: { concurrency: 5 } })
    assert.equal((await served.call('PUT', '', { patch: { gateway: { keepAlive: '9s' } }, reason: 'again' })).body.version, 2)
  })

  test('is refused with everything that is wrong with it, and nothing changes', async () => {
    await using served = await api()
    const { status, body } = await served.call('PUT', '', { document: { gateway: { windw: 1, keepAlive: 'x' } }, reason: 'slip' })
    assert.equal(status, 422)
    assert.equal(body.code, 'INVALID_CONFIG')
    assert.deepEqual(
      (body.faults as { path: string; given: unknown }[]).map(({ path, given }) => [path, given]),
      [
        ['gateway/windw', 1],
        ['gateway/keepAlive', 'x'],
      ],
    )
    assert.match(JSON.stringify(body.faults), /did you mean window\?/)
    assert.deepEqual([served.central.latest.version, served.worked['gw-1']], [0, {}])
  })

  test('is refused where it was made from a version that is not the present one', async () => {
    await using served = await api()
    await served.call('PUT', '', { document: window(10), reason: 'first' })
    const { status, body } = await served.call('PUT', '', { document: window(20), base: 0, reason: 'late' })
    assert.deepEqual([status, body.code, body.version], [409, 'CONFLICT', 1])
    assert.match(body.detail, /made from version 0, and the present one is 1 \(by anna: first\)/)
  })

  test('lets all changes in that name no version, one after the other', async () => {
    await using served = await api()
    const keys = ['a', 'b', 'c', 'd']
    const made = await Promise.all(
      keys.map(key => served.call('PUT', '', { patch: { services: { orders: { config: { [key]: 1 } } } }, reason: key })),
    )
    assert.deepEqual(
      made.map(({ status }) => status),
      [200, 200, 200, 200],
    )
    assert.deepEqual((await served.call('GET', '')).body.document, { services: { orders: { config: { a: 1, b: 1, c: 1, d: 1 } } } })
  })

  test('is taken back where a process can not work by it, and the answer says which and why', async () => {
    await using served = await api(({ gateway }) => (Number(gateway?.window) > 100 ? 'too wide' : undefined))
    await served.call('PUT', '', { document: window(10), reason: 'first' })
    const { status, body } = await served.call('PUT', '', { document: window(1_000), reason: 'wide' })
    assert.deepEqual(
      [status, body.code, body.process, body.reason, body.refused, body.version],
      [422, 'CONFIG_REFUSED', 'gw-2', 'too wide', 2, 3],
    )
    assert.match(body.detail, /gw-2 can not work by it: too wide; version 1 stands again, as version 3/)
    await until(() => served.central.version === 3 && served.other.version === 3)
    assert.deepEqual(served.worked, { 'gw-1': window(10), 'gw-2': window(10) })
    const { versions } = (await served.call('GET', '/history')).body as unknown as {
      versions: { version: number; by: string; reason: string }[]
    }
    assert.deepEqual(
      versions.map(({ version, by }) => [version, by]),
      [
        [3, 'causeway'],
        [2, 'anna'],
        [1, 'anna'],
      ],
    )
  })

  test('is left to the change that came meanwhile, where it would have been taken back', async () => {
    const decided = Promise.withResolvers<void>()
    await using served = await api(async ({ gateway }) => {
      if (Number(gateway?.window) <= 100) return undefined
      await decided.promise
      return 'too wide'
    })
    await served.call('PUT', '', { document: window(10), reason: 'first' })
    const wide = served.call('PUT', '', { document: window(1_000), reason: 'wide' })
    await until(() => served.central.latest.version === 2)
    const next = served.call('PUT', '', { document: window(20), reason: 'next' })
    await until(() => served.central.latest.version === 3)
    decided.resolve()
    const { status, body } = await wide
    assert.deepEqual([status, body.code, body.version], [422, 'CONFIG_REFUSED', 3])
    assert.match(body.detail, /too wide; another change, version 3, has come since/)
    assert.deepEqual([(await next).status, served.central.latest.document], [200, window(20)])
  })

  test('names processes of which nothing was heard', async () => {
    await using served = await api()
    served.picture.gateways.push(gateway('gw-gone'))
    const { status, body } = await served.call('PUT', '', { document: window(10), reason: 'first' })
    assert.deepEqual([status, body.working, body.pending], [200, ['gw-1', 'gw-2'], ['gw-gone']])
  })

  test('shows what a change would do without making it', async () => {
    await using served = await api()
    await served.call('PUT', '', { document: window(10), reason: 'first' })
    const { body } = await served.call('PUT', '', { document: window(20), dryRun: true })
    assert.deepEqual(body, { dryRun: true, base: 1, changes: [{ path: 'gateway/window', before: 10, after: 20 }], warnings: [] })
    assert.equal(served.central.latest.version, 1)
  })

  test('warns of services and routes that nobody has registered', async () => {
    await using served = await api()
    const services = { orders: { routes: { 'order.plac': { timeout: '1s' } } }, ordrs: {} }
    const { warnings } = (await served.call('PUT', '', { document: { services }, dryRun: true })).body as unknown as { warnings: string[] }
    assert.deepEqual(warnings, [
      'services/orders/routes/order.plac: orders has no such route; did you mean order.place?',
      'services/ordrs: no worker has registered such a service; did you mean orders?',
    ])
  })

  test('goes back to a former version as a new one', async () => {
    await using served = await api()
    await served.call('PUT', '', { document: window(10), reason: 'first' })
    await served.call('PUT', '', { document: window(20), reason: 'second' })
    const { body } = await served.call('POST', '/rollback', { version: 1, reason: 'it was slow' })
    assert.equal(body.version, 3)
    const present = (await served.call('GET', '')).body
    assert.deepEqual([present.document, present.reason], [window(10), 'back to version 1: it was slow'])
    assert.deepEqual((await served.call('GET', '/versions/2')).body, { version: 2, document: window(20) })
    assert.equal((await served.call('POST', '/rollback', { version: 9, reason: 'no' })).status, 404)
  })

  test('tells how each process stands', async () => {
    await using served = await api()
    await served.call('PUT', '', { document: window(10), reason: 'first' })
    const { body } = await served.call('GET', '/processes')
    const processes = body.processes as { process: string; version: number; source: string }[]
    assert.deepEqual(
      processes.map(({ process, version, source }) => [process, version, source]),
      [
        ['gw-1', 1, 'log'],
        ['gw-2', 1, 'log'],
      ],
    )
  })

  const wrong: [string, unknown, RegExp][] = [
    ['without a reason', { document: {} }, /reason is missing/],
    ['with neither document nor patch', { reason: 'x' }, /document or patch/],
    ['with both', { document: {}, patch: {}, reason: 'x' }, /document or patch/],
    ['with a field that is none', { document: {}, reason: 'x', force: true }, /force is no field/],
    ['with a version that is none', { document: {}, reason: 'x', base: -1 }, /base is -1: expected the number of a version/],
  ]
  for (const [what, body, expected] of wrong) {
    test(`refuses a change ${what}`, async () => {
      await using served = await api()
      const answer = await served.call('PUT', '', body)
      assert.equal(answer.status, 400)
      assert.match(answer.body.detail, expected)
    })
  }
})
