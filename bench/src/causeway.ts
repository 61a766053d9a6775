import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Backend, KAFKA_VERSION, startKafka, startRedis } from '@causeway/test-backends'
import { CAUSEWAY_WARM_UP_MS, READY_POLL_MS, READY_TIMEOUT_MS } from './limits.ts'
import { packageVersions } from './package-version.ts'
import { redisInfo } from './redis-info.ts'
import { SourceProcess, type SourceProcessOptions } from './source-process.ts'
import { startSystem } from './start-system.ts'
import type { Subject, System } from './subject.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Library that appends to Kafka. */
export const CLIENTS = ['kafkajs', 'platformatic'] as const
/** Redis's appendfsync, or `off` without an append-only file. */
export const AOF_POLICIES = ['off', 'everysec', 'always'] as const

/** How each of its own processes is started. */
type NodeOptions = Pick<SourceProcessOptions, 'probe' | 'nodeFlags'>

export interface EmbeddedOptions extends NodeOptions {
  /** What the worker serves, and a request that it answers. Default: the demo, and an echo. */
  served?: { module: string; request: object }
}

export interface RealOptions extends EmbeddedOptions {
  client: (typeof CLIENTS)[number]
  aof: (typeof AOF_POLICIES)[number]
  /** Messages the worker handles at a time. Default: the worker's own. */
  concurrency?: number
  /** Further flags of both processes. */
  flags?: readonly string[]
  /** How many gateways there are. Default: 1. */
  gateways?: number
  /** Further flags of these. */
  gatewayFlags?: readonly string[]
  /** For that request, where the gateway asks for one. */
  token?: string
}

/** Package that each client is. */
const PACKAGES = { kafkajs: 'kafkajs', platformatic: '@platformatic/kafka' } as const
const GENERATOR = new URL('./generator.ts', import.meta.url)
const CLI = new URL('../../cli/src/main.ts', import.meta.url)
const DEMO = '@causeway/demo'
const ECHO = { route: 'echo', payload: 'ready?' }
const SHARED_FLAGS = ['--json', '--log-level', 'warn', '--auth', 'none']
const FREE_PORTS = ['--tcp-port', '0', '--http-port', '0', '--admin-port', '0']

interface GatewayAddresses {
  tcp: string
  http: string
}

/** Causeway on a Kafka and a Redis of its own; `start` rejects with BackendUnavailable where this machine has none. */
export const causewayOn = ({ client, aof, ...own }: RealOptions): Subject => ({
  id: `causeway-${client}`,
  name: `causeway (${client})`,
  kind: 'ours',
  path: `one gateway and one worker, a process each; one Kafka broker, one Redis; ${client} appends`,
  durability: `request: Kafka acks=all on one broker (page cache), before it is accepted. Answer: in the session's outbox before it is sent, Redis ${aof === 'off' ? 'without append-only file' : `appendfsync ${aof}`}`,
  firstWarmUpMs: CAUSEWAY_WARM_UP_MS,
  start: () => start(parts => startReal({ client, aof, ...own }, parts), own.served?.request, own.token),
})

export const causewayEmbedded = (own: EmbeddedOptions = {}): Subject => ({
  id: 'causeway-embedded',
  name: 'causeway embedded',
  kind: 'ours',
  path: 'embedded: gateway and worker in one process, on a data folder',
  durability: 'request and answer: on disk (fsync) before they count',
  firstWarmUpMs: CAUSEWAY_WARM_UP_MS,
  start: () => start(parts => startEmbedded(own, parts), own.served?.request),
})

export const CAUSEWAY_EMBEDDED = causewayEmbedded()

type Started = Pick<System, 'processes' | 'versions' | 'addWorker' | 'redis' | 'probes'> & { addresses: readonly GatewayAddresses[] }

