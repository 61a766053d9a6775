/** Appends numbered records to the data folder named on the command line for as long as it lives, and says on stdout up to which number they are stored. */
import { writeSync } from 'node:fs'
import { openDataFolder } from '@causeway/embedded'
import { silentLogger } from '@causeway/telemetry'
import type { LogRecord } from './log.ts'
import { openEmbeddedLog } from './log-embedded.ts'

const TOPIC = 'causeway.kill.requests'
/** Records in the air: enough for groups of many, few enough that each lands soon. */
const IN_THE_AIR = 200

const log = await openEmbeddedLog(await openDataFolder(process.argv[2]!, { logger: silentLogger }))
await log.ensureTopics([{ topic: TOPIC, partitions: 1 }])
let next = (await log.lag('nobody', TOPIC))[0]!.end

const record = (number: number): LogRecord => ({
  topic: TOPIC,
  partition: 0,
  key: 'key',
  value: Buffer.from(`${number}`),
  header: '',
  deadline: Date.now() + 60_000,
  resent: false,
})
const appender = log.appender({
  stored(records) {
    writeSync(1, `${records.at(-1)!.value}\n`)
    for (const _ of records) appender.append(record(next++))
  },
  refused: (_, reason) => {
    throw new Error(reason)
  },
})
writeSync(1, `${next - 1}\n`)
for (let waiting = 0; waiting < IN_THE_AIR; waiting++) appender.append(record(next++))
