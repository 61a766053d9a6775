import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import { logConformance } from './log.conformance.ts'
import { openKafkaLog } from './log-kafka.ts'

const { kafka } = testBackends()

for (const client of ['kafkajs', 'platformatic'] as const) {
  const open = async () => {
    const options = { brokers: [kafka!], clientId: uniqueName('test'), client, logger: silentLogger }
    let log = await openKafkaLog(options)
    return {
      log,
      close: () => log.close(),
      async reopen() {
        await log.close()
        log = await openKafkaLog(options)
        return log
      },
    }
  }
  if (kafka === undefined) backendTest(`log conformance: kafka by ${client}`, { kafka: true }, () => {})
  else logConformance(`kafka by ${client}`, open, { splitsPartitions: true, reopens: true })
}
