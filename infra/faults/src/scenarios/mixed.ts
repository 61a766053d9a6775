import type { Slot } from '../installation.ts'
import type { Scenario, Stage } from '../scenario.ts'
import { ownKafkaAndRedis } from '../surroundings.ts'

interface Fault {
  what: string
  begin(): Promise<void> | void
  mend(): Promise<void> | void
}

const killed = (slot: Slot): Fault => ({ what: `kill -9 of ${slot.name}`, begin: () => slot.kill(), mend: () => slot.start() })

const stopped = (slot: Slot): Fault => ({
  what: `SIGSTOP of ${slot.name}`,
  begin: () => slot.signal('SIGSTOP'),
  mend: () => slot.signal('SIGCONT'),
})

function faultsOf({ installation, redis, kafka }: Stage): Fault[] {
  const { gateways, workers, clientLines } = installation
  const cut = (): void => {
    for (const line of clientLines) line.cut()
  }
  const freeze = (): void => {
    for (const line of clientLines) line.freeze()
  }
  return [
    ...gateways.map(killed),
    ...workers.map(killed),
    ...gateways.map(stopped),
    ...workers.map(stopped),
    { what: 'kill -9 of Redis', begin: () => redis.kill(), mend: () => redis.startAgain() },
    { what: 'SIGSTOP of Redis', begin: () => redis.signal('SIGSTOP'), mend: () => redis.signal('SIGCONT') },
    { what: 'SIGSTOP of the broker', begin: () => kafka.signal(1, 'SIGSTOP'), mend: () => kafka.signal(1, 'SIGCONT') },
    { what: 'kill -9 of the broker', begin: () => kafka.kill(1), mend: () => kafka.startAgain(1) },
    { what: "resets of all clients' connections", begin: cut, mend: cut },
    { what: "half-open connections of all clients'", begin: freeze, mend: cut },
  ]
}

/** Two faults at a time, drawn from all: what one of them leaves behind meets the other. */
export const mixed: Scenario = {
  name: 'mixed',
  breaks: 'two of these at a time, drawn by lot: a gateway, worker, Redis or broker dead or standing still, connections reset or half-open',
  surroundings: open => ownKafkaAndRedis(open, 1),
  async begin(installation) {
    await installation.addPairs()
    await installation.relayClients()
  },
  load: {
    sessions: 24,
    depth: 8,
    rate: 40,
    mix: { count: 12, slow: 2, note: 3, flaky: 2, poison: 1, stream: 1, push: 1, reject: 1 },
    slowMs: 200,
  },
  rounds: 12,
  async round(stage) {
    const { random, note, pause, load } = stage
    const faults = faultsOf(stage)
    const [first] = faults.splice(random.index(faults.length), 1)
    // one process can't be broken twice at a time
    const others = faults.filter(({ what }) => what.split(' of ')[1] !== first.what.split(' of ')[1])
    const second = random.pick(others)
    for (const fault of [first, second]) {
      await pause(0, 1_500)
      note(fault.what)
      await fault.begin()
    }
    // side by side: a process can't come back before the backend that it needs
    const mends: Promise<void>[] = []
    for (const fault of [first, second]) {
      await pause(100, 4_000)
      note(`mended: ${fault.what}`)
      mends.push(Promise.resolve(fault.mend()))
    }
    await Promise.all(mends)
    await load.answers(500)
  },
}
