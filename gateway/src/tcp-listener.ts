import { createServer, type Server, type Socket } from 'node:net'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { ConfigError, type ListenerConfig } from '@causeway/config'
import {
  Codec,
  compileDialect,
  DIALECTS,
  type Dialect,
  encodeClose,
  type Frame,
  FrameDecoder,
  ProtocolError,
  problem,
} from '@causeway/protocol'
import { acceptRateOf } from './accept-rate.ts'
import { Connection } from './connection.ts'
import type { ConnectionContext } from './connection-context.ts'
import { DialectConnection } from './dialect-connection.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { TcpTransport } from './transport-tcp.ts'

/** A port of its own for one dialect, or the shared port where undefined. */
export type ListenerRole = ListenerConfig | undefined

/** Reads what a socket brings, once it is known what it speaks. */
type Reader = (chunk: Buffer) => void

/** Throws ConfigError where a listener names a dialect that is none, or a route that its dialect has no use for: before anything listens. */
export function checkDialects(listeners: readonly ListenerConfig[]): void {
  const problems = listeners.map(problemOf).filter(found => found !== undefined)
  if (problems.length > 0) throw new ConfigError(problems)
}

function problemOf({ dialect: name, table = DIALECTS[name]?.table, route, routes, codec }: ListenerConfig): string | undefined {
  if (table === undefined) {
    const known = Object.keys(DIALECTS).join(', ')
    return `CAUSEWAY_LISTENERS names the dialect ${JSON.stringify(name)}: expected one of ${known}, or one of CAUSEWAY_DIALECTS`
  }
  if (table.operation !== undefined && route !== undefined) {
    return `CAUSEWAY_LISTENERS gives ${name} the route ${JSON.stringify(route)}: its header names an operation, expected routes by number`
  }
  if (table.operation === undefined && routes !== undefined) {
    return `CAUSEWAY_LISTENERS gives ${name} routes by number: its header names no operation, expected one route`
  }
  if (table.modbus !== undefined && codec !== undefined && codec !== Codec.JSON) {
    return `CAUSEWAY_LISTENERS gives ${name} the codec ${codec}: Modbus payloads are JSON, expected none`
  }
  return undefined
}

const dialectOf = ({ dialect, table }: ListenerConfig): Dialect => (table === undefined ? DIALECTS[dialect] : compileDialect(table))

/** A TCP server whose connections are told apart by their first bytes, or all speak the listener's dialect. */
export function tcpListener(context: ConnectionContext, role: ListenerRole): Server {
  const dialect = role === undefined ? undefined : dialectOf(role)
  return createServer({ noDelay: true }, socket => {
    socket.on('error', () => socket.destroy())
    acceptRateOf(context).take(socket, {
      admit: () => admit(context, socket, role, dialect),
      turnAway: retryAfterMs => turnAway(context, socket, dialect, retryAfterMs),
      cut: () => cut(context, socket),
    })
  })
}

function admit(context: ConnectionContext, socket: Socket, role: ListenerRole, dialect: Dialect | undefined): void {
  if (context.config.proxyProtocol) behindEdge(context, socket, remote => accept(context, socket, remote, role, dialect))
  else accept(context, socket, addressOf(socket), role, dialect)
}

const addressOf = (socket: Socket): string => `${socket.remoteAddress}:${socket.remotePort}`

/** In the listener's dialect; on the shared port, where nothing is read yet, as to a client of version 2. */
function turnAway(context: ConnectionContext, socket: Socket, dialect: Dialect | undefined, retryAfterMs: number): void {
  const overloaded = problem('OVERLOADED', { detail: 'too many connections come at once: connect again later', retryAfterMs })
  context.counters.close('OVERLOADED')
  const transport = new TcpTransport(socket, addressOf(socket))
  transport.queue(dialect === undefined ? encodeClose(overloaded) : dialect.encodeError(undefined, overloaded))
  transport.end()
}

function cut(context: ConnectionContext, socket: Socket): void {
  context.counters.close('OVERLOADED')
  socket.resetAndDestroy()
}

