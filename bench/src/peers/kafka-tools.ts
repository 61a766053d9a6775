import { type Backend, KAFKA_VERSION, startKafka } from '@causeway/test-backends'
import { PAYLOAD_SIZE } from '../shapes.ts'
import type { Trial, TrialGroup, TrialResult } from '../trial.ts'
import { runTool } from './kafka-tool.ts'
import { endToEndFigures, producerFigures } from './kafka-tool-output.ts'

/** Of ProducerPerformance. */
export const PRODUCED = 'produced'
/** Enough that Java's compiler is done long before the end. */
export const RECORDS = 1_000_000
const MESSAGES = 3_000
/** As many partitions as a service of Causeway has by default. */
export const PARTITIONS = 16
/** batch.size: Java's default, and room for the 1,000 records of 200 B that Causeway sends in a flight. */
export const BATCHES = { '16 KiB': 16_384, '256 KiB': 262_144 }

export const KAFKA_TOOLS: TrialGroup = {
  id: 'kafka-tools',
  name: 'Kafka’s own tools',
  what: 'ProducerPerformance (Java’s client, as fast as it goes, 16 partitions) and EndToEndLatency (one record at a time, written and read; its percentiles are whole milliseconds); 200 B, acks=all on one broker (page cache). Each run is a new Java process, whose start counts in its CPU',
  async start() {
    const broker = await startKafka()
    try {
      await createTopic(broker, PRODUCED, PARTITIONS)
      await createTopic(broker, 'end-to-end', 1)
    } catch (error) {
      await broker.stop()
      throw error
    }
    // idle, it would take 3 % of a core from the others
    await broker.kill('SIGSTOP')
    const trials = [...Object.entries(BATCHES).map(([name, bytes]) => producerPerf(broker, name, bytes)), endToEnd(broker)].map(trial => ({
      ...trial,
      run: () => awake(broker, trial.run),
    }))
    return { trials, versions: { Kafka: KAFKA_VERSION }, [Symbol.asyncDispose]: () => broker.stop() }
  },
}

/** Runs this while the broker does; it stands still otherwise. */
export async function awake<T>(broker: Backend, run: () => Promise<T>): Promise<T> {
  await broker.kill('SIGCONT')
  try {
    return await run()
  } finally {
    await broker.kill('SIGSTOP')
  }
}

async function createTopic(broker: Backend, topic: string, partitions: number): Promise<void> {
  const args = ['--bootstrap-server', broker.address, '--create', '--topic', topic, '--partitions', String(partitions)]
  await runTool(broker, 'TopicCommand', args)
}

export const producerPerf = (broker: Backend, batch: string, bytes: number): Trial => ({
  name: `producer-perf, batch ${batch}`,
  unit: 'records',
  async run() {
    const load = ['--topic', PRODUCED, '--num-records', String(RECORDS), '--record-size', String(PAYLOAD_SIZE), '--throughput', '-1']
    const client = ['--producer-props', `bootstrap.servers=${broker.address}`, 'acks=all', `batch.size=${bytes}`]
    const { output, cpu } = await runTool(broker, 'ProducerPerformance', [...load, ...client])
    return { ...producerFigures(output), cpuSecondsPer1000: per1000(cpu, RECORDS) }
  },
})

const endToEnd = (broker: Backend): Trial => ({
  name: 'end-to-end latency',
  unit: 'messages',
  async run() {
    const args = [broker.address, 'end-to-end', String(MESSAGES), 'all', String(PAYLOAD_SIZE)]
    const { output, cpu } = await runTool(broker, 'EndToEndLatency', args)
    return { ...endToEndFigures(output), cpuSecondsPer1000: per1000(cpu, MESSAGES) }
  },
})

const per1000 = (cpu: Readonly<Record<string, number>>, units: number): TrialResult['cpuSecondsPer1000'] =>
  Object.fromEntries(Object.entries(cpu).map(([process, seconds]) => [process, (seconds * 1_000) / units]))
