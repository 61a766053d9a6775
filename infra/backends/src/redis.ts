import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, BackendUnavailable } from './backend.ts'
import { runCommand } from './command.ts'
import { dockerAnswers, dockerRun } from './docker.ts'
import { freePort } from './free-port.ts'
import { COMMAND_TIMEOUT_MS } from './limits.ts'
import { ask } from './probe.ts'
import { type ServerPlan, startServer } from './server-process.ts'

/** Options of `startRedis`; every one has a default. */
export interface RedisOptions {
  /** Default: a free port. */
  port?: number
  /** Arguments after ours, so that they win: `['--appendonly', 'yes']`. */
  args?: string[]
  /** Where an append-only file lies; kept when it stops, so that a server can come back on it. Default: a temporary folder, removed. */
  dataDir?: string
}

const IMAGE = 'redis:8-alpine'

const QUIET = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction']

/**
 * Starts one real Redis on 127.0.0.1 that keeps nothing on disk and evicts nothing, and resolves when it answers PING.
 * Runs `redis-server`, else Docker's `redis:8-alpine`; rejects with BackendUnavailable where neither goes.
 */
export async function startRedis(options: RedisOptions = {}): Promise<Backend> {
  const port = options.port ?? (await freePort())
  if ((await runCommand('redis-server', ['--version'], COMMAND_TIMEOUT_MS)).code === 0) return startServer(await binaryPlan(options, port))
  if (await dockerAnswers()) return startServer(await dockerPlan(options, port))
  throw new BackendUnavailable('Redis', 'redis-server is needed (apt-get install redis-server), or a Docker engine.')
}

async function binaryPlan({ args = [], dataDir }: RedisOptions, port: number): Promise<ServerPlan> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'causeway-redis-')))
  return {
    name: 'Redis',
    command: 'redis-server',
    args: ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...QUIET, ...args],
    port,
    dataDir: folder,
    dataIsTemporary: dataDir === undefined,
    isReady: () => answersPing(port),
  }
}

async function dockerPlan({ args = [], dataDir }: RedisOptions, port: number): Promise<ServerPlan> {
  const volume = dataDir === undefined ? [] : ['--volume', `${dataDir}:/data`]
  const command = ['redis-server', '--protected-mode', 'no', ...QUIET, ...args]
  const run = await dockerRun({ image: IMAGE, port, containerPort: 6379, options: volume, command })
  return { ...run, name: 'Redis', port, dataDir, dataIsTemporary: false, isReady: () => answersPing(port) }
}

async function answersPing(port: number): Promise<boolean> {
  const answer = await ask(port, Buffer.from('PING\r\n'), bytes => bytes.includes('\r\n'))
  return answer?.toString('latin1').startsWith('+PONG') ?? false
}