/** Resolves once an echo has come back through all of it. */
const start = (open: (parts: AsyncDisposableStack) => Promise<Started>, request: object = ECHO, token?: string): Promise<System> =>
  startSystem(async parts => {
    const { addresses, ...started } = await open(parts)
    for (const { http } of addresses) await untilAnswered(http, request, token)
    const ports = addresses.map(({ tcp }) => Number(new URL(tcp).port))
    return { ...started, port: ports[0], ports, generator: GENERATOR }
  })

async function startReal(
  { client, aof, concurrency, served, flags: more = [], gateways: count = 1, gatewayFlags = [], ...node }: RealOptions,
  parts: AsyncDisposableStack,
): Promise<Started> {
  const redisArgs = aof === 'off' ? [] : ['--appendonly', 'yes', '--appendfsync', aof]
  const [kafka, redis] = await together([startKafka(), startRedis({ args: redisArgs })], parts)
  const prefix = `bench-${randomBytes(4).toString('hex')}`
  const backends = ['--kafka-brokers', kafka.address, '--redis-url', `redis://${redis.address}`, '--redis-prefix', prefix]
  const flags = [...SHARED_FLAGS, ...backends, '--kafka-client', client, ...more]
  const gateways = Array.from({ length: count }, () => begin('gateway', ['gateway', ...flags, ...FREE_PORTS, ...gatewayFlags], parts, node))
  const places = concurrency === undefined ? [] : ['--concurrency', String(concurrency)]
  const beginWorker = () => begin('worker', ['worker', served?.module ?? DEMO, ...flags, ...places, '--worker-port', '0'], parts, node)
  const workers: number[] = []
  const addWorker = async (worker = beginWorker()): Promise<void> => {
    await worker.next(READY_TIMEOUT_MS)
    workers.push(worker.pid)
  }
  const first = beginWorker()
  const [addresses] = await Promise.all([
    Promise.all(gateways.map(gateway => gateway.next<GatewayAddresses>(READY_TIMEOUT_MS))),
    addWorker(first),
  ])
  return {
    ...{ addresses, addWorker: () => addWorker(), redis: redis.address },
    probes: node.probe && { gateway: gateways[0], worker: first },
    processes: { gateway: gateways.map(({ pid }) => pid), worker: workers, Kafka: kafka.pid, Redis: redis.pid },
    versions: {
      Kafka: KAFKA_VERSION,
      Redis: (await redisInfo(redis.address, 'server')).redis_version,
      ...packageVersions(PACKAGES[client], 'ioredis'),
    },
  }
}

/** Both, or an error with neither left running. */
async function together(starting: Promise<Backend>[], parts: AsyncDisposableStack): Promise<Backend[]> {
  const results = await Promise.allSettled(starting)
  for (const result of results) if (result.status === 'fulfilled') parts.use(result.value)
  return results.map(result => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

async function startEmbedded({ served, ...node }: EmbeddedOptions, parts: AsyncDisposableStack): Promise<Started> {
  const folder = temporaryFolder(parts)
  const causeway = begin(
    'causeway process',
    ['start', served?.module ?? DEMO, ...SHARED_FLAGS, ...FREE_PORTS, '--data-dir', folder],
    parts,
    node,
  )
  return {
    addresses: [await causeway.next<GatewayAddresses>(READY_TIMEOUT_MS)],
    probes: node.probe && { causeway },
    processes: { causeway: causeway.pid },
    versions: packageVersions('lmdb'),
  }
}

function begin(name: string, args: readonly string[], parts: AsyncDisposableStack, node: NodeOptions): SourceProcess {
  const started = new SourceProcess(name, CLI, args, node)
  parts.defer(() => started.stop())
  return started
}

/** The gateway knows the worker's routes a moment after both are up. */
async function untilAnswered(http: string, request: object, token?: string): Promise<void> {
  const end = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    const reply = await fetch(`${http}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(request),
    })
    if (reply.ok) return
    if (Date.now() > end)
      throw new Error(`no answer after ${READY_TIMEOUT_MS} ms: the gateway answers ${reply.status} ${await reply.text()}`)
    await sleep(READY_POLL_MS)
  }
}
