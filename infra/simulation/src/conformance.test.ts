// The simulated Redis, Kafka and BullMQ carry the product's own adapters through the ports' conformance suites: so a run may rely on them.
import { after } from 'node:test'
import type { Log } from '@causeway/log'
import type { Retries } from '@causeway/retries'
import type { Sessions } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { clients } from './drivers/ioredis.ts'
import { EventLoop, SimulatedProcess } from './event-loop.ts'
import { simulateGlobals } from './globals.ts'
import { KafkaCluster } from './kafka/cluster.ts'
import { Network } from './network.ts'
import { loadProduct } from './product.ts'
import { Random } from './random.ts'
import { RedisServer } from './redis/server.ts'
import { enter } from './world.ts'

/** Simulated ms between two events that keep the loop turning while nothing else does. */
const PULSE_MS = 100

type Suite = (name: string, open: () => Promise<object>, capabilities: Record<string, true | string>) => void
const suite = async (file: string, name: string): Promise<Suite> =>
  ((await import(new URL(`../../../shared/${file}.conformance.ts`, import.meta.url).href)) as Record<string, Suite>)[name]!

await loadProduct()
const { openRedisSessions } = await import('@causeway/sessions/redis')
const { openBullmqRetries } = await import('@causeway/retries/bullmq')
const { openKafkaLog } = await import('@causeway/log/kafka')
const suites = {
  sessions: await suite('sessions/src/sessions', 'sessionsConformance'),
  retries: await suite('retries/src/retries', 'retriesConformance'),
  log: await suite('log/src/log', 'logConformance'),
}

const outside = new SimulatedProcess('tests')
const loop = new EventLoop(new Random(1), outside)
const redis = new RedisServer(loop)
enter({ loop, random: loop.random, network: new Network(loop), redis, kafka: new KafkaCluster(loop), trace: () => undefined })
const restore = simulateGlobals(loop)
setInterval(() => {}, PULSE_MS)
let over = false
const turning = loop.run(() => over)
after(async () => {
  over = true
  await turning
  restore()
  enter(undefined)
})

let prefixes = 0
const options = () => ({ url: 'redis://simulated', prefix: `test${prefixes++}`, logger: silentLogger })

suites.sessions('redis, simulated', openSessions, { reopens: true, losesWakeUps: true, damages: true })
suites.retries('bullmq, simulated', openRetries, { crashes: 'a killed runner loses its lock after ten seconds: the runs show it' })
suites.log('kafka by kafkajs, simulated', openLog, {
  ...{ splitsPartitions: true, reopens: true },
  follows: 'followers fetch by the second Kafka client, which is not simulated; no run follows a topic',
})

async function openSessions(): Promise<object> {
  const redisOptions = options()
  let sessions: Sessions = await openRedisSessions(redisOptions)
  return {
    sessions,
    close: () => sessions.close(),
    async reopen() {
      await sessions.close()
      sessions = await openRedisSessions(redisOptions)
      return sessions
    },
    async loseWakeUps() {
      for (const client of clients.get(outside) ?? []) client.cut()
    },
    async damage(session: string, bucket: number) {
      redis.call('XADD', [`${redisOptions.prefix}:{${bucket}}:o:${session}`, '0-4000000', 'f', 'from nowhere'])
    },
  }
}

async function openRetries(): Promise<object> {
  const redisOptions = options()
  const sessions: Sessions = await openRedisSessions(redisOptions)
  const retries: Retries = await openBullmqRetries(redisOptions)
  return {
    ...{ sessions, retries },
    async close() {
      await retries.close()
      await sessions.close()
    },
  }
}

async function openLog(): Promise<object> {
  const kafkaOptions = { brokers: ['simulated:9092'], clientId: 'test', logger: silentLogger }
  let log: Log = await openKafkaLog(kafkaOptions)
  return {
    log,
    close: () => log.close(),
    async reopen() {
      await log.close()
      log = await openKafkaLog(kafkaOptions)
      return log
    },
  }
}
