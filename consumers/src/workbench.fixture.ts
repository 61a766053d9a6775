import { ResultsInMemory } from '@causeway/results/in-memory'
import { FinishBatcher } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { machineClock } from './clock.ts'
import { Counters } from './counters.ts'
import { DeadLetters } from './dead-letters.ts'
import { Dispatcher } from './dispatcher.ts'
import { HandlerEffects } from './effects/handler-effects.ts'
import { MessageRunner } from './message-runner.ts'
import { onceOf, SERVICE } from './messages.fixture.ts'
import { PolicedRoutes } from './policies/policed.ts'
import { QueueTime } from './queue-time.ts'
import type { Route } from './route.ts'
import { compileRoutes } from './route-set.ts'
import { Running } from './running.ts'
import { FakeConsumer, FakeHolders, FakeLog, FakeRetries, FakeSessions } from './stores.fixture.ts'

/** The inside of a worker on stores in memory. */
export interface Workbench extends Disposable {
  sessions: FakeSessions
  retries: FakeRetries
  log: FakeLog
  consumer: FakeConsumer
  counters: Counters
  running: Running
  finisher: FinishBatcher
  deadLetters: DeadLetters
  runner: MessageRunner
  dispatcher: Dispatcher
  /** Offsets of records given to `unreadable`. */
  unreadable: number[]
  holders: FakeHolders
  /** To channels: name, payload as text, codec. */
  published: unknown[]
  effects: HandlerEffects
  /** Buckets that the relay was told of. */
  emitted: number[]
}

const PARTITIONS = 4

/** What workers of one service have in common. */
export type SharedStores = Partial<Pick<Workbench, 'sessions' | 'retries' | 'holders'>> & { worker?: string }

/** Nothing is assigned yet. */
export function workbench(routes: readonly Route[], concurrency = 16, stores: SharedStores = {}): Workbench {
  const { sessions = new FakeSessions(), retries = new FakeRetries(), holders = new FakeHolders(), worker = 'wk-1' } = stores
  const log = new FakeLog()
  const consumer = new FakeConsumer()
  const counters = new Counters()
  const running = new Running()
  const unreadable: number[] = []
  const finisher = new FinishBatcher(sessions.port, silentLogger)
  const deadLetters = new DeadLetters(retries.port, log.port, PARTITIONS, counters, silentLogger)
  const published: unknown[] = []
  const emitted: number[] = []
  const effects = effectsOn(sessions, emitted, counters)
  const publish = async (channel: string, payload: Uint8Array, codec: number): Promise<number> =>
    published.push([channel, Buffer.from(payload).toString(), codec])
  const shared = {
    publish,
    once: onceOf(),
    effects,
    service: SERVICE,
    worker,
    routes: new PolicedRoutes(compileRoutes(SERVICE, routes), {
      ...{ service: SERVICE, clock: machineClock, logger: silentLogger },
      results: new ResultsInMemory(),
    }).routes,
    finisher,
    counters,
    logger: silentLogger,
  }
  const runner = new MessageRunner({ ...shared, deadLetters, running, maxPayload: 1 << 20 })
  const dispatcher = new Dispatcher({
    ...shared,
    runner,
    sessions: sessions.port,
    retries: retries.port,
    registry: holders,
    bucketsOf: partition => [partition, partition + PARTITIONS],
    concurrency,
    maxPayload: 1 << 20,
    queueTime: new QueueTime(),
    unreadable: async record => void unreadable.push(record.offset),
  })
  dispatcher.attach(consumer)
  const dispose = (): void => {
    running.close()
    void dispatcher.close()
  }
  return {
    ...{
      sessions,
      retries,
      log,
      consumer,
      counters,
      running,
      finisher,
      deadLetters,
      runner,
      dispatcher,
      unreadable,
      holders,
      published,
      effects,
      emitted,
    },
    [Symbol.dispose]: dispose,
  }
}

/** Handlers may emit to `stock.take` and `mail.send`, of other services. */
function effectsOn(sessions: FakeSessions, emitted: number[], counters: Counters): HandlerEffects {
  const services: Record<string, string> = { 'stock.take': 'stock', 'mail.send': 'mail' }
  const about = { opcode: 7, oneWay: true, timeoutMs: 0, order: 'session', priority: 'normal', lastSeen: 0 } as const
  const byName = (name: string) => (name in services ? { name, service: services[name], ...about } : undefined)
  return new HandlerEffects({
    ...{ service: SERVICE, sessions: sessions.port, maxPayload: 1 << 20, logger: silentLogger },
    routes: async () => ({ byName, trackOf: route => route.service, names: Object.keys(services) }),
    emitted: bucket => void emitted.push(bucket),
    looped: () => counters.emitLoops++,
  })
}

/** A workbench whose dispatcher has partition 0. */
export async function assignedWorkbench(routes: readonly Route[], concurrency?: number, stores?: SharedStores): Promise<Workbench> {
  const bench = workbench(routes, concurrency, stores)
  await bench.dispatcher.assigned([0])
  return bench
}
