import { crc32 as zlibCrc32 } from 'node:zlib'
import type { Config } from '@causeway/config'
import { decodeJsonText, type Frame, FrameDecoder, ProtocolError } from '@causeway/protocol'
import type { WebsocketPluginOptions } from '@fastify/websocket'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { Connection } from '../connection.ts'
import type { ConnectionContext } from '../connection-context.ts'
import { LINGER_MS, MESSAGE_ALLOWANCE, WEBSOCKET_PIECES } from '../limits.ts'
import { Sparingly } from '../listeners/log-sparingly.ts'
import { peerOf } from '../listeners/peer.ts'
import { contextOf } from '../listeners/tls-principal.ts'
import { WebSocketTransport } from '../transport-websocket.ts'
import { tokenOf } from './http-problem.ts'

const V2 = 'causeway.v2'
const JSON_TEXT = 'causeway.json'

/** Close code of the WebSocket after which nothing was said: the socket just ended (RFC 6455, section 7.4.1). */
const ABNORMAL = 1_006

/** The WebSocket itself: no compression, and no message beyond what the largest payload takes in base64, refused from its frames' headers alone. */
export function websocketOptions({ maxPayload }: Pick<Config, 'maxPayload'>): WebsocketPluginOptions {
  return {
    options: {
      maxPayload: Math.ceil((maxPayload * 4) / 3) + MESSAGE_ALLOWANCE,
      maxFragments: WEBSOCKET_PIECES,
      maxBufferedChunks: WEBSOCKET_PIECES,
      perMessageDeflate: false,
      autoPong: false,
      handleProtocols: offered => (offered.has(V2) ? V2 : offered.has(JSON_TEXT) ? JSON_TEXT : false),
    },
    errorHandler: (_error, socket) => letGo(socket),
  }
}

/** What breaks RFC 6455 has been answered by a close frame with 1002, 1007 or 1009: it is given time to arrive. */
function letGo(socket: WebSocket): void {
  setTimeout(() => socket.terminate(), LINGER_MS).unref()
}

/** A client that asks for other subprotocols alone would not understand what it is sent. */
export async function demandSubprotocol(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const asked = request.headers['sec-websocket-protocol']
  if (!request.ws || asked === undefined) return
  if (asked.split(',').some(name => name.trim() === V2 || name.trim() === JSON_TEXT)) return
  const detail = `of the subprotocols asked for none is served: expected ${V2} or ${JSON_TEXT}; without any it is ${JSON_TEXT}`
  await reply.code(400).send({ code: 'BAD_FRAME', title: 'Bad subprotocol', detail })
}

/** Before the upgrade: Node's response is done with its socket, which would hold it, and the request with it, to its end. */
export async function leaveSocket({ ws, raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (ws) reply.raw.detachSocket(raw.socket)
}

/** Takes WebSockets in: each a connection of version 2. */
export function websocketRoute(context: ConnectionContext): (socket: WebSocket, request: FastifyRequest) => void {
  const log = new Sparingly()
  return (socket, request) => {
    // the plugin's listener holds the request and the reply; from here on errors are ours
    socket.removeAllListeners('error')
    warnOfToken(context, request, log)
    accept(context, socket, request)
  }
}

/** A URL is kept in histories and logs: a token in it is not read. */
function warnOfToken({ logger }: ConnectionContext, { query, raw }: FastifyRequest, log: Sparingly): void {
  const names = Object.keys(query as object).filter(name => /token|jwt|authorization/i.test(name))
  if (names.length === 0) return
  const alikeBefore = log.due('token')
  if (alikeBefore === undefined) return
  const line = { parameters: names, remote: peerOf(raw.socket)?.remote, alikeBefore }
  logger.warn(
    line,
    'a token in the URL of a WebSocket is not read: send it in the SYN or as Authorization: Bearer, and take the one in the URL for known',
  )
}

function accept(context: ConnectionContext, socket: WebSocket, request: FastifyRequest): void {
  const binary = socket.protocol === V2
  const remote = peerOf(request.raw.socket)?.remote ?? 'unknown'
  const named = contextOf(context, request.raw.socket)
  const connection = new Connection(named, new WebSocketTransport(socket, remote, !binary), tokenOf(request))
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary !== binary) {
      connection.fail(new ProtocolError('BAD_FRAME', `${binary ? V2 : JSON_TEXT} takes ${binary ? 'binary' : 'text'} messages`))
    } else if (binary) readBinary(context, connection, data)
    else readText(context, connection, data)
  })
  // of pings that it doesn't read the answers to, only the newest need any (RFC 6455, section 5.5.3)
  socket.on('ping', data => socket.bufferedAmount <= context.config.sendBuffer && socket.pong(data))
  socket.on('close', code => connection.ended(code === ABNORMAL ? 'LOST' : 'GOING_AWAY'))
  socket.on('error', error => {
    connection.ended(endOf(error))
    letGo(socket)
  })
}

/** What a broken WebSocket counts as. */
function endOf({ code = '' }: Error & { code?: string }): 'TOO_LARGE' | 'BAD_FRAME' | 'LOST' {
  if (!code.startsWith('WS_ERR_')) return 'LOST'
  return code.endsWith('_LENGTH') && !code.includes('CONTROL') ? 'TOO_LARGE' : 'BAD_FRAME'
}

/** One or more whole frames. */
function readBinary({ config }: ConnectionContext, connection: Connection, data: Buffer): void {
  const frames: Frame[] = []
  const decoder = new FrameDecoder({ maxPayload: config.maxPayload, crc32: zlibCrc32 })
  const failure = decoder.push(data, frames)
  const cut = decoder.buffered > 0 || data.length === 0
  const torn = cut ? new ProtocolError('BAD_FRAME', 'a WebSocket message holds whole frames; this one ends within a frame') : undefined
  connection.received(frames, failure ?? torn)
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
