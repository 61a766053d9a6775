import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@causeway/test-backends'
import { COMPILE_CACHE, uniqueName } from '@causeway/testing'
import { CausewayProcess } from './causeway-process.ts'
import { SERVICE_NAME } from './handlers.ts'
import type { Handling } from './history.ts'
import { JOURNAL_FOLDER, readJournals } from './journal.ts'
import { PARTITIONS, RESTART_MS, STARTS } from './limits.ts'
import { Relay } from './relay.ts'
import { seededBugArguments, seededBugEnvironment } from './seeded-bugs/seed.ts'

const HANDLERS = fileURLToPath(new URL('./handlers.ts', import.meta.url))
/** What a process gets of the caller's environment: enough to run. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR']

export interface InstallationOptions {
  /** What tells its processes about their backends. */
  environment: NodeJS.ProcessEnv
  /** The bug that its processes carry; for the proof of the checker. */
  bug?: string
}

/** A place for one process, which may die and be started again on the same port. */
export class Slot {
  readonly name: string
  readonly #start: () => CausewayProcess
  process: CausewayProcess | undefined

  constructor(name: string, start: () => CausewayProcess) {
    this.name = name
    this.#start = start
  }

  get alive(): boolean {
    return this.process?.alive ?? false
  }

  /**
   * Starts it and resolves when it serves; where it ends before, because a backend is away, again, as a supervisor would. `process` is set at once, so that
   * one may be killed while it starts.
   */
  async start(): Promise<void> {
    for (let starts = 1; ; starts++) {
      const started = this.#start()
      this.process = started
      try {
        await started.serving()
        return
      } catch (error) {
        if (starts === STARTS || this.process !== started) throw error
        await sleep(RESTART_MS)
      }
    }
  }

  async kill(): Promise<void> {
    await this.process?.kill()
  }

  async stop(): Promise<void> {
    await this.process?.stop()
  }

  /** SIGSTOP, SIGCONT. */
  signal(name: NodeJS.Signals): void {
    this.process?.signal(name)
  }
}

/** Processes that belong together: a service and keys of their own. They are killed when it is disposed of. */
export class Installation {
  readonly folder: string
  readonly gateways: Slot[] = []
  readonly workers: Slot[] = []
  /** Before each gateway, once clients are relayed. */
  readonly clientLines: Relay[] = []
  readonly #ports: number[] = []
  readonly #environment: NodeJS.ProcessEnv
  readonly #nodeArgs: readonly string[]
  readonly service = `faults-${uniqueName('s')}`

  private constructor(folder: string, { environment, bug }: InstallationOptions) {
    this.folder = folder
    this.#nodeArgs = seededBugArguments(bug)
    this.#environment = {
      ...Object.fromEntries(PASSED_ON.map(variable => [variable, process.env[variable]])),
      ...seededBugEnvironment(bug),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      CAUSEWAY_LOG_LEVEL: 'warn',
      CAUSEWAY_PARTITIONS: String(PARTITIONS),
      CAUSEWAY_REDIS_PREFIX: this.service,
      CAUSEWAY_DATA_DIR: join(folder, 'data'),
      [SERVICE_NAME]: this.service,
      [JOURNAL_FOLDER]: join(folder, 'journals'),
      ...environment,
    }
  }

  static async make(options: InstallationOptions): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-faults-'))
    await mkdir(join(folder, 'journals'))
    return new Installation(folder, options)
  }

  /** Where clients may find a gateway, dead or alive. */
  get ports(): readonly number[] {
    return this.#ports
  }

  /** Puts a relay before each gateway that there is: clients are told its port instead. */
  async relayClients(): Promise<void> {
    for (const [gateway, port] of this.#ports.entries()) {
      const relay = await Relay.to(port)
      this.clientLines.push(relay)
      this.#ports[gateway] = relay.port
    }
  }

  /** What handlers did so far. */
  handlings(): Handling[] {
    return readJournals(join(this.folder, 'journals'))
  }

  /** What processes logged, for the report of a failure. */
  get logs(): string {
    return [...this.gateways, ...this.workers].map(({ name, process }) => `--- ${name}\n${process?.log ?? ''}`).join('\n')
  }

  /** Two workers and two gateways. Workers first: their routes are known before anybody calls them. */
  async addPairs(): Promise<void> {
    await Promise.all([this.addWorker(), this.addWorker()])
    await Promise.all([this.addGateway(), this.addGateway()])
  }

  async addGateway(environment: NodeJS.ProcessEnv = {}): Promise<Slot> {
    return await this.#add('gateway', this.gateways, ['gateway'], environment)
  }

  async addWorker(environment: NodeJS.ProcessEnv = {}): Promise<Slot> {
    const name = `worker ${this.workers.length}`
    const slot = new Slot(name, () => this.#run(['worker', HANDLERS, '--worker-port', '0'], environment))
    this.workers.push(slot)
    await slot.start()
    return slot
  }

  /** Gateway and worker in one process, on a data folder. */
  async addEmbedded(environment: NodeJS.ProcessEnv = {}): Promise<Slot> {
    return await this.#add('embedded', this.gateways, ['start', HANDLERS], environment)
  }

  async #add(kind: string, slots: Slot[], args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Slot> {
    const port = await freePort()
    const slot = new Slot(`${kind} ${slots.length}`, () =>
      this.#run([...args, '--tcp-port', String(port), '--http-port', '0', '--admin-port', '0'], environment),
    )
    slots.push(slot)
    this.#ports.push(port)
    await slot.start()
    return slot
  }

  #run(args: readonly string[], environment: NodeJS.ProcessEnv): CausewayProcess {
    return new CausewayProcess({ args, environment: { ...this.#environment, ...environment }, nodeArgs: this.#nodeArgs })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const slots = [...this.gateways, ...this.workers]
    await Promise.all(this.clientLines.map(relay => relay[Symbol.asyncDispose]()))
    await Promise.all(slots.map(({ process }) => process?.[Symbol.asyncDispose]()))
    await rm(this.folder, { recursive: true, force: true })
  }
}
