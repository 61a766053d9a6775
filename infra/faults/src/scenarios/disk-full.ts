import { until } from '@causeway/testing'
import { KafkaServers } from '../kafka-servers.ts'
import { RedisServer } from '../redis-server.ts'
import type { Scenario } from '../scenario.ts'
import { SmallDisk } from '../small-disk.ts'
import { kafkaAndRedis, orSkipped, realEnvironment } from '../surroundings.ts'

/** How long the embedded process may take to meet the end of its disk and to say so, ms. */
const UNREADY_MS = 20_000

const load = { sessions: 16, depth: 8, rate: 50, mix: { count: 12, slow: 2, note: 3, flaky: 1, push: 1 } }

/** The embedded process has no room for a commit: it says so and writes nothing more; with room and a new start all is there. */
export const diskFullEmbedded: Scenario = {
  name: 'disk-full-embedded',
  breaks: 'a full disk under the embedded data folder',
  async surroundings(open) {
    const disk = open.use(await SmallDisk.mount(64))
    return { environment: { CAUSEWAY_DATA_DIR: `${disk.path}/data` }, disk }
  },
  begin: async installation => void (await installation.addEmbedded()),
  // dead letters are kept, so that the folder always needs more room
  load: { sessions: 16, depth: 8, rate: 50, padBytes: 4_000, mix: { count: 6, slow: 1, note: 2, poison: 3 } },
  rounds: 3,
  async round({ installation, disk, load, note, pause }) {
    const [process] = installation.gateways
    await pause(300, 1_000)
    note('the disk is full')
    await disk.fill()
    const unready = async (): Promise<boolean> => !(await process.process!.ready())
    await until(unready, { timeoutMs: UNREADY_MS, what: 'a process that says that its disk is full' })
    await pause(0, 2_000)
    note('the disk has room, and the process is started again')
    await disk.free()
    await process.kill()
    await process.start()
    await load.answers(500)
  },
}

/** Redis can't write its append-only file: it refuses to change anything until it can. */
export const diskFullRedis: Scenario = {
  name: 'disk-full-redis',
  breaks: "a full disk under Redis's append-only file",
  async surroundings(open) {
    const disk = open.use(await SmallDisk.mount(64))
    const { environment } = await kafkaAndRedis(open)
    const redis = open.use(await orSkipped(RedisServer.start('log', disk.path)))
    return { environment: { ...environment, CAUSEWAY_REDIS_URL: `redis://127.0.0.1:${redis.port}` }, redis, disk }
  },
  load,
  rounds: 3,
  async round({ disk, load, note, pause }) {
    await pause(300, 1_000)
    note("Redis's disk is full")
    await disk.fill()
    await pause(1_000, 4_000)
    note('it has room')
    await disk.free()
    await load.answers(500)
  },
}

/** A broker that can't write ends itself; with room it is started again. */
export const diskFullKafka: Scenario = {
  name: 'disk-full-kafka',
  breaks: "a full disk under the broker's log",
  async surroundings(open) {
    const disk = open.use(await SmallDisk.mount(256))
    const kafka = open.use(await orSkipped(KafkaServers.start(1, disk.path)))
    const redis = open.use(await orSkipped(RedisServer.start('log')))
    return { environment: realEnvironment(kafka.addresses, redis.port), redis, kafka, disk }
  },
  load,
  rounds: 2,
  async round({ kafka, disk, load, note, pause }) {
    await pause(300, 1_000)
    note("the broker's disk is full")
    await disk.fill()
    await pause(2_000, 4_000)
    note('it has room, and the broker is started again')
    await kafka.kill(1)
    await disk.free()
    await kafka.startAgain(1)
    await load.answers(500)
  },
}
