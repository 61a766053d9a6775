import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Backend, startKafka, startRedis } from '@causeway/test-backends'
import { READY_POLL_MS, READY_TIMEOUT_MS } from './limits.ts'
import type { Options } from './options.ts'
import { SourceProcess } from './source-process.ts'

/** What is measured: processes by the name they have in the report. */
export interface System extends AsyncDisposable {
  /** TCP port of the gateway. */
  port: number
  /** Process ids. */
  processes: Record<string, number>
  /** `host:port` of its Redis; undefined in the embedded mode. */
  redis?: string
  /** Its path, for the report. */
  path: string
  /** What a round trip has stored when it is over, for the report. */
  durability: string
}

const CLI = new URL('../../cli/src/main.ts', import.meta.url)
const DEMO = '@causeway/demo'
const SHARED_FLAGS = ['--json', '--log-level', 'warn', '--auth', 'none']
const FREE_PORTS = ['--tcp-port', '0', '--http-port', '0', '--admin-port', '0']

interface GatewayAddresses {
  tcp: string
  http: string
}

/** Resolves once an echo has come back through all of it; rejects with BackendUnavailable where this machine has no Kafka or Redis. */
export async function startSystem(options: Options): Promise<System> {
  const parts = new AsyncDisposableStack()
  try {
    const started = options.embedded ? await startEmbedded(parts) : await startReal(options, parts)
    await untilEchoed(started.addresses.http)
    const port = Number(new URL(started.addresses.tcp).port)
    return { ...started, port, [Symbol.asyncDispose]: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

type Started = Omit<System, 'port' | keyof AsyncDisposable> & { addresses: GatewayAddresses }

async function startReal({ client, aof }: Options, parts: AsyncDisposableStack): Promise<Started> {
  const redisArgs = aof === 'off' ? [] : ['--appendonly', 'yes', '--appendfsync', aof]
  const [kafka, redis] = await together([startKafka(), startRedis({ args: redisArgs })], parts)
  const prefix = `bench-${randomBytes(4).toString('hex')}`
  const backends = ['--kafka-brokers', kafka.address, '--redis-url', `redis://${redis.address}`, '--redis-prefix', prefix]
  const flags = [...SHARED_FLAGS, ...backends, '--kafka-client', client]
  const gateway = begin('gateway', ['gateway', ...flags, ...FREE_PORTS], parts)
  const worker = begin('worker', ['worker', DEMO, ...flags, '--worker-port', '0'], parts)
  const addresses = await gateway.next<GatewayAddresses>(READY_TIMEOUT_MS)
  await worker.next(READY_TIMEOUT_MS)
  return {
    addresses,
    redis: redis.address,
    processes: { gateway: gateway.pid, worker: worker.pid, Kafka: kafka.pid, Redis: redis.pid },
    path: `one gateway and one worker, a process each; one Kafka broker, one Redis; ${client} appends`,
    durability: `Kafka acks=all on one broker, Redis ${aof === 'off' ? 'without append-only file' : `appendfsync ${aof}`}`,
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

async function startEmbedded(parts: AsyncDisposableStack): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const causeway = begin('causeway process', ['start', DEMO, ...SHARED_FLAGS, ...FREE_PORTS, '--data-dir', folder], parts)
  return {
    addresses: await causeway.next<GatewayAddresses>(READY_TIMEOUT_MS),
    processes: { causeway: causeway.pid },
    path: 'embedded: gateway and worker in one process, on a data folder',
    durability: 'log and outbox on disk (fsync) before they count',
  }
}

function begin(name: string, args: readonly string[], parts: AsyncDisposableStack): SourceProcess {
  const started = new SourceProcess(name, CLI, args)
  parts.defer(() => started.stop())
  return started
}

/** The gateway knows the worker's routes a moment after both are up. */
async function untilEchoed(http: string): Promise<void> {
  const end = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    const reply = await fetch(`${http}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"route":"echo","payload":"ready?"}',
    })
    if (reply.ok) return
    if (Date.now() > end) throw new Error(`no echo after ${READY_TIMEOUT_MS} ms: the gateway answers ${reply.status} ${await reply.text()}`)
    await sleep(READY_POLL_MS)
  }
}
