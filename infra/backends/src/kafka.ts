import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, BackendUnavailable } from './backend.ts'
import { runCommand } from './command.ts'
import { dockerAnswers, dockerRun } from './docker.ts'
import { freePort } from './free-port.ts'
import { KAFKA_VERSION, kafkaJars } from './kafka-jars.ts'
import { kafkaProperties, propertiesEnvironment, propertiesText } from './kafka-properties.ts'
import { COMMAND_TIMEOUT_MS, READY_TIMEOUT_MS } from './limits.ts'
import { ask } from './probe.ts'
import { type ServerPlan, startServer } from './server-process.ts'

/** Options of `startKafka`; every one has a default. */
export interface KafkaOptions {
  /** Default: a free port. */
  port?: number
  /** Where its logs lie; kept when it stops, so that a broker can come back on them. Default: a temporary folder, removed. */
  dataDir?: string
  /** Broker properties that win over ours, for example `{ 'message.max.bytes': '100000' }`. */
  properties?: Record<string, string>
}

/** 16 bytes in base64url, as Kafka wants a cluster's id; always the same, so that a data folder can be used again. */
const CLUSTER_ID = Buffer.from('causeway-test-01').toString('base64url')

const OLDEST_JAVA = 17

/**
 * Starts one real Kafka broker on 127.0.0.1 and resolves when it lists itself in its metadata, after 3 to 8 s.
 * Runs it from Maven's jars on Java 17 or newer, else in Docker; rejects with BackendUnavailable where neither goes.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Backend> {
  try {
    return await startServer(await jarPlan(options))
  } catch (error) {
    if (!(error instanceof BackendUnavailable) || !(await dockerAnswers())) throw error
    return startServer(await dockerPlan(options))
  }
}

async function jarPlan(options: KafkaOptions): Promise<ServerPlan> {
  await requireJava()
  const classPath = join(await kafkaJars(), '*')
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'causeway-kafka-')))
  await mkdir(dataDir, { recursive: true })
  const dataIsTemporary = options.dataDir === undefined
  const port = options.port ?? (await freePort())
  const logDir = join(dataDir, 'logs')
  const properties = kafkaProperties({
    port,
    controllerPort: await freePort(),
    dataDir: logDir,
    bind: '127.0.0.1',
    overrides: options.properties ?? {},
  })
  const file = join(dataDir, 'server.properties')
  await writeFile(file, propertiesText(properties))
  if (!existsSync(join(logDir, 'meta.properties'))) {
    try {
      await format(classPath, file)
    } catch (error) {
      if (dataIsTemporary) await rm(dataDir, { recursive: true })
      throw error
    }
  }
  return {
    name: 'Kafka',
    command: 'java',
    args: ['-Xmx1g', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath, 'kafka.Kafka', file],
    port,
    dataDir,
    dataIsTemporary,
    isReady: () => listsItself(port),
  }
}

async function requireJava(): Promise<void> {
  const java = await runCommand('java', ['-version'], COMMAND_TIMEOUT_MS)
  const major = Number(/version "(\d+)/.exec(java.output)?.[1] ?? 0)
  if (java.code === 0 && major >= OLDEST_JAVA) return
  const found = major > 0 ? `Java ${major} is here` : 'no Java is here'
  throw new BackendUnavailable(
    'Kafka',
    `${found}, Java ${OLDEST_JAVA} and Maven are needed (apt-get install openjdk-17-jre-headless maven), or a Docker engine.`,
  )
}

async function format(classPath: string, propertiesFile: string): Promise<void> {
  const args = ['-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', propertiesFile]
  const formatted = await runCommand('java', args, READY_TIMEOUT_MS)
  if (formatted.code !== 0) throw new Error(`Kafka can't format its data folder (${propertiesFile}):\n${formatted.output.trim()}`)
}

async function dockerPlan(options: KafkaOptions): Promise<ServerPlan> {
  const port = options.port ?? (await freePort())
  const inContainer = '/var/lib/kafka/data'
  const properties = kafkaProperties({
    port,
    controllerPort: port === 9093 ? 9094 : 9093,
    dataDir: inContainer,
    bind: '0.0.0.0',
    overrides: options.properties ?? {},
  })
  const args = ['--env', `CLUSTER_ID=${CLUSTER_ID}`, ...propertiesEnvironment(properties).flatMap(entry => ['--env', entry])]
  if (options.dataDir !== undefined) {
    await mkdir(options.dataDir, { recursive: true })
    // the image's user is not the one who owns the folder
    await chmod(options.dataDir, 0o777)
    args.push('--volume', `${options.dataDir}:${inContainer}`)
  }
  const run = await dockerRun({ image: `apache/kafka:${KAFKA_VERSION}`, port, containerPort: port, options: args, command: [] })
  return { ...run, name: 'Kafka', port, dataDir: options.dataDir, dataIsTemporary: false, isReady: () => listsItself(port) }
}

/** A Metadata request, version 1, for no topics: a broker that is up but not yet registered lists none. */
const METADATA_REQUEST = Buffer.from(`0000001400030001000000010006${Buffer.from('probed').toString('hex')}00000000`, 'hex')

async function listsItself(port: number): Promise<boolean> {
  const answer = await ask(port, METADATA_REQUEST, bytes => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0))
  // length, correlation id, number of brokers
  return answer !== undefined && answer.length >= 12 && answer.readInt32BE(8) > 0
}
