import { isIP, type Socket } from 'node:net'
import type { ConnectionContext } from '../connection-context.ts'
import { type Peer, peerAt } from './peer.ts'

/**
 * The header an edge puts before a TCP connection's bytes (PROXY protocol, versions 1 and 2: haproxy's proxy-protocol.txt).
 * Only the client's address is read from it; TLVs are skipped.
 */

const SIGNATURE_V2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** Longest header of version 1, its CRLF included. */
const MAX_V1 = 107
const FIXED_V2 = 16
const COMMAND_PROXY = 0x21
const TCP4 = 0x11
const TCP6 = 0x21

export interface ProxyHeader {
  /** Bytes it takes. */
  size: number
  /** The client; undefined for the edge's own connections (health checks). */
  source: Peer | undefined
}

/** Takes the edge's header off a socket and leaves it paused, with the bytes behind the header put back; `ready` is told the client where the edge names one. */
export function expectProxyHeader(
  { config, logger }: Pick<ConnectionContext, 'config' | 'logger'>,
  socket: Socket,
  ready: (client: Peer | undefined) => void,
): void {
  let first = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), config.handshakeTimeout)
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
      ready(header.source)
    } catch (error) {
      logger.warn(
        { remote: socket.remoteAddress, error: (error as Error).message },
        'a connection without the PROXY header that CAUSEWAY_PROXY_PROTOCOL asks for',
      )
      socket.destroy()
    }
  }
  socket.on('data', onData)
}

/** Undefined: more bytes are needed. Throws where it is no such header. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const shown = Math.min(bytes.length, SIGNATURE_V2.length)
  if (bytes.subarray(0, shown).equals(SIGNATURE_V2.subarray(0, shown))) return bytes.length < FIXED_V2 ? undefined : readVersion2(bytes)
  const text = bytes.subarray(0, MAX_V1).toString('latin1')
  if (!'PROXY '.startsWith(text.slice(0, 6))) throw new Error('expected a PROXY protocol header')
  const end = text.indexOf('\r\n')
  if (end < 0) {
    if (bytes.length >= MAX_V1) throw new Error('a PROXY protocol header of version 1 has at most 107 bytes')
    return undefined
  }
  return { size: end + 2, source: sourceOfVersion1(text.slice(0, end)) }
}

function sourceOfVersion1(line: string): Peer | undefined {
  const [, family, address = '', , port = ''] = line.split(' ')
  if (family !== 'TCP4' && family !== 'TCP6') return undefined
  if (isIP(address) !== (family === 'TCP4' ? 4 : 6) || !/^\d{1,5}$/.test(port)) throw new Error(`not a PROXY protocol line: ${line}`)
  return peerAt(address, port)
}

function readVersion2(bytes: Buffer): ProxyHeader | undefined {
  const size = FIXED_V2 + bytes.readUInt16BE(14)
  if (bytes.length < size) return undefined
  if (bytes[12] >> 4 !== 2) throw new Error(`PROXY protocol version ${bytes[12] >> 4} is not known`)
  if (bytes[12] !== COMMAND_PROXY) return { size, source: undefined }
  if (bytes[13] === TCP4 && size >= FIXED_V2 + 12)
    return { size, source: peerAt([...bytes.subarray(16, 20)].join('.'), bytes.readUInt16BE(24)) }
  if (bytes[13] === TCP6 && size >= FIXED_V2 + 36) {
    const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(16 + group * 2).toString(16))
    return { size, source: peerAt(groups.join(':'), bytes.readUInt16BE(48)) }
  }
  return { size, source: undefined }
}
