import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import type { ListenerConfig } from '@causeway/config'
import { type Dialect, encodeClose, ProtocolError, problem } from '@causeway/protocol'
import type { ConnectionContext } from '../connection-context.ts'
import { DialectConnection } from '../dialects/dialect-connection.ts'
import { TcpTransport } from '../transport-tcp.ts'
import { acceptRateOf } from './accept-rate.ts'
import { ListenerAddresses } from './listener-addresses.ts'
import { BarredConnections } from './listener-barred.ts'
import { dialectOf } from './listener-dialect.ts'
import { expectFirstFrame } from './listener-first-frame.ts'
import { guardConnections } from './listener-guard.ts'
import { type Peer, peerOf } from './peer.ts'
import { expectProxyHeader } from './proxy-protocol.ts'
import { type Reader, sniff } from './shared-port.ts'
import type { TlsPort } from './tls-port.ts'
import { certifiedPrincipal, contextOf } from './tls-principal.ts'

/** A port of its own for one dialect, or the shared port where undefined. */
export type ListenerRole = ListenerConfig | undefined

const SERVER = { noDelay: true }

/** A TCP server, over TLS where it is given certificates. */
export function tcpListener(context: ConnectionContext, role: ListenerRole, tls?: TlsPort): Server {
  return new TcpListener(context, role, tls).server
}

/**
 * Connections are told apart by their first bytes, or all speak the listener's dialect. Before they say anything they pass, in this order: the edge's
 * header, the allowed addresses, the rate of connections, TLS with its certificates, and the first frame that their listener may demand.
 */
class TcpListener {
  readonly server: Server
  readonly #context: ConnectionContext
  readonly #role: ListenerRole
  readonly #dialect: Dialect | undefined
  readonly #addresses: ListenerAddresses
  readonly #barred: BarredConnections
  readonly #overTls: boolean
  /** Clients that are not accepted yet, by the far end of their socket, which is the edge's where there is one. */
  readonly #peers = new Map<string, Peer>()
  /** For logs and as a principal: the dialect, or what it shares, and its port. */
  #name: string

