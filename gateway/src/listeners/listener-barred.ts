import type { TLSSocket } from 'node:tls'
import type { ConnectionContext } from '../connection-context.ts'
import { Sparingly } from './log-sparingly.ts'
import { peerOf } from './peer.ts'

/** Why a connection ended before it could say anything: its address, its first frame, its certificate, or what it said was no TLS. */
export type BarReason = 'address' | 'first_frame' | 'certificate' | 'tls'

const TEXTS: Readonly<Record<BarReason, string>> = {
  address: 'a connection from an address that is not allowed was closed',
  first_frame: 'a connection without the first frame of its listener was closed',
  certificate: "a connection without a certificate of the listener's CA was closed",
  tls: 'a connection ended within its TLS handshake',
}

/** What a listener has kept out: each is counted; of each reason one line in ten seconds is logged, with how many it stands for. */
export class BarredConnections {
  readonly #context: Pick<ConnectionContext, 'counters' | 'logger'>
  readonly #listener: () => string
  readonly #log = new Sparingly()

  /** `listener` is its name in the log. */
  constructor(context: Pick<ConnectionContext, 'counters' | 'logger'>, listener: () => string) {
    this.#context = context
    this.#listener = listener
  }

  /** `now` is monotonic, ms. */
  add(reason: BarReason, remote: string | undefined, detail?: string, now?: number): void {
    this.#context.counters.bar(reason)
    const alikeBefore = this.#log.due(reason, now)
    if (alikeBefore === undefined) return
    const line = { listener: this.#listener(), remote, detail, alikeBefore }
    // a balancer's probe of a TLS port ends within the handshake too
    if (reason === 'tls') this.#context.logger.debug(line, TEXTS[reason])
    else this.#context.logger.warn(line, TEXTS[reason])
  }

  /** A TLS server's `tlsClientError`. Of a certificate that is not of the CA the socket knows; of one that is absent the error says so. */
  tls(error: Error & { code?: string }, socket: TLSSocket): void {
    const untrusted = socket.authorizationError as unknown as string | undefined
    const absent = error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
    const remote = peerOf(socket)?.remote
    if (absent || untrusted) this.add('certificate', remote, absent ? 'it showed none' : untrusted)
    else this.add('tls', remote, error.code ?? error.message)
  }
}
