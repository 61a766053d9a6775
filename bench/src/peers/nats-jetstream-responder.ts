// Makes the stream, pulls from it, answers, and acknowledges each message.
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { tellServing } from '../node-part.ts'
import { connectNats } from './nats-connect.ts'
import { ALL_REQUESTS, answerSubject, STREAM } from './nats-jetstream-subjects.ts'

/** Requests that may be unacknowledged, and that one pull asks for: all that the deepest load has outstanding, with room. */
const OUTSTANDING = 4_096
const CONSUMER = 'responder'

const connection = await connectNats(Number(process.argv[2]))
const manager = await jetstreamManager(connection)
// limits, not a work queue: deleting each message as it is acknowledged cost nats-server 2.9 more than half of its throughput
await manager.streams.add({
  name: STREAM,
  subjects: [ALL_REQUESTS],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
})
await manager.consumers.add(STREAM, { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit, max_ack_pending: OUTSTANDING })
const consumer = await jetstream(connection).consumers.get(STREAM, CONSUMER)
await consumer.consume({
  max_messages: OUTSTANDING,
  callback: message => {
    connection.publish(answerSubject(message.subject), message.data)
    message.ack()
  },
})
await connection.flush()
tellServing({})
