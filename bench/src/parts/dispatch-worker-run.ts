// A real worker whose handler is empty, a process of its own: `node dispatch-worker-run.ts finish 127.0.0.1:9092 127.0.0.1:6379`, or `… drop …`, which
// finishes nothing. Handles all of the topic, and prints a PartRun.
import { openBackends } from '@causeway/backends'
import { loadConfig } from '@causeway/config'
import { bytes, message, service, Worker } from '@causeway/consumers'
import type { Sessions } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { DispatchProgress } from './dispatch-progress.ts'
import { OPCODE, openSessions, PARTITIONS, REQUESTS, ROUTE, SERVICE } from './dispatch-records.ts'
import { EchoSessions } from './echo-sessions.ts'
import { tellRun } from './part-run.ts'

const [way, broker, redis] = process.argv.slice(2)
const redisUrl = `redis://${redis}`
const served = service(SERVICE, [message(ROUTE, { opcode: OPCODE, input: bytes }).handle(() => undefined)])
const flags = { auth: 'none', kafkaBrokers: broker, redisUrl, partitions: PARTITIONS, logLevel: 'silent' }

/** Runs before this one leave nothing: neither what they finished nor how far they read. */
async function forgetRuns(): Promise<void> {
  const client = new Redis(redisUrl)
  await client.flushall()
  client.disconnect()
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { groups } = await admin.listGroups()
  if (groups.some(({ groupId }) => groupId === SERVICE)) await admin.deleteGroups([SERVICE])
  await admin.disconnect()
}

/** Finishes and keeps nothing, so that dispatching is left. */
function dropping(): Sessions {
  const sessions: Sessions = new EchoSessions()
  sessions.marks = async queries => queries.map(() => 'fresh')
  return sessions
}

/** The same store, which tells of what it has finished. */
function counted(sessions: Sessions, progress: DispatchProgress): Sessions {
  const finish = sessions.finish.bind(sessions)
  sessions.finish = async (entries, load) => {
    const results = await finish(entries, load)
    const other = results.find(({ status }) => status !== 'done')
    if (other !== undefined) progress.fail(new Error(`a finish is ${other.status}, expected done`))
    progress.count(results.length)
    return results
  }
  return sessions
}

await forgetRuns()
const config = loadConfig({ environment: {}, flags })
const backends = await openBackends(config, 'causeway-bench', silentLogger)
await openSessions(backends.sessions)
const progress = new DispatchProgress('worker', REQUESTS)
const sessions = counted(way === 'drop' ? dropping() : backends.sessions, progress)
const worker = await new Worker(served, config, { ...backends, sessions }, silentLogger).start()
const run = await progress.over
await worker.stop()
await backends.close()
tellRun(run)
