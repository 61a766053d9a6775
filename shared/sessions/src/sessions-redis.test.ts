import { outboxKey } from '@causeway/redis'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import { Redis } from 'ioredis'
import type { OpenedSessions } from './fixture.conformance.ts'
import { sessionsConformance } from './sessions.conformance.ts'
import { openRedisSessions } from './sessions-redis.ts'

const { redis } = testBackends()

async function open(): Promise<OpenedSessions> {
  const options = { url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger }
  const admin = new Redis(options.url)
  let sessions = await openRedisSessions(options)
  return {
    sessions,
    async close() {
      await sessions.close()
      await admin.quit()
    },
    async reopen() {
      await sessions.close()
      sessions = await openRedisSessions(options)
      return sessions
    },
    async loseWakeUps() {
      const clients = (await admin.client('LIST')) as string
      const wakes = clients.split('\n').filter(line => line.includes('name=causeway-sessions-wake'))
      for (const line of wakes) await admin.client('KILL', 'ID', /id=(\d+)/.exec(line)![1])
    },
    async damage(session, bucket) {
      await admin.xadd(outboxKey(options.prefix, bucket, session), '0-4000000', 'f', 'from nowhere')
    },
  }
}

if (redis === undefined) backendTest('sessions conformance: redis', { redis: true }, () => {})
else sessionsConformance('redis', open, { reopens: true, losesWakeUps: true, damages: true })
