import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@causeway/telemetry'
import { type Backend, startRedis } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { Redis } from 'ioredis'
import { openRedisSessions } from './sessions-redis.ts'

/** A server whose state can be kept, and brought back after later writes. */
export async function forgetfulStore() {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-loss-'))
  let server: Backend = await startRedis({ dataDir })
  const port = Number(server.address.split(':')[1])
  const url = `redis://${server.address}`
  const sessions = await openRedisSessions({ url, prefix: uniqueName('loss'), logger: silentLogger })
  return {
    sessions,
    async keep() {
      const admin = new Redis(url)
      await admin.save()
      await admin.quit()
    },
    /** Another server on the same port: with what was kept last, all later writes lost. `meanwhile` there is none. */
    async restart(meanwhile?: () => void) {
      await server[Symbol.asyncDispose]()
      meanwhile?.()
      server = await startRedis({ dataDir, port })
      await until(async () =>
        sessions.ping().then(
          () => true,
          () => false,
        ),
      )
    },
    async [Symbol.asyncDispose]() {
      await sessions.close()
      await server[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true })
    },
  }
}
