// Publishes each request to the stream, with a PubAck for each; a round trip is over when its answer has come, and a request that the stream
// refuses counts as failed. PubAcks come to one inbox: the client's `publish()` would add a timer and a promise to each, and is its limit.
import { createInbox, nuid } from '@nats-io/transport-node'
import { CallLoop } from '../call-loop.ts'
import { generate } from '../generate.ts'
import { connectNats } from './nats-connect.ts'
import { answersOf, isStored, requestSubject, slotOf } from './nats-jetstream-subjects.ts'

await generate(async options => {
  const connection = await connectNats(options.port)
  void connection.closed().then(() => options.observer.failed('LOST'))
  const name = nuid.next()
  const payload = Buffer.alloc(options.size, 'a')
  const subjects = Array.from({ length: options.depth }, (_, slot) => requestSubject(name, slot))
  const publishing = { reply: createInbox() }
  const loop = new CallLoop(options, slot => connection.publish(subjects[slot], payload, publishing))
  connection.subscribe(publishing.reply, {
    callback: (error, { data }) => {
      if (error !== null || !isStored(data)) loop.failed('NOT_STORED')
    },
  })
  connection.subscribe(answersOf(name), {
    callback: (error, { subject, data }) => {
      if (error !== null) loop.failed(error.name)
      else loop.answered(slotOf(subject), data.length)
    },
  })
  await connection.flush()
  return loop
})
