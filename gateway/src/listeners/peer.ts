import { isIP, SocketAddress } from 'node:net'

/** Where a connection comes from: the client itself, also behind an edge. */
export interface Peer {
  /** Its address, in one way of writing: it may be a principal. */
  readonly address: string
  /** address:port, for operators. */
  readonly remote: string
}

const IPV4_IN_IPV6 = '::ffff:'

export function peerAt(address: string, port: number | string): Peer {
  const canonical = canonicalAddress(address)
  return { address: canonical, remote: isIP(canonical) === 6 ? `[${canonical}]:${port}` : `${canonical}:${port}` }
}

/** Shortened IPv6 without its zone; IPv4 where it is one within IPv6, as a socket that listens on both families has it. */
export function canonicalAddress(address: string): string {
  const [bare] = address.split('%')
  if (isIP(bare) !== 6) return bare
  const shortened = new SocketAddress({ address: bare, family: 'ipv6' }).address
  return shortened.startsWith(IPV4_IN_IPV6) && isIP(shortened.slice(IPV4_IN_IPV6.length)) === 4
    ? shortened.slice(IPV4_IN_IPV6.length)
    : shortened
}

/** The other end of a socket; undefined where it has gone already. */
export function peerOf({ remoteAddress, remotePort }: { remoteAddress?: string; remotePort?: number }): Peer | undefined {
  return remoteAddress === undefined ? undefined : peerAt(remoteAddress, remotePort!)
}
