// Requests as the client's documentation writes them.
import { CallLoop } from '../call-loop.ts'
import { generate } from '../generate.ts'
import { READY_TIMEOUT_MS } from '../limits.ts'
import { connectNats } from './nats-connect.ts'

await generate(async options => {
  const connection = await connectNats(options.port)
  void connection.closed().then(() => options.observer.failed('LOST'))
  const payload = Buffer.alloc(options.size, 'a')
  const loop = new CallLoop(options, slot => {
    connection.request('echo', payload, { timeout: READY_TIMEOUT_MS }).then(
      ({ data }) => loop.answered(slot, data.length),
      error => loop.failed((error as Error).name),
    )
  })
  return loop
})
