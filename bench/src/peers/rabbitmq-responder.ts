// Answers what comes from the queue, then acknowledges: all of one turn of the event loop with one frame.
import { connect, type Message } from 'amqplib'
import { tellServing } from '../node-part.ts'
import { REQUESTS } from './rabbitmq-queue.ts'

/** Requests that may be unacknowledged: all that the deepest load has outstanding. */
const PREFETCH = 1_024

const model = await connect(`amqp://127.0.0.1:${process.argv[2]}`, { noDelay: true })
const channel = await model.createChannel()
await channel.assertQueue(REQUESTS, { durable: true })
await channel.prefetch(PREFETCH)

let last: Message | undefined
function acknowledge(): void {
  if (last !== undefined) channel.ack(last, true)
  last = undefined
}

await channel.consume(REQUESTS, message => {
  if (message === null) throw new Error('RabbitMQ cancelled the consumer')
  const { replyTo, correlationId } = message.properties
  channel.publish('', String(replyTo), message.content, { correlationId })
  if (last === undefined) setImmediate(acknowledge)
  last = message
})
tellServing({})
