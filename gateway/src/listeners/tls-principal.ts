import type { Socket } from 'node:net'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { ProtocolError } from '@causeway/protocol'
import type { ConnectionContext } from '../connection-context.ts'

/** The first alternative name; a name with quotes in it is written in quotes and not taken: what is in them could look like another name. */
const FIRST_NAME = /^(?:DNS|URI|email|IP Address):([^",]+)(?:,|$)/

/** Whom a certificate names: its subject's common name where it has one, else the first of its alternative names; undefined where it names nobody. */
export function principalOf({ subject, subjectaltname }: Pick<PeerCertificate, 'subject' | 'subjectaltname'>): string | undefined {
  const name: unknown = subject?.CN
  if (typeof name === 'string' && name !== '') return name
  return FIRST_NAME.exec(subjectaltname ?? '')?.[1]
}

/** The principal of a client that has shown a certificate of the CA; '' where it was not asked for one. Throws UNAUTHENTICATED where that names nobody. */
export function certifiedPrincipal(socket: Socket): string {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return ''
  const principal = principalOf(socket.getPeerCertificate())
  if (principal === undefined) {
    throw new ProtocolError('UNAUTHENTICATED', 'the certificate names nobody: expected one common name, or an alternative name')
  }
  return principal
}

/** The context in which such a client is who its certificate says, where nobody asks for a token. */
export function contextOf(context: ConnectionContext, socket: Socket): ConnectionContext {
  if (context.config.auth === 'jwt' || !(socket instanceof TLSSocket) || !socket.authorized) return context
  return { ...context, authenticate: async () => ({ principal: certifiedPrincipal(socket), expiresAt: Number.POSITIVE_INFINITY }) }
}
