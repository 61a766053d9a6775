import assert from 'node:assert/strict'
import { uniqueName, unless, until } from '@causeway/testing'
import { GRACE_MS, type OnRegistry, type OpenedRegistry, type RegistryCapabilities, worker } from './fixture.conformance.ts'
import { LATE_SESSIONS, type LateSession, LEASE_MS, type Registry, type WorkerProcess } from './registry.ts'

/** Which of them another living worker holds. */
async function taken(registry: Registry, service: string, { id }: WorkerProcess, partitions: number[], force = false): Promise<number[]> {
  return (await registry.hold(service, id, partitions, force)).others
}

export function holders(onRegistry: OnRegistry, capabilities: RegistryCapabilities): void {
  onRegistry('gives a partition to one living worker at a time, until it is released', async ({ registry, another }) => {
    const other = await another()
    const service = uniqueName('service')
    const [first, second] = [worker({ service }), worker({ service })]
    await registry.announce(first)
    await other.announce(second)
    assert.deepEqual(await taken(registry, service, first, [0, 1, 2]), [])
    assert.deepEqual(await taken(registry, service, first, [0, 1, 2]), [])
    assert.deepEqual(await taken(other, service, second, [2, 3]), [2])
    await registry.release(service, first.id, [2, 3], [])
    assert.deepEqual(await taken(registry, service, first, [3]), [3])
    assert.deepEqual(await taken(other, service, second, [2]), [])
    assert.deepEqual(await taken(other, uniqueName('service'), second, [0]), [])
  })

  onRegistry('takes it by force, and does not let the former holder release it then', async ({ registry, another }) => {
    const other = await another()
    const service = uniqueName('service')
    const [first, second] = [worker({ service }), worker({ service })]
    await registry.announce(first)
    await other.announce(second)
    await registry.hold(service, first.id, [0], false)
    assert.deepEqual(await taken(other, service, second, [0], true), [0])
    await registry.release(service, first.id, [0], [])
    assert.deepEqual(await taken(registry, service, first, [0]), [0])
  })

  onRegistry(
    'frees the partitions of a worker that died, and of one that withdrew',
    async ({ registry, another, kill }) => {
      const other = await another()
      const service = uniqueName('service')
      const [dying, leaving, heir] = [worker({ service }), worker({ service }), worker({ service })]
      await other.announce(dying)
      const announcement = await registry.announce(leaving)
      await registry.announce(heir)
      await other.hold(service, dying.id, [0], false)
      await registry.hold(service, leaving.id, [1], false)
      await announcement.withdraw()
      await kill!(other)
      assert.deepEqual(await taken(registry, service, heir, [1]), [])
      await until(async () => (await taken(registry, service, heir, [0])).length === 0, {
        timeoutMs: LEASE_MS + GRACE_MS,
        what: 'the end of the lease',
      })
    },
    unless(capabilities.kills),
  )
}

/** A registry with two more workers of one service, the first of which has released partitions 0 to 2. */
async function afterRelease({ registry, another }: OpenedRegistry, late: readonly LateSession[]) {
  const other = await another()
  const service = uniqueName('service')
  const [first, second, third] = [worker({ service }), worker({ service }), worker({ service })]
  for (const each of [first, second, third]) await registry.announce(each)
  await registry.hold(service, first.id, [0, 1, 2], false)
  await registry.release(service, first.id, [0, 1, 2], late)
  return { other, service, first, second, third }
}
const sorted = (late: readonly LateSession[]) => late.map(({ partition, session }) => `${partition} ${session}`).sort()

export function lateSessions(onRegistry: OnRegistry): void {
  const named = [
    { partition: 0, session: 'a b' },
    { partition: 0, session: 'c' },
    { partition: 2, session: 'd' },
  ]

  onRegistry('are told to who holds their partition next, until they are settled', async opened => {
    const { other, service, first, second } = await afterRelease(opened, named)
    const held = await other.hold(service, second.id, [0, 1], false)
    assert.deepEqual([held.others, sorted(held.late)], [[], ['0 a b', '0 c']])
    assert.deepEqual(sorted(await other.late(service, second.id, [0, 2])), ['0 a b', '0 c', '2 d'])
    await opened.registry.settle(service, first.id, [named[0]!, named[2]!])
    assert.deepEqual(sorted(await other.late(service, second.id, [0, 1, 2])), ['0 c'])
  })

  onRegistry('are told to the holder after the next too, with those that the next one names', async opened => {
    const { other, service, first, second, third } = await afterRelease(opened, named)
    await other.hold(service, second.id, [0], false)
    await other.release(service, second.id, [0], [{ partition: 0, session: 'e' }])
    assert.deepEqual(sorted((await other.hold(service, third.id, [0], false)).late), ['0 a b', '0 c', '0 e'])
    await other.settle(service, second.id, named)
    assert.deepEqual(sorted(await other.late(service, third.id, [0])), ['0 a b', '0 c', '0 e'])
    await opened.registry.settle(service, first.id, named)
    assert.deepEqual(sorted(await other.late(service, third.id, [0])), ['0 e'])
  })

  onRegistry('are not told to the worker that named them, and to no other service', async opened => {
    const { other, service, first, second } = await afterRelease(opened, named)
    assert.deepEqual((await opened.registry.hold(service, first.id, [0, 1, 2], false)).late, [])
    assert.deepEqual(await other.late(uniqueName('service'), second.id, [0, 1, 2]), [])
  })

  onRegistry('run out where their worker renews them no more', async opened => {
    const { other, service, first, second } = await afterRelease(opened, named)
    const renewing = setInterval(() => void opened.registry.release(service, first.id, [], [named[1]!]), LEASE_MS / 3)
    const left = async (): Promise<string> => sorted(await other.late(service, second.id, [0, 2])).join()
    try {
      await until(async () => (await left()) === '0 c', {
        timeoutMs: LEASE_MS + GRACE_MS,
        what: 'the end of the names that are not renewed',
      })
    } finally {
      clearInterval(renewing)
    }
    await until(async () => (await left()) === '', { timeoutMs: LEASE_MS + GRACE_MS, what: 'the end of the name that was renewed' })
  })

  onRegistry(`are at most ${LATE_SESSIONS} of a partition; there is room again when some are settled`, async opened => {
    const many = Array.from({ length: LATE_SESSIONS }, (_, index) => ({ partition: 0, session: `s${index}` }))
    const { other, service, first, second } = await afterRelease(opened, many)
    const more = { partition: 0, session: 'more' }
    const told = async (): Promise<LateSession[]> => await other.late(service, second.id, [0])
    await opened.registry.release(service, first.id, [], [more, many[0]!])
    assert.deepEqual(sorted(await told()), sorted(many))
    await opened.registry.settle(service, first.id, many.slice(0, 1))
    await opened.registry.release(service, first.id, [], [more])
    assert.deepEqual(sorted(await told()), sorted([...many.slice(1), more]))
  })
}