  constructor(context: ConnectionContext, role: ListenerRole, tls: TlsPort | undefined) {
    this.#context = context
    this.#role = role
    this.#dialect = role === undefined ? undefined : dialectOf(role)
    this.#addresses = new ListenerAddresses(role === undefined ? context.config : allowedBy(role))
    this.#overTls = tls !== undefined
    this.#name = role?.dialect ?? (tls === undefined ? 'tcp' : 'tls')
    this.server = this.#makeServer(tls)
    this.server.once('listening', () => {
      this.#name += `:${(this.server.address() as AddressInfo).port}`
    })
    this.#barred = new BarredConnections(context, () => this.#name)
    guardConnections(this.server, (socket, proceed) => this.#receive(socket, proceed))
  }

  #makeServer(tls: TlsPort | undefined): Server {
    if (tls === undefined) return createServer(SERVER, socket => this.#accept(socket))
    const server = createTlsServer({ ...SERVER, ...tls.options(this.#context.config.handshakeTimeout) }, socket => this.#accept(socket))
    tls.serve(server)
    server.on('tlsClientError', (error, socket) => {
      this.#barred.tls(error, socket)
      // where its time is up it stands yet
      socket.destroy()
    })
    return server
  }

  /** Until TLS, if at all: nothing has been said. */
  #receive(socket: Socket, proceed: () => void): void {
    socket.on('error', destroyed)
    const far = peerOf(socket)
    if (far === undefined) socket.destroy()
    else if (!this.#context.config.proxyProtocol) this.#admit(socket, far, far, proceed)
    else expectProxyHeader(this.#context, socket, client => this.#admit(socket, far, client ?? far, proceed))
  }

  #admit(socket: Socket, far: Peer, client: Peer, proceed: () => void): void {
    if (!this.#addresses.admits(client.address)) {
      this.#barred.add('address', client.remote)
      socket.destroy()
      return
    }
    acceptRateOf(this.#context).take(socket, {
      admit: () => {
        this.#peers.set(far.remote, client)
        proceed()
        // it shakes hands over TLS yet, or is gone: its port may be another client's by its end
        if (this.#peers.get(far.remote) === client)
          socket.once('close', () => this.#peers.get(far.remote) === client && this.#peers.delete(far.remote))
      },
      turnAway: retryAfterMs => this.#turnAway(socket, client.remote, retryAfterMs),
      cut: () => this.#cut(socket),
    })
  }

  /** In the listener's dialect; on the shared port, where nothing is read yet, as to a client of version 2. Over TLS it would cost a handshake: cut. */
  #turnAway(socket: Socket, remote: string, retryAfterMs: number): void {
    if (this.#overTls) {
      this.#cut(socket)
      return
    }
    const overloaded = problem('OVERLOADED', { detail: 'too many connections come at once: connect again later', retryAfterMs })
    this.#context.counters.close('OVERLOADED')
    const transport = new TcpTransport(socket, remote)
    transport.queue(this.#dialect === undefined ? encodeClose(overloaded) : this.#dialect.encodeError(undefined, overloaded))
    transport.end()
  }

  #cut(socket: Socket): void {
    this.#context.counters.close('OVERLOADED')
    socket.resetAndDestroy()
  }

  /** A socket of which its address, its turn and its certificate are settled. */
  #accept(socket: Socket): void {
    const far = peerOf(socket)
    const peer = far && this.#peers.get(far.remote)
    if (peer === undefined) {
      socket.destroy()
      return
    }
    this.#peers.delete(far!.remote)
    if (socket instanceof TLSSocket) socket.on('error', destroyed)
    const auth = this.#role?.auth ?? 'none'
    if (this.#dialect === undefined) {
      sniff(contextOf(this.#context, socket), socket, peer.remote, dialect => this.#sharedReader(socket, peer, dialect))
    } else if (auth !== 'none' && 'firstFrame' in auth) {
      this.#awaitFirstFrame(socket, peer, this.#dialect, auth.firstFrame, auth.principal ?? this.#name)
    } else {
      socket.on('data', this.#namedReader(socket, peer, this.#dialect))
    }
    // the edge's header was read from it, and it stands since
    socket.resume()
  }

  #awaitFirstFrame(socket: Socket, peer: Peer, dialect: Dialect, secret: Uint8Array, principal: string): void {
    const { handshakeTimeout } = this.#context.config
    expectFirstFrame(socket, secret, handshakeTimeout, result => {
      if (result.verdict === 'right') {
        const reader = this.#reader(socket, peer, dialect, principal)
        socket.on('data', reader)
        if (result.rest.length > 0) reader(result.rest)
        return
      }
      const detail =
        result.verdict === 'wrong' ? 'the first bytes are not those of this listener' : `no first frame within ${handshakeTimeout} ms`
      this.#barred.add('first_frame', peer.remote, detail)
      this.#refuse(socket, peer, dialect, new ProtocolError('UNAUTHENTICATED', detail))
    })
  }

  /** A dialect on the shared port, which may ask for tokens. */
  #sharedReader(socket: Socket, peer: Peer, dialect: Dialect): Reader {
    if (this.#context.config.auth !== 'jwt') return this.#namedReader(socket, peer, dialect)
    const refusal = new ProtocolError('UNAUTHENTICATED', `${dialect.name} carries no token: give it a listener of its own`)
    return this.#refuse(socket, peer, dialect, refusal)
  }

  /** Of a client that is its address, where that was asked for, or whom its certificate names. */
  #namedReader(socket: Socket, peer: Peer, dialect: Dialect): Reader {
    const auth = this.#role?.auth ?? 'none'
    try {
      return this.#reader(socket, peer, dialect, auth !== 'none' && 'allow' in auth ? peer.address : certifiedPrincipal(socket))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#barred.add('certificate', peer.remote, error.detail)
      return this.#refuse(socket, peer, dialect, error)
    }
  }

  #reader(socket: Socket, peer: Peer, dialect: Dialect, principal: string): Reader {
    const connection = new DialectConnection(this.#context, new TcpTransport(socket, peer.remote), dialect, this.#role, principal)
    socket.allowHalfOpen = true
    socket.on('end', () => connection.peerEnded())
    socket.on('close', () => connection.ended('LOST'))
    return chunk => connection.read(chunk)
  }

  /** Tells it in its dialect's error form, and ends it. */
  #refuse(socket: Socket, peer: Peer, dialect: Dialect, refusal: ProtocolError): Reader {
    this.#context.counters.close(refusal.code)
    const transport = new TcpTransport(socket, peer.remote)
    const told = dialect.encodeError(undefined, refusal.problem())
    if (told.length > 0) transport.queue(told)
    transport.end()
    return () => {}
  }
}

function destroyed(this: Socket): void {
  this.destroy()
}

const allowedBy = ({ auth }: ListenerConfig): { allow?: readonly string[] } => (auth !== 'none' && 'allow' in auth ? auth : {})
