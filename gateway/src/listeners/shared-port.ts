import type { Socket } from 'node:net'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { DIALECTS, type Dialect, encodeClose, type Frame, FrameDecoder, problem } from '@causeway/protocol'
import { Connection } from '../connection.ts'
import type { ConnectionContext } from '../connection-context.ts'
import { TcpTransport } from '../transport-tcp.ts'

/** Reads what a socket brings, once it is known what it speaks. */
export type Reader = (chunk: Buffer) => void

/** The shared port: waits until the first bytes say which dialect a connection speaks; what is none of them is judged as version 2. */
export function sniff(context: ConnectionContext, socket: Socket, remote: string, speak: (dialect: Dialect) => Reader): void {
  let first: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => {
    const silent = problem('HANDSHAKE_EXPECTED', { detail: `nothing came within ${context.config.handshakeTimeout} ms` })
    const transport = new TcpTransport(socket, remote)
    transport.queue(encodeClose(silent))
    transport.end()
  }, context.config.handshakeTimeout)
  const stopTimer = (): void => clearTimeout(timer)
  const onData = (chunk: Buffer): void => {
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk])
    const dialect = recognise(first)
    if (dialect === undefined) return
    stopTimer()
    const reader = dialect === 'version 2' ? versionTwo(context, socket, remote) : speak(dialect)
    // the reader alone stays: what these two hold is needed no more
    socket.on('data', reader)
    socket.off('data', onData)
    socket.off('close', stopTimer)
    reader(first)
  }
  socket.on('close', stopTimer)
  socket.on('data', onData)
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
  socket.on('close', () => connection.ended('LOST'))
  return chunk => {
    const frames: Frame[] = []
    connection.received(frames, decoder.push(chunk, frames))
  }
}
