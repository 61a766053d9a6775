import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import type { Version } from '@causeway/central-config'
import type { ConfigDocument } from '@causeway/config'
import { until } from '@causeway/testing'
import Fastify from 'fastify'
import { OPERATORS_WATCHING } from '../limits.ts'
import { eventsApi } from './events-api.ts'

async function served() {
  const watchers = new Set<(document: ConfigDocument) => void>()
  const central = {
    latest: { by: 'anna', reason: 'first', at: 1 } as Version,
    version: 1,
    watch(watcher: (document: ConfigDocument) => void) {
      watchers.add(watcher)
      watcher({})
      return () => watchers.delete(watcher)
    },
  }
  let reads = 0
  const server = Fastify({ forceCloseConnections: true })
  eventsApi(server, { overview: { read: async () => ({ reads: ++reads }) }, central })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const leaving = new AbortController()
  const open = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/events`, { signal: leaving.signal })
    const events: { event: string; data: Record<string, unknown> }[] = []
    const read = async (): Promise<void> => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream()))
        for (const [, event, data] of chunk.matchAll(/event: (\w+)\ndata: (.*)\n\n/g))
          events.push({ event: event!, data: JSON.parse(data!) })
    }
    void read().catch(() => undefined)
    return { status: response.status, events, named: (name: string) => events.filter(({ event }) => event === name) }
  }
  return { open, central, watchers, leave: () => leaving.abort(), reads: () => reads, close: () => server.close() }
}

describe("operators' events", () => {
  test('tell the overview again and again, and of another version of the configuration', async () => {
    const { open, central, watchers, leave, close } = await served()
    const [first, second] = [await open(), await open()]
    for (const { named } of [first, second]) {
      await until(() => named('overview').length >= 2 && named('config').length === 1)
      assert.deepEqual(named('config')[0]!.data, { version: 1, by: 'anna', reason: 'first', at: 1 })
    }
    central.version = 2
    for (const watcher of watchers) watcher({})
    for (const { named } of [first, second]) await until(() => named('config').at(-1)?.data.version === 2)
    assert.equal(watchers.size, 1)
    leave()
    await until(() => watchers.size === 0)
    await close()
  })

  test('are for so many and no more', async () => {
    const { open, leave, close } = await served()
    for (let watching = 0; watching < OPERATORS_WATCHING; watching++) assert.equal((await open()).status, 200)
    assert.equal((await open()).status, 409)
    leave()
    await close()
  })
})
