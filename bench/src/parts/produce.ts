import { openKafkaLog } from '@causeway/log/kafka'
import { silentLogger } from '@causeway/telemetry'
import { type Backend, KAFKA_VERSION, startKafka } from '@causeway/test-backends'
import { CLIENTS } from '../causeway.ts'
import { TOOL_TIMEOUT_MS } from '../limits.ts'
import { packageVersions } from '../package-version.ts'
import { awake, BATCHES, PARTITIONS, PRODUCED, producerPerf, RECORDS } from '../peers/kafka-tools.ts'
import { PAYLOAD_SIZE } from '../shapes.ts'
import type { RunningTrials, TrialResult } from '../trial.ts'
import type { PartGroup } from './part-group.ts'
import { resultOf, runPart } from './part-run.ts'
import { startTrials } from './start-trials.ts'

const RUN = new URL('./produce-run.ts', import.meta.url)

/** Appended and not yet stored at any time: a flight of 1,000 in the air, and what gathers behind it. */
const OUTSTANDING = 4_000

type Run = (broker: Backend) => Promise<TrialResult>

/** By their names. */
const RUNS = new Map<string, Run>([
  ...CLIENTS.map((client): [string, Run] => [`appender, ${client}`, broker => append(broker, client)]),
  ...Object.entries(BATCHES).map(([batch, bytes]): [string, Run] => [
    `producer-perf, batch ${batch}`,
    broker => java(broker, batch, bytes),
  ]),
])

export const PRODUCE: PartGroup = {
  id: 'produce',
  name: 'Produce',
  what: `${RECORDS.toLocaleString('en')} records of ${PAYLOAD_SIZE} B, from the first append until the last one is stored (acks=all on one broker, page cache), over ${PARTITIONS} partitions: Causeway’s appender by each of its clients, with the key and the header that a gateway gives each record, at most ${OUTSTANDING.toLocaleString('en')} outstanding; beside it Java’s ProducerPerformance, which writes neither, with the buffer of 32 MiB that it has by default. Each run is a new process, and its first records come before its code is compiled. By CPU second is of the client; of Java’s its start counts, too`,
  needs: ['Kafka'],
  names: [...RUNS.keys()],
  start: startProduce,
}

function startProduce(): Promise<RunningTrials> {
  return startTrials(async parts => {
    const broker = parts.use(await startKafka())
    await makeTopic(broker)
    // idle, it would take 3 % of a core from the others
    await broker.kill('SIGSTOP')
    const trials = [...RUNS].map(([name, run]) => ({ name, unit: 'records', run: () => awake(broker, () => run(broker)) }))
    return { trials, versions: { Kafka: KAFKA_VERSION, ...packageVersions('kafkajs', '@platformatic/kafka') } }
  })
}

async function makeTopic({ address }: Backend): Promise<void> {
  const log = await openKafkaLog({ brokers: [address], clientId: 'causeway-bench', logger: silentLogger })
  try {
    await log.ensureTopics([{ topic: PRODUCED, partitions: PARTITIONS }])
  } finally {
    await log.close()
  }
}

async function append({ address, pid }: Backend, client: string): Promise<TrialResult> {
  const args = [client, address, pid, PRODUCED, PARTITIONS, RECORDS, OUTSTANDING]
  const run = await runPart({ name: `appender by ${client}`, module: RUN, args, withinMs: TOOL_TIMEOUT_MS })
  return resultOf(run, ['client'])
}

async function java(broker: Backend, batch: string, bytes: number): Promise<TrialResult> {
  const result = await producerPerf(broker, batch, bytes).run()
  const { tool } = result.cpuSecondsPer1000
  return { ...result, perCpuSecond: tool > 0 ? 1_000 / tool : undefined }
}
