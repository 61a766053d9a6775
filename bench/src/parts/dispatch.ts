import { openKafkaLog } from '@causeway/log/kafka'
import { silentLogger } from '@causeway/telemetry'
import { type Backend, KAFKA_VERSION, startKafka, startRedis } from '@causeway/test-backends'
import { packageVersions } from '../package-version.ts'
import { awake } from '../peers/kafka-tools.ts'
import { redisInfo } from '../redis-info.ts'
import { PAYLOAD_SIZE } from '../shapes.ts'
import type { RunningTrials } from '../trial.ts'
import { fillTopic, PARTITIONS, REQUESTS, SESSIONS } from './dispatch-records.ts'
import type { PartGroup } from './part-group.ts'
import { resultOf, runPart } from './part-run.ts'
import { startTrials } from './start-trials.ts'

const WORKER = new URL('./dispatch-worker-run.ts', import.meta.url)
const KAFKAJS = new URL('./dispatch-kafkajs-run.ts', import.meta.url)
/** For all of the topic, ms. */
const RUN_MS = 120_000

/** What handles the topic, and the name of its process, by the name of its trial. */
const READERS = {
  worker: [WORKER, 'worker', ['finish']],
  'worker without finish': [WORKER, 'worker', ['drop']],
  'bare kafkajs': [KAFKAJS, 'consumer', []],
} as const

const NAMES = Object.keys(READERS) as (keyof typeof READERS)[]

export const DISPATCH: PartGroup = {
  id: 'dispatch',
  name: 'Consume and dispatch',
  what: `requests of ${PAYLOAD_SIZE} B, read from a topic of ${PARTITIONS} partitions that holds ${REQUESTS.toLocaleString('en')} of ${SESSIONS.toLocaleString('en')} sessions, as gateways write them. A real worker on a real Redis with an empty handler: each request is decoded, fenced, dispatched in its session’s order and finished, its answer in the outbox, its offset committed; no gateway listens. The second line finishes into a store that keeps nothing. Beside it bare kafkajs in a group of its own, whose eachBatch counts. The first quarter is the warm-up of each run, a new process; by CPU second is of that one`,
  needs: ['Kafka', 'Redis'],
  names: NAMES,
  start: startDispatch,
}

function startDispatch(): Promise<RunningTrials> {
  return startTrials(async parts => {
    const redis = parts.use(await startRedis())
    const broker = parts.use(await startKafka())
    await fill(broker)
    // idle, it would take 3 % of a core from the others
    await broker.kill('SIGSTOP')
    const trials = NAMES.map(name => ({ name, unit: 'requests', run: () => awake(broker, () => read(name, broker, redis)) }))
    const { redis_version } = await redisInfo(redis.address, 'server')
    return { trials, versions: { Kafka: KAFKA_VERSION, Redis: redis_version, ...packageVersions('kafkajs', 'ioredis') } }
  })
}

async function fill({ address }: Backend): Promise<void> {
  const log = await openKafkaLog({ brokers: [address], clientId: 'causeway-bench', logger: silentLogger })
  try {
    await fillTopic(log)
  } finally {
    await log.close()
  }
}

async function read(name: keyof typeof READERS, broker: Backend, redis: Backend) {
  const [module, process, args] = READERS[name]
  return resultOf(await runPart({ name, module, args: [...args, broker.address, redis.address], withinMs: RUN_MS }), [process])
}
