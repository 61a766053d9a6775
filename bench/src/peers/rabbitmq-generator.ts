// Requests with publisher confirms; a round trip is over when its answer has come, and a request that is not confirmed counts as failed.
import { connect } from 'amqplib'
import { CallLoop } from '../call-loop.ts'
import { generate } from '../generate.ts'
import { REPLY_TO, REQUESTS } from './rabbitmq-queue.ts'

await generate(async options => {
  const model = await connect(`amqp://127.0.0.1:${options.port}`, { noDelay: true })
  model.on('close', () => options.observer.failed('LOST'))
  const channel = await model.createConfirmChannel()
  const payload = Buffer.alloc(options.size, 'a')
  const publishing = Array.from({ length: options.depth }, (_, slot) => ({
    replyTo: REPLY_TO,
    correlationId: String(slot),
    persistent: true,
  }))
  const confirmed = (error: unknown): void => {
    if (error) options.observer.failed('NOT_CONFIRMED')
  }
  const loop = new CallLoop(options, slot => void channel.publish('', REQUESTS, payload, publishing[slot], confirmed))
  await channel.consume(
    REPLY_TO,
    message => {
      if (message === null) options.observer.failed('CANCELLED')
      else loop.answered(Number(message.properties.correlationId), message.content.length)
    },
    { noAck: true },
  )
  return loop
})
