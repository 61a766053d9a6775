// Unary calls; each connection is a channel that shares nothing with the others.
import { Client, credentials, status } from '@grpc/grpc-js'
import { CallLoop } from '../call-loop.ts'
import { generate } from '../generate.ts'
import { READY_TIMEOUT_MS } from '../limits.ts'
import { ECHO_SERVICE, type Echo } from './grpc-js-service.ts'

const { path, requestSerialize, responseDeserialize } = ECHO_SERVICE.echo

await generate(async options => {
  const client = new Client(`127.0.0.1:${options.port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + READY_TIMEOUT_MS, error => (error === undefined ? resolve() : reject(error))),
  )
  const message: Echo = { payload: Buffer.alloc(options.size, 'a') }
  const loop = new CallLoop(options, slot =>
    client.makeUnaryRequest<Echo, Echo>(path, requestSerialize, responseDeserialize, message, (error, answer) => {
      if (error === null) loop.answered(slot, answer!.payload.length)
      else loop.failed(status[error.code])
    }),
  )
  return loop
})
