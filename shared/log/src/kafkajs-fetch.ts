import { createRequire } from 'node:module'
import type { KafkaMessage } from 'kafkajs'
import { FetchedBatch } from './fetched-batch.ts'
import { consumedRecord } from './kafka-record.ts'
import type { ConsumedRecord } from './log.ts'

/** What kafkajs takes for one message: a whole batch, at the offset of its last record. */
interface BatchMessage {
  offset: string
  timestamp: string
  key: null
  value: null
  headers: Record<string, never>
  isControlRecord: false
  batchContext: { inTransaction: false }
  batch: FetchedBatch
}

interface Decoder {
  buffer: Buffer
  offset: number
  forward(length: number): void
}
type DecodeBatch = (decoder: Decoder) => Promise<{ records: unknown[] }>

const DECODER = 'kafkajs/src/protocol/recordBatch/v0/decoder'

/**
 * kafkajs 2.2.4 makes some forty objects of each record that it reads: offsets and times as texts of big integers, a decoder a record and a header.
 * A plain batch goes through it as one message, which `recordsOf` reads; any other is read by kafkajs (docs/adr/0019). Replaced here, on the module, before kafkajs first fetches.
 */
export function decodeBatches(): void {
  const require = createRequire(import.meta.url)
  const decode = require(DECODER) as DecodeBatch
  const plainly: DecodeBatch = decoder => {
    const batch = FetchedBatch.at(decoder.buffer, decoder.offset)
    if (batch === undefined) return decode(decoder)
    decoder.forward(batch.length)
    return Promise.resolve({ records: [batchMessage(batch)] })
  }
  require.cache[require.resolve(DECODER)]!.exports = plainly
}

const batchMessage = (batch: FetchedBatch): BatchMessage => ({
  ...{ offset: String(batch.lastOffset), timestamp: '', key: null, value: null, headers: {}, isControlRecord: false },
  ...{ batchContext: { inTransaction: false }, batch },
})

/** The records of what kafkajs hands over as a message, from an offset on: a batch may begin before it. */
export function recordsOf(partition: number, message: KafkaMessage | BatchMessage, from: number): ConsumedRecord[] {
  return 'batch' in message ? message.batch.records(partition, from) : [consumedRecord(partition, message)]
}
