import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE, uniqueName } from '@causeway/testing'
import { CausewayProcess } from './causeway-process.ts'
import type { Place } from './places.ts'

/** The demo's module, for `start` and `worker`. */
export const DEMO = fileURLToPath(new URL('./demo.fixture.ts', import.meta.url))
/** Few, so that topics are made fast; more than one, so that sessions spread. */
const PARTITIONS = '4'
/** What a process gets of the caller's environment: enough to run. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR']

export interface GatewayAddresses {
  tcp: string
  websocket: string
  http: string
  /** Where there is a certificate. */
  tls?: string
  https?: string
  secureWebsocket?: string
  /** Ends in `/`. */
  operators: string
  queues: string
  listeners: { dialect: string; address: string }[]
}

/** A running gateway, alone or with its worker in one process. */
export interface RunningGateway extends GatewayAddresses {
  process: CausewayProcess
  /** Port of `tcp`. */
  port: number
}

export interface RunningWorker {
  process: CausewayProcess
  health: string
}

/** Processes that belong together: one data folder, one service of their own, one prefix in Redis. Ends them all when disposed of. */
export class Installation {
  readonly place: Place
  readonly service: string
  readonly redisPrefix = uniqueName('e2e')
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** All that were started, in their order. */
  readonly processes: CausewayProcess[] = []

  private constructor(place: Place, folder: string, environment: NodeJS.ProcessEnv) {
    this.place = place
    this.folder = folder
    const name = uniqueName('e2e')
    this.service = `demo-${name}`
    this.environment = {
      ...Object.fromEntries(PASSED_ON.map(variable => [variable, process.env[variable]])),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      CAUSEWAY_PARTITIONS: PARTITIONS,
      CAUSEWAY_TEST_SERVICE: name,
      CAUSEWAY_DEMO_JOURNAL: join(folder, 'journal'),
      CAUSEWAY_DATA_DIR: join(folder, 'data'),
      CAUSEWAY_CONFIG_TOPIC: `causeway.config.${name}`,
      ...(place.kind === 'embedded'
        ? {}
        : { CAUSEWAY_KAFKA_BROKERS: place.kafka, CAUSEWAY_REDIS_URL: `redis://${place.redis}`, CAUSEWAY_REDIS_PREFIX: this.redisPrefix }),
      ...environment,
    }
  }

  /** `environment` is added for each of its processes. */
  static async make(place: Place, environment: NodeJS.ProcessEnv = {}): Promise<Installation> {
    return new Installation(place, await mkdtemp(join(tmpdir(), 'causeway-e2e-')), environment)
  }

  get journal(): string {
    return join(this.folder, 'journal')
  }

  run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): CausewayProcess {
    const started = new CausewayProcess(args, { ...this.environment, ...environment })
    this.processes.push(started)
    return started
  }

  /** Gateway and worker in one process, in the folder `cwd`, as these arguments say. */
  async serve(args: readonly string[], cwd: string): Promise<RunningGateway> {
    const started = new CausewayProcess([...args, ...anyPorts(), '--json'], this.environment, cwd)
    this.processes.push(started)
    return await running(started)
  }

  /** Gateway and worker in one process, by default with the demo under this installation's service. */
  async start(environment: NodeJS.ProcessEnv = {}, module = DEMO, more: readonly string[] = []): Promise<RunningGateway> {
    return await running(this.run(['start', module, ...more, ...anyPorts(), '--json'], environment))
  }

  async gateway(environment: NodeJS.ProcessEnv = {}): Promise<RunningGateway> {
    return await running(this.run(['gateway', ...anyPorts(), '--json'], environment))
  }

  async worker(environment: NodeJS.ProcessEnv = {}, module = DEMO): Promise<RunningWorker> {
    const started = this.run(['worker', module, ...anyPorts(), '--json'], environment)
    const { health } = await started.addresses<{ health: string }>()
    return { process: started, health }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.filter(each => each.alive).map(each => each.stop()))
    await rm(this.folder, { recursive: true, force: true })
  }
}

const anyPorts = (): string[] => ['--tcp-port', '0', '--http-port', '0', '--admin-port', '0', '--worker-port', '0']

async function running(started: CausewayProcess): Promise<RunningGateway> {
  const addresses = await started.addresses<GatewayAddresses>()
  return { ...addresses, process: started, port: Number(new URL(addresses.tcp).port) }
}
