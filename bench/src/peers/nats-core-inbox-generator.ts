// Requests with an inbox of the connection’s own, a subject for each slot: what `request()` adds, a timer and a promise, is left out.
import { createInbox } from '@nats-io/transport-node'
import { CallLoop } from '../call-loop.ts'
import { generate } from '../generate.ts'
import { connectNats } from './nats-connect.ts'

await generate(async options => {
  const connection = await connectNats(options.port)
  void connection.closed().then(() => options.observer.failed('LOST'))
  const inbox = createInbox()
  const payload = Buffer.alloc(options.size, 'a')
  const publishing = Array.from({ length: options.depth }, (_, slot) => ({ reply: `${inbox}.${slot}` }))
  const loop = new CallLoop(options, slot => connection.publish('echo', payload, publishing[slot]))
  connection.subscribe(`${inbox}.*`, {
    callback: (error, { subject, data }) => {
      const slot = Number(subject.slice(inbox.length + 1))
      // an empty message with a status is what the server sends where nobody listens
      if (error !== null || data.length === 0) loop.failed('NO_RESPONDER')
      else loop.answered(slot, data.length)
    },
  })
  await connection.flush()
  return loop
})
