import { decodeJsonText, type Frame, FrameDecoder, ProtocolError, problem } from '@causeway/protocol'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { acceptRateOf } from './accept-rate.ts'
import { Connection } from './connection.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { Health } from './health.ts'
import { messagesApi } from './messages-api.ts'
import { hostAllowed, originAllowed } from './origin.ts'
import { WebSocketTransport } from './transport-websocket.ts'

/** Beyond maxPayload, what a WebSocket message (several frames, or base64 in JSON) may have, bytes. */
const MESSAGE_ALLOWANCE = 1 << 20
const V2 = 'causeway.v2'
const JSON_TEXT = 'causeway.json'

/** Port 7401: WebSocket, health, and messages from backends. */
export async function httpServer(context: ConnectionContext, health: Health): Promise<FastifyInstance> {
  const { config } = context
  const server = Fastify({ bodyLimit: config.maxPayload * 2 + MESSAGE_ALLOWANCE, forceCloseConnections: true })
  server.setErrorHandler((error, _request, reply) => problemReply(reply, error as Error & { statusCode?: number }))
  await server.register(websocket, {
    options: {
      maxPayload: config.maxPayload + MESSAGE_ALLOWANCE,
      perMessageDeflate: false,
      handleProtocols: offered => (offered.has(V2) ? V2 : offered.has(JSON_TEXT) ? JSON_TEXT : false),
    },
  })
  server.get('/livez', () => ({ status: 'ok' }))
  server.get('/readyz', (_request, reply) => readiness(context, health, reply))
  const preValidation = (request: FastifyRequest, reply: FastifyReply): Promise<void> => demandOrigin(context, request, reply)
  const mayOpen = [preValidation, (request: FastifyRequest, reply: FastifyReply): Promise<void> => demandTurn(context, request, reply)]
  server.get('/ws', { websocket: true, preValidation: mayOpen }, (socket, request) => acceptWebSocket(context, socket, request))
  await server.register(async scope => {
    scope.addHook('onRequest', preValidation)
    messagesApi(scope, context)
  })
  return server
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
      socket.resetAndDestroy()
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

function readiness(context: ConnectionContext, health: Health, reply: FastifyReply): object {
  const ready = health.ok && !context.draining()
  if (!ready) reply.code(503)
  return { status: ready ? 'ready' : context.draining() ? 'draining' : 'not ready', dependencies: health.dependencies }
}

function acceptWebSocket(context: ConnectionContext, socket: WebSocket, request: FastifyRequest): void {
  const binary = socket.protocol === V2
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const remote = `${request.socket.remoteAddress}:${request.socket.remotePort}`
  const connection = new Connection(context, new WebSocketTransport(socket, remote, !binary), token)
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary !== binary) {
      connection.fail(new ProtocolError('BAD_FRAME', `${binary ? V2 : JSON_TEXT} takes ${binary ? 'binary' : 'text'} messages`))
    } else if (binary) readBinary(context, connection, data)
    else readText(context, connection, data)
  })
  socket.on('close', () => connection.ended('LOST'))
  socket.on('error', () => socket.terminate())
}

/** One or more whole frames. */
function readBinary(context: ConnectionContext, connection: Connection, data: Buffer): void {
  const frames: Frame[] = []
  const decoder = new FrameDecoder({ maxPayload: context.config.maxPayload })
  const failure = decoder.push(data, frames)
  const cut =
    decoder.buffered > 0
      ? new ProtocolError('BAD_FRAME', 'a WebSocket message holds whole frames; this one ends within a frame')
      : undefined
  connection.received(frames, failure ?? cut)
}

function readText({ config }: ConnectionContext, connection: Connection, data: Buffer): void {
  try {
    const frame = decodeJsonText(data.toString('utf8'))
    const size = frame.payload.length
    if (size > config.maxPayload)
      throw new ProtocolError('TOO_LARGE', `the payload has ${size} bytes; at most ${config.maxPayload}`, { msgId: frame.msgId })
    connection.received([frame], undefined)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    connection.received([], error)
  }
}

/** application/problem+json (RFC 9457) with the registry's code. */
function problemReply(reply: FastifyReply, error: Error & { statusCode?: number; code?: string }): void {
  const status = error.statusCode ?? 500
  const code = status === 413 ? 'TOO_LARGE' : status < 500 ? 'BAD_PAYLOAD' : 'BACKEND_UNAVAILABLE'
  reply.code(status).type('application/problem+json').send({ code, title: error.message, status })
}
