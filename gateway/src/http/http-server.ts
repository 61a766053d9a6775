import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { problem } from '@causeway/protocol'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { ConnectionContext } from '../connection-context.ts'
import type { Health } from '../health.ts'
import { HTTP_KEEP_ALIVE_MS, MESSAGE_ALLOWANCE } from '../limits.ts'
import { acceptRateOf } from '../listeners/accept-rate.ts'
import { ListenerAddresses } from '../listeners/listener-addresses.ts'
import { BarredConnections } from '../listeners/listener-barred.ts'
import { guardConnections } from '../listeners/listener-guard.ts'
import { hostAllowed, originAllowed } from '../listeners/origin.ts'
import { peerOf } from '../listeners/peer.ts'
import type { TlsPort } from '../listeners/tls-port.ts'
import { type Readiness, readinessOf } from '../readiness.ts'
import { messagesApi } from './messages-api.ts'
import { servicesApi } from './services-api.ts'
import { demandSubprotocol, leaveSocket, websocketOptions, websocketRoute } from './websocket-route.ts'

/** Port 7401, or with certificates 7444: WebSocket, health, and messages from backends. */
export async function httpServer(context: ConnectionContext, health: Health, tls?: TlsPort): Promise<FastifyInstance> {
  const { config } = context
  const server = Fastify({
    bodyLimit: config.maxPayload * 2 + MESSAGE_ALLOWANCE,
    forceCloseConnections: true,
    frameworkErrors: badRequest,
    serverFactory: handler => guardedServer(context, handler as RequestListener, tls),
  })
  server.setErrorHandler((error, _request, reply) => problemReply(reply, error as Error & { statusCode?: number }))
  await server.register(websocket, websocketOptions(config))
  server.get('/livez', () => ({ status: 'ok' }))
  server.get('/readyz', (_request, reply) => readiness(context, health, reply))
  const origin = (request: FastifyRequest, reply: FastifyReply): Promise<void> => demandOrigin(context, request, reply)
  const turn = (request: FastifyRequest, reply: FastifyReply): Promise<void> => demandTurn(context, request, reply)
  const accept = websocketRoute(context)
  server.get('/ws', { websocket: true, preValidation: [origin, demandSubprotocol, turn], preHandler: leaveSocket }, accept)
  await server.register(async scope => {
    scope.addHook('onRequest', origin)
    messagesApi(scope, context)
    servicesApi(scope, context)
  })
  return server
}

/** What is no request of ours, as a malformed URL: no hook sees it, so the socket of an upgrade is let go here. */
function badRequest(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => request.raw.socket.destroySoon())
  void problemReply(reply.header('connection', 'close'), error as Error & { statusCode?: number })
}

/** Takes connections from allowed addresses alone. */
function guardedServer(context: ConnectionContext, handler: RequestListener, tls: TlsPort | undefined): Server {
  const addresses = new ListenerAddresses(context.config)
  const barred = new BarredConnections(context, () => (tls === undefined ? 'http' : 'https'))
  const server = tls === undefined ? createServer(handler) : secureServer(context, handler, tls, barred)
  server.keepAliveTimeout = HTTP_KEEP_ALIVE_MS
  guardConnections(server, (socket, proceed) => {
    const peer = peerOf(socket)
    if (peer !== undefined && addresses.admits(peer.address)) {
      proceed()
      return
    }
    if (peer !== undefined) barred.add('address', peer.remote)
    socket.destroy()
  })
  return server
}

function secureServer({ config }: ConnectionContext, handler: RequestListener, tls: TlsPort, barred: BarredConnections): Server {
  const server = createSecureServer(tls.options(config.handshakeTimeout), handler)
  tls.serve(server)
  server.on('tlsClientError', (error, socket) => barred.tls(error, socket))
  return server as unknown as Server
}

/** A page of elsewhere sends nothing: neither by a WebSocket nor by a request (RFC 6455, section 10.2). What is no browser names no origin. */
async function demandOrigin({ config }: ConnectionContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { origin, host } = request.headers
  if (origin === undefined || (originAllowed(origin, host, config.origins) && hostAllowed(config.host, host))) return
  const detail = `origin ${origin} is not allowed; CAUSEWAY_ORIGINS lists those that are`
  await reply.code(403).send({ code: 'FORBIDDEN', title: 'Forbidden', detail })
}

/** A WebSocket waits for its turn as a TCP connection does. Requests don't: whoever asks after this gateway's health in a storm is answered. */
async function demandTurn(context: ConnectionContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.ws) return
  const { socket } = request.raw
  const turnedAwayMs = await new Promise<number>(resolve => {
    const cut = (): void => {
      context.counters.close('OVERLOADED')
      reset(socket)
    }
    acceptRateOf(context).take(socket, { admit: () => resolve(0), turnAway: resolve, cut })
  })
  if (turnedAwayMs === 0) return
  context.counters.close('OVERLOADED')
  const { code, title } = problem('OVERLOADED')
  const detail = 'too many connections come at once: connect again later'
  await reply
    .code(503)
    .header('retry-after', Math.ceil(turnedAwayMs / 1_000))
    .send({ code, title, detail })
}

const reset = (socket: Socket): void => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy())

function readiness(context: ConnectionContext, health: Health, reply: FastifyReply): Readiness {
  const readiness = readinessOf(health, context.draining())
  if (readiness.status !== 'ready') reply.code(503)
  return readiness
}

/** application/problem+json (RFC 9457) with the registry's code. */
function problemReply(reply: FastifyReply, error: Error & { statusCode?: number; code?: string }): void {
  const status = error.statusCode ?? 500
  const code = status === 413 ? 'TOO_LARGE' : status < 500 ? 'BAD_PAYLOAD' : 'BACKEND_UNAVAILABLE'
  reply.code(status).type('application/problem+json').send({ code, title: error.message, status })
}
