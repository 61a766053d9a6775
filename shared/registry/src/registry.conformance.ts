import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uniqueName, unless, until } from '@causeway/testing'
import { GRACE_MS, type OnRegistry, type OpenedRegistry, type RegistryCapabilities, route, worker } from './fixture.conformance.ts'
import { holders, lateSessions } from './holders.conformance.ts'
import { type GatewayProcess, LEASE_MS, type Picture } from './registry.ts'

/** ms; how fresh a watcher is, by contract. */
const FRESHNESS_MS = 1_000

const gateway = (): GatewayProcess => ({
  kind: 'gateway',
  id: uniqueName('gateway'),
  host: 'host',
  startedAt: 1_700_000_000_000,
  stats: {},
  tcpPort: 7400,
  httpPort: 7401,
})

const freshOpcode = () => 0x8000 + Math.floor(Math.random() * 0x4000)
const soon = (what: string) => ({ timeoutMs: FRESHNESS_MS + GRACE_MS, what })
const workerIn = (picture: Picture, { id }: { id: string }) => picture.workers.find(each => each.id === id)

/** What any registry must show. Names are fresh, so that suites may share a Redis. */
export function registryConformance(name: string, open: () => Promise<OpenedRegistry>, capabilities: RegistryCapabilities): void {
  const onRegistry: OnRegistry = (behaviour, run, options = {}) =>
    test(behaviour, options, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  describe(`registry conformance: ${name}`, () => {
    describe('processes', () => processes(onRegistry, capabilities))
    describe('routes', () => routes(onRegistry))
    describe('holders of partitions', () => holders(onRegistry, capabilities))
    describe('late sessions', () => lateSessions(onRegistry))
  })
}

function processes(onRegistry: OnRegistry, capabilities: RegistryCapabilities): void {
  onRegistry('shows a watcher what is there before it resolves, and says it is fresh', async ({ registry, another }) => {
    const [announcedWorker, announcedGateway] = [worker(), gateway()]
    await registry.announce(announcedWorker)
    await registry.announce(announcedGateway)
    const pictures: Picture[] = []
    const watching = await (await another()).watch(picture => void pictures.push(picture))
    assert.ok(pictures.length >= 1)
    assert.deepEqual(workerIn(watching.picture, announcedWorker), announcedWorker)
    assert.deepEqual(
      watching.picture.gateways.find(({ id }) => id === announcedGateway.id),
      announcedGateway,
    )
    assert.equal(watching.picture.stale, false)
    await watching.close()
  })

  onRegistry('shows a new process within a second, and one that withdrew no more', async ({ registry, another }) => {
    let latest: Picture | undefined
    const watching = await (await another()).watch(picture => {
      latest = picture
    })
    const announced = worker()
    const announcement = await registry.announce(announced)
    await until(() => workerIn(latest!, announced) !== undefined, soon('the worker'))
    await announcement.withdraw()
    await until(() => workerIn(latest!, announced) === undefined, soon('its end'))
    await watching.close()
  })

  onRegistry('takes a process that comes again under its id as the same', async ({ registry }) => {
    const announced = worker()
    await registry.announce(announced)
    await registry.announce({ ...announced, version: '2' })
    const watching = await registry.watch(() => {})
    assert.deepEqual(
      watching.picture.workers.filter(({ id }) => id === announced.id).map(({ version }) => version),
      ['2'],
    )
    await watching.close()
  })

  onRegistry(
    'shows within a second what a worker serves anew, an opcode that went to another of its routes included',
    async ({ registry, another }) => {
      const announced = worker()
      const [route] = announced.routes
      const announcement = await registry.announce(announced)
      const watching = await (await another()).watch(() => {})
      await announcement.serves({ version: '2', routes: [{ ...route, name: `${route.name}-renamed`, timeoutMs: 7 }] })
      await until(() => workerIn(watching.picture, announced)?.version === '2', soon('the new version'))
      assert.deepEqual(
        workerIn(watching.picture, announced)!.routes.map(({ name, timeoutMs }) => [name, timeoutMs]),
        [[`${route.name}-renamed`, 7]],
      )
      await watching.close()
    },
  )

  onRegistry('refuses to serve anew what belongs to another service, and shows what was served before', async ({ registry }) => {
    const [other, announced] = [worker(), worker()]
    await registry.announce(other)
    const announcement = await registry.announce(announced)
    await assert.rejects(announcement.serves({ version: '2', routes: other.routes }), /is served by service/)
    const watching = await registry.watch(() => {})
    assert.deepEqual(workerIn(watching.picture, announced)?.version, announced.version)
    await watching.close()
  })

  onRegistry('carries the figures of a process with its renewals', async ({ registry, another }) => {
    const announced = gateway()
    const announcement = await registry.announce(announced)
    const watching = await (await another()).watch(() => {})
    announcement.stats({ sessions: 42 })
    const shown = () => watching.picture.gateways.find(({ id }) => id === announced.id)?.stats.sessions
    await until(() => shown() === 42, { timeoutMs: LEASE_MS / 3 + FRESHNESS_MS + GRACE_MS, what: 'the figures' })
    await watching.close()
  })

  onRegistry('keeps a process that does nothing but live', async ({ registry, another }) => {
    const announced = worker()
    await registry.announce(announced)
    const lost: Picture[] = []
    const watching = await (await another()).watch(picture => {
      if (!workerIn(picture, announced)) lost.push(picture)
    })
    const end = Date.now() + LEASE_MS * 1.5
    await until(() => Date.now() > end, { timeoutMs: LEASE_MS * 2 })
    assert.ok(workerIn(watching.picture, announced))
    assert.equal(lost.length, 0)
    await watching.close()
  })

  onRegistry(
    'drops a process whose lease has ended',
    async ({ registry, another, kill }) => {
      const announced = worker()
      const dying = await another()
      await dying.announce(announced)
      const watching = await registry.watch(() => {})
      assert.ok(workerIn(watching.picture, announced))
      await kill!(dying)
      await until(() => !workerIn(watching.picture, announced), { timeoutMs: LEASE_MS + FRESHNESS_MS + GRACE_MS, what: 'the lease to end' })
      await watching.close()
    },
    unless(capabilities.kills),
  )

  onRegistry('calls a watcher no more once it has closed', async ({ registry }) => {
    const [ended, stays]: [string[], string[]] = [[], []]
    const ending = await registry.watch(picture => void ended.push(...picture.workers.map(({ id }) => id)))
    const staying = await registry.watch(picture => void stays.push(...picture.workers.map(({ id }) => id)))
    await ending.close()
    const announced = worker()
    await registry.announce(announced)
    await until(() => stays.includes(announced.id), soon('the other watcher'))
    assert.ok(!ended.includes(announced.id))
    await staying.close()
  })

  onRegistry('answers a ping', async ({ registry }) => registry.ping())
}

function routes(onRegistry: OnRegistry): void {
  onRegistry('knows the routes of a worker, seen now', async ({ registry }) => {
    const spec = route({ opcode: freshOpcode(), timeoutMs: 1_234, oneWay: true, order: 'none' })
    const announced = worker({ routes: [spec, route()] })
    await registry.announce(announced)
    const watching = await registry.watch(() => {})
    const known = watching.picture.routes.get(spec.name)
    assert.ok(known)
    const { lastSeen, ...rest } = known
    assert.deepEqual(rest, { ...spec, service: announced.service })
    assert.ok(Math.abs(Date.now() - lastSeen) < LEASE_MS, `last seen ${Date.now() - lastSeen} ms ago`)
    assert.ok(watching.picture.routes.has(announced.routes[1]!.name))
    await watching.close()
  })

  onRegistry('remembers a route whose last worker has gone, and when that was', async ({ registry, another }) => {
    const announced = worker()
    const announcement = await registry.announce(announced)
    const watching = await (await another()).watch(() => {})
    await announcement.withdraw()
    const from = Date.now()
    await until(() => workerIn(watching.picture, announced) === undefined, soon('its end'))
    const known = watching.picture.routes.get(announced.routes[0]!.name)
    assert.ok(known && Math.abs(known.lastSeen - from) < LEASE_MS)
    const later = await (await another()).watch(() => {})
    assert.ok(later.picture.routes.has(announced.routes[0]!.name))
    await later.close()
    await watching.close()
  })

  onRegistry('lets many workers of a service serve the same routes', async ({ registry, another }) => {
    const spec = route({ opcode: freshOpcode() })
    const first = worker({ routes: [spec] })
    const second = worker({ routes: [spec], service: first.service })
    await registry.announce(first)
    await (await another()).announce(second)
    const watching = await registry.watch(() => {})
    await until(() => workerIn(watching.picture, first) !== undefined && workerIn(watching.picture, second) !== undefined, soon('both'))
    await watching.close()
  })

  onRegistry('lets tracks of one service serve a route each in its own way, and tells who serves it', async ({ registry, another }) => {
    const spec = route({ opcode: freshOpcode(), timeoutMs: 1_000 })
    const stable = worker({ routes: [spec] })
    const canary = worker({ service: stable.service, track: 'canary', version: '2', routes: [{ ...spec, timeoutMs: 2_000 }, route()] })
    await registry.announce(stable)
    const announcement = await (await another()).announce(canary)
    const watching = await registry.watch(() => {})
    const known = () => watching.picture.routes.get(spec.name)!
    await until(() => known().tracks?.length === 2, soon('both'))
    assert.deepEqual([known().timeoutMs, known().tracks!.map(({ track }) => track)], [1_000, ['canary', 'stable']])
    const fresh = watching.picture.routes.get(canary.routes[1]!.name)
    assert.deepEqual([fresh?.service, fresh?.tracks?.map(({ track }) => track)], [stable.service, ['canary']])
    await announcement.withdraw()
    await until(() => workerIn(watching.picture, canary) === undefined, soon('its end'))
    assert.equal(known().tracks?.length, 2)
    await watching.close()
  })

  onRegistry('remembers which services want a session event, after their workers too', async ({ registry, another }) => {
    const announced = worker({ events: ['session.opened', 'session.closed'], routes: [] })
    const announcement = await registry.announce(announced)
    const watching = await (await another()).watch(() => {})
    const wanted = () => watching.picture.events.filter(({ service }) => service === announced.service)
    assert.deepEqual(
      wanted()
        .map(({ name }) => name)
        .sort(),
      ['session.closed', 'session.opened'],
    )
    assert.ok(Math.abs(Date.now() - wanted()[0]!.lastSeen) < LEASE_MS)
    assert.ok(![...watching.picture.routes.keys()].includes('session.opened'))
    await announcement.withdraw()
    await until(() => workerIn(watching.picture, announced) === undefined, soon('its end'))
    assert.equal(wanted().length, 2)
    await watching.close()
  })

  onRegistry('keeps the schemas of routes, by track, until others are told', async ({ registry, another }) => {
    const { service, routes } = worker()
    const [{ name }] = routes
    assert.deepEqual(await registry.schemas(service), [])
    const first = { route: name, input: { type: 'object' }, output: { type: 'string' } }
    const canary = { route: name, track: 'canary', input: { type: 'array' } }
    await registry.describe(service, [first, canary])
    await registry.describe(worker().service, [{ route: 'other' }])
    const reader = await another()
    assert.deepEqual(await reader.schemas(service), [first, canary])
    await registry.describe(service, [{ ...first, input: { type: 'number' } }])
    assert.deepEqual(await reader.schemas(service), [{ ...first, input: { type: 'number' } }, canary])
  })

  onRegistry('refuses a route name that another service serves, and names both', async ({ registry, another }) => {
    const first = worker()
    await registry.announce(first)
    const clashing = worker({ routes: [route(), route({ name: first.routes[0]!.name })] })
    const isClash = (error: Error) => error.message.includes(first.routes[0]!.name) && error.message.includes(first.service)
    await assert.rejects((await another()).announce(clashing), isClash)
    const watching = await registry.watch(() => {})
    assert.equal(workerIn(watching.picture, clashing), undefined)
    await watching.close()
  })

  onRegistry('refuses an opcode that another route has, within a worker too', async ({ registry, another }) => {
    const opcode = freshOpcode()
    const first = worker({ routes: [route({ opcode })] })
    await registry.announce(first)
    const isClash = (error: Error) => error.message.includes(String(opcode)) && error.message.includes(first.routes[0]!.name)
    await assert.rejects((await another()).announce(worker({ routes: [route({ opcode })], service: first.service })), isClash)
    const other = freshOpcode()
    await assert.rejects(
      registry.announce(worker({ routes: [route({ opcode: other }), route({ opcode: other })] })),
      new RegExp(String(other)),
    )
  })
}
