import { createRequire } from 'node:module'
import type { Message } from 'kafkajs'
import type { PartitionBatch } from './flight-sender.ts'
import { produceBody } from './produce-request.ts'

/** What kafkajs takes for one message: all records of a partition. */
interface BatchMessage extends Message {
  batch: PartitionBatch
}

interface Encoder {
  buf: Buffer
  offset: number
}

interface ProduceArguments {
  acks: number
  timeout: number
  topicData: { partitions: { messages: (Message | BatchMessage)[] }[] }[]
}

interface Produce {
  protocol(options: { version: number }): (args: ProduceArguments) => { request: { encode(): Promise<unknown> } }
}

const EMPTY = Buffer.alloc(0)
/** Below it a buffer grows to twice what it needs, since more will follow; above it holds a body, which nothing follows. */
const LARGE_BUFFER = 1 << 15

/** A partition's records as the one message that kafkajs routes to the partition's leader; `encodeBatches` writes the records themselves. */
export const batchMessage = (batch: PartitionBatch): BatchMessage => ({ partition: batch.partition, value: EMPTY, batch })

/**
 * kafkajs 2.2.4 makes several zeroed buffers for each record, copies what it has of a partition for each message of it, and sums up
 * byte by byte in JavaScript: two fifths of a gateway's CPU (docs/adr/0019). Where messages are batches of ours, the body of their Produce
 * request is ours too; any other goes kafkajs's own way. Replaced here, on the module, before a client is made.
 */
export function encodeBatches(): void {
  const require = createRequire(import.meta.url)
  growPlainly(require('kafkajs/src/protocol/encoder'))
  const produce = require('kafkajs/src/protocol/requests/produce') as Produce
  const { protocol } = produce
  produce.protocol = options => {
    const make = protocol(options)
    return args => {
      const made = make(args)
      const batches = batchesOf(args)
      if (batches !== undefined) made.request.encode = async () => asEncoder(produceBody(batches, args.acks, args.timeout, Date.now()))
      return made
    }
  }
}

/** A body is copied twice on its way out, each time behind a few bytes of header, and each time into zeros of up to twice its size. */
function growPlainly({ prototype }: { prototype: Encoder & { ensureAvailable(length: number): void } }): void {
  prototype.ensureAvailable = function (length) {
    const needed = this.offset + length
    if (needed <= this.buf.length) return
    const grown = Buffer.allocUnsafe(needed < LARGE_BUFFER ? 2 * needed : needed)
    this.buf.copy(grown, 0, 0, this.offset)
    this.buf = grown
  }
}

function batchesOf({ topicData }: ProduceArguments): PartitionBatch[] | undefined {
  const messages = topicData.flatMap(({ partitions }) => partitions.flatMap(partition => partition.messages))
  const batches = messages.flatMap(message => ('batch' in message ? message.batch : []))
  return batches.length === messages.length ? batches : undefined
}

/** What kafkajs reads of an encoder when it puts it into another. */
const asEncoder = (buffer: Buffer): { buf: Buffer; buffer: Buffer } => ({ buf: buffer, buffer })
