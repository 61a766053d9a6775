import type { Scenario } from '../scenario.ts'
import { ownKafkaAndRedis } from '../surroundings.ts'

/** Three brokers: one dies and its partitions get other leaders; two die and nothing can be appended until one is back. */
export const kafkaCluster: Scenario = {
  name: 'kafka-cluster',
  breaks: 'kill -9 of one of three brokers, then of two at once',
  surroundings: open => ownKafkaAndRedis(open, 3),
  load: { sessions: 16, depth: 8, rate: 50, mix: { count: 12, slow: 1, note: 4, push: 1 } },
  rounds: 4,
  async round({ kafka, load, note, pause }, index) {
    const dying = index % 2 === 0 ? [2 + ((index >> 1) % 2)] : [2, 3]
    await pause(500, 1_500)
    note(`kill -9 of broker ${dying.join(' and ')}`)
    await Promise.all(dying.map(node => kafka.kill(node)))
    await pause(1_000, 4_000)
    for (const node of dying) {
      note(`broker ${node} is started again`)
      await kafka.startAgain(node)
    }
    await load.answers(500)
  },
}

/** Topics of one replica: while a broker is dead, its partitions have no leader. */
export const kafkaLeaderless: Scenario = {
  ...kafkaCluster,
  name: 'kafka-leaderless',
  breaks: 'kill -9 of a broker whose partitions have no other replica',
  surroundings: open => ownKafkaAndRedis(open, 3, 1),
  rounds: 2,
  async round({ kafka, load, note, pause }, index) {
    const node = 2 + (index % 2)
    await pause(500, 1_500)
    note(`kill -9 of broker ${node}`)
    await kafka.kill(node)
    await pause(1_000, 4_000)
    note(`broker ${node} is started again`)
    await kafka.startAgain(node)
    await load.answers(500)
  },
}

/** The topic's limit is lowered under load: what is larger is found among its neighbours and ends alone. */
export const kafkaRefuses: Scenario = {
  name: 'kafka-refuses',
  breaks: 'a record that Kafka refuses in the midst of a flight',
  surroundings: open => ownKafkaAndRedis(open, 1),
  load: { sessions: 16, depth: 8, rate: 50, mix: { count: 20, large: 2, note: 2 } },
  rounds: 4,
  allowance: { codes: ['TOO_LARGE'] },
  async round({ kafka, installation, load, note, pause }, index) {
    const bytes = index % 2 === 0 ? 20_000 : 4 << 20
    await pause(300, 1_000)
    note(`records of at most ${bytes} bytes are taken`)
    await kafka.limitRecords(`causeway.${installation.service}.requests`, bytes)
    await load.answers(1_000)
  },
}