function accept(context: ConnectionContext, socket: Socket, remote: string, role: ListenerRole, dialect: Dialect | undefined): void {
  if (dialect !== undefined) speakDialect(context, socket, remote, dialect, role)
  else sniff(context, socket, remote)
}

/** Takes the edge's header off; the bytes behind it are put back. */
function behindEdge(context: ConnectionContext, socket: Socket, ready: (remote: string) => void): void {
  let first = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), context.config.handshakeTimeout)
  socket.once('close', () => clearTimeout(timer))
  const onData = (chunk: Buffer): void => {
    first = Buffer.concat([first, chunk])
    try {
      const header = readProxyHeader(first)
      if (header === undefined) return
      clearTimeout(timer)
      socket.off('data', onData)
      socket.pause()
      if (first.length > header.size) socket.unshift(first.subarray(header.size))
      ready(header.source ?? addressOf(socket))
      socket.resume()
    } catch (error) {
      context.logger.warn(
        { remote: socket.remoteAddress, error: (error as Error).message },
        'a connection without the PROXY header that CAUSEWAY_PROXY_PROTOCOL asks for',
      )
      socket.destroy()
    }
  }
  socket.on('data', onData)
}

/** The shared port: waits until the first bytes say which dialect it is; what is none of them is judged as version 2. */
function sniff(context: ConnectionContext, socket: Socket, remote: string): void {
  let first: Buffer = Buffer.alloc(0)
  let reader: Reader | undefined
  const timer = setTimeout(() => {
    const silent = problem('HANDSHAKE_EXPECTED', { detail: `nothing came within ${context.config.handshakeTimeout} ms` })
    const transport = new TcpTransport(socket, remote)
    transport.queue(encodeClose(silent))
    transport.end()
  }, context.config.handshakeTimeout)
  socket.once('close', () => clearTimeout(timer))
  socket.on('data', chunk => {
    if (reader !== undefined) {
      reader(chunk)
      return
    }
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk])
    const dialect = recognise(first)
    if (dialect === undefined) return
    clearTimeout(timer)
    reader = dialect === 'version 2' ? versionTwo(context, socket, remote) : dialectReader(context, socket, remote, dialect, undefined)
    reader(first)
  })
}

/** Undefined while it is still open. */
function recognise(first: Buffer): Dialect | 'version 2' | undefined {
  let open = false
  for (const dialect of Object.values(DIALECTS)) {
    const verdict = dialect.sniff(first)
    if (verdict === true) return dialect
    if (verdict === undefined) open = true
  }
  return open ? undefined : 'version 2'
}

function versionTwo(context: ConnectionContext, socket: Socket, remote: string): Reader {
  const connection = new Connection(context, new TcpTransport(socket, remote))
  const decoder = new FrameDecoder({ maxPayload: context.config.maxPayload, crc32: zlibCrc32 })
  socket.once('close', () => connection.ended('LOST'))
  return chunk => {
    const frames: Frame[] = []
    connection.received(frames, decoder.push(chunk, frames))
  }
}

function speakDialect(context: ConnectionContext, socket: Socket, remote: string, dialect: Dialect, role: ListenerRole): void {
  socket.on('data', dialectReader(context, socket, remote, dialect, role))
}

function dialectReader(context: ConnectionContext, socket: Socket, remote: string, dialect: Dialect, role: ListenerRole): Reader {
  const transport = new TcpTransport(socket, remote)
  if (role === undefined && context.config.auth === 'jwt') {
    const refusal = new ProtocolError('UNAUTHENTICATED', `${dialect.name} carries no token: give it a listener of its own`)
    transport.queue(dialect.encodeError(undefined, refusal.problem()))
    transport.end()
    return () => {}
  }
  const connection = new DialectConnection(context, transport, dialect, role)
  socket.allowHalfOpen = true
  socket.once('end', () => connection.peerEnded())
  socket.once('close', () => connection.ended('LOST'))
  return chunk => connection.read(chunk)
}
