import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { within } from '@causeway/backends'
import { ProtocolError } from '@causeway/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConnectionContext } from '../connection-context.ts'
import { BACKEND_TIMEOUT_MS, DIRECTORY_WAIT_MS, DIRECTORY_WATCHERS, EVENT_STREAM_BUFFER, EVENT_STREAM_TICK_MS } from '../limits.ts'
import { contextOf } from '../listeners/tls-principal.ts'
import { refuse, tokenOf } from './http-problem.ts'
import type { Snapshot } from './service-directory.ts'

/** Longest name of a service: no more of one that is none is told back. */
const NAME_CHARACTERS = 64

/**
 * GET /v1/services: services, routes and gateways. With `?wait=SECONDS` and If-None-Match it answers when there is something else to tell, or 304; with
 * Accept: text/event-stream it tells each change (WHATWG HTML, server-sent events). GET /v1/services/NAME: one of them, with the schemas of its routes.
 */
export function servicesApi(server: FastifyInstance, context: ConnectionContext): void {
  serviceApi(server, context)
  server.get('/v1/services', async (request, reply) => {
    try {
      await contextOf(context, request.raw.socket).authenticate(tokenOf(request))
      if (request.headers.accept?.includes('text/event-stream') === true) {
        stream(context, request, reply)
        return reply
      }
      const waitMs = waitOf(request)
      const known = request.headers['if-none-match']
      let told = context.directory.snapshot()
      if (known === told.etag && waitMs > 0) told = (await change(context, request, waitMs)) ?? told
      reply.header('etag', told.etag).header('cache-control', 'no-cache')
      if (known === told.etag) return await reply.code(304).send()
      return await reply.type('application/json').send(told.json)
    } catch (error) {
      return await refuse(reply, error)
    }
  })
}

function serviceApi(server: FastifyInstance, context: ConnectionContext): void {
  server.get('/v1/services/:name', async (request, reply) => {
    try {
      await contextOf(context, request.raw.socket).authenticate(tokenOf(request))
      const { name } = request.params as { name: string }
      const service = await within(BACKEND_TIMEOUT_MS, context.directory.service(name))
      if (service === undefined) throw new ProtocolError('NO_ROUTE', `there is no service ${name.slice(0, NAME_CHARACTERS)}`)
      return await reply.header('cache-control', 'no-cache').send(service)
    } catch (error) {
      return await refuse(reply, error)
    }
  })
}

function waitOf({ query }: FastifyRequest): number {
  const { wait = '0' } = query as { wait?: string }
  const seconds = typeof wait === 'string' && /^\d+(\.\d+)?$/.test(wait) ? Number(wait) : Number.NaN
  if (Number.isNaN(seconds))
    throw new ProtocolError('BAD_PAYLOAD', `wait is ${JSON.stringify(wait)}: expected seconds, 0 to ${DIRECTORY_WAIT_MS / 1_000}`)
  return Math.min(seconds * 1_000, DIRECTORY_WAIT_MS)
}

/** Resolves with what it has become when the directory has changed, with undefined when the time is up or whoever asked has gone. */
function change(context: ConnectionContext, request: FastifyRequest, waitMs: number): Promise<Snapshot | undefined> {
  return new Promise(resolve => {
    const end = (snapshot?: Snapshot): void => {
      clearTimeout(timer)
      unwatch()
      request.raw.socket.off('close', gone)
      resolve(snapshot)
    }
    const gone = (): void => end()
    const unwatch = watch(context, request.raw, end)
    const timer = setTimeout(gone, waitMs)
    request.raw.socket.once('close', gone)
  })
}

const watching = new WeakSet<Socket>()

/** One at a time for each connection: requests behind it in a pipeline would each take another's place. */
function watch({ directory }: ConnectionContext, { socket }: IncomingMessage, changed: (snapshot: Snapshot) => void): () => void {
  if (watching.has(socket)) throw new ProtocolError('OVERLOADED', 'this connection watches the services already')
  if (directory.watchers >= DIRECTORY_WATCHERS)
    throw new ProtocolError('OVERLOADED', `${DIRECTORY_WATCHERS} watch this gateway's services already`)
  watching.add(socket)
  const unwatch = directory.watch(changed)
  return () => {
    watching.delete(socket)
    unwatch()
  }
}

function stream(context: ConnectionContext, request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = reply
  const tell = ({ etag, json }: Snapshot): void => {
    // whoever does not read is cut off, and asks again
    if (raw.writableLength > EVENT_STREAM_BUFFER) raw.destroy()
    else raw.write(`id: ${etag.slice(1, -1)}\nevent: services\ndata: ${json}\n\n`)
  }
  const unwatch = watch(context, request.raw, tell)
  reply.hijack()
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const ticking = setInterval(() => raw.write(':\n\n'), EVENT_STREAM_TICK_MS)
  request.raw.socket.once('close', () => {
    clearInterval(ticking)
    unwatch()
  })
  const now = context.directory.snapshot()
  if (request.headers['last-event-id'] !== now.etag.slice(1, -1)) tell(now)
}
