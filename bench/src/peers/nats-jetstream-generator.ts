// Publishes as the client's documentation writes it; a round trip is over when its answer has come, and a request without its PubAck counts as
// failed.
import { jetstream } from '@nats-io/jetstream'
import { nuid } from '@nats-io/transport-node'
import { CallLoop } from '../call-loop.ts'
import { generate } from '../generate.ts'
import { connectNats } from './nats-connect.ts'
import { answersOf, requestSubject, slotOf } from './nats-jetstream-subjects.ts'

await generate(async options => {
  const connection = await connectNats(options.port)
  void connection.closed().then(() => options.observer.failed('LOST'))
  const name = nuid.next()
  const payload = Buffer.alloc(options.size, 'a')
  const subjects = Array.from({ length: options.depth }, (_, slot) => requestSubject(name, slot))
  const stream = jetstream(connection)
  const loop = new CallLoop(options, slot => {
    stream.publish(subjects[slot], payload).catch(error => loop.failed((error as Error).name))
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
