// Load for the Fastify route: `size` is that of the text in the JSON, each way.
import { generate } from '../generate.ts'
import { openPipelined } from '../pipelined-connection.ts'
import { answerEnd, postRequest } from './http-answers.ts'

await generate(options => {
  const json = JSON.stringify({ payload: 'a'.repeat(options.size) })
  return openPipelined(options, {
    request: postRequest(options.port, '/echo', json),
    answerEnd: (bytes, at) => answerEnd(bytes, at, json.length),
  })
})
