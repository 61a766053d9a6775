// A JSON route that echoes, with schemas so that Fastify writes the answer with its compiled serializer.
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { tellServing } from '../node-part.ts'

const message = { type: 'object', properties: { payload: { type: 'string' } }, required: ['payload'] } as const
const app = Fastify({ logger: false })
app.post<{ Body: { payload: string } }>('/echo', { schema: { body: message, response: { 200: message } } }, async request => ({
  payload: request.body.payload,
}))
await app.listen({ port: 0, host: '127.0.0.1' })
tellServing({ port: (app.server.address() as AddressInfo).port })
