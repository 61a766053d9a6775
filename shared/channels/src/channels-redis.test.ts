import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import { Redis } from 'ioredis'
import { channelsConformance } from './channels.conformance.ts'
import type { Channels } from './channels.ts'
import { openRedisChannels } from './channels-redis.ts'

const { redis } = testBackends()

async function open(context: TestContext, prefix = uniqueName('test')): Promise<Channels> {
  const channels = await openRedisChannels({ url: `redis://${redis}`, prefix, logger: silentLogger })
  context.after(() => channels.close())
  return channels
}

/** Cuts the connections on which anybody listens to channels. */
async function cut(): Promise<void> {
  const admin = new Redis(`redis://${redis}`)
  const clients = (await admin.client('LIST')) as string
  for (const line of clients.split('\n')) {
    if (line.includes('name=causeway-channels-listen')) await admin.client('KILL', 'ID', /id=(\d+)/.exec(line)![1])
  }
  await admin.quit()
}

if (redis === undefined) backendTest('channels conformance: redis', { redis: true }, () => {})
else channelsConformance({ name: 'redis', open, cut })

backendTest('a store that has forgotten a channel gives none of its offsets again', { redis: true }, async (context, backends) => {
  const prefix = uniqueName('test')
  const channels = await open(context, prefix)
  const lost = await channels.publish('news', new Uint8Array(1), 0)
  const admin = new Redis(`redis://${backends.redis}`)
  context.after(() => admin.quit())
  await admin.del(`${prefix}:ch:news`, `${prefix}:ch-last:news`)
  assert.ok((await channels.publish('news', new Uint8Array(1), 0)) > lost)
  const { messages } = await channels.read('news', 0, 10)
  assert.equal(messages[0].before, 0)
})

backendTest('a reader beside publishers takes nothing that is just being published for lost', { redis: true }, async context => {
  const prefix = uniqueName('test')
  const [reader, ...publishers] = await Promise.all(Array.from({ length: 3 }, () => open(context, prefix)))
  let published = 0
  const publishing = publishers.map(async channels => {
    while (published < 2_000) {
      await channels.publish('news', new Uint8Array(1), 0)
      published++
    }
  })
  let taken = 0
  while (published < 2_000) {
    const above = taken
    const parts = await Promise.all(Array.from({ length: 50 }, () => reader.read('news', above, 1_000)))
    for (const { messages, last } of parts) {
      assert.ok(messages.length > 0 || last <= above, `nothing above ${above}, but ${last} is told as the last`)
      taken = Math.max(taken, messages.at(-1)?.offset ?? 0)
    }
  }
  await Promise.all(publishing)
})
