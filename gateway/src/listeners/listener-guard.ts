import type { Server, Socket } from 'node:net'

/** Puts a check before what a server does with its connections, a TLS handshake or the reading of HTTP: only those that it lets proceed come through. */
export function guardConnections(server: Server, check: (socket: Socket, proceed: () => void) => void): void {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    check(socket, () => {
      for (const listener of listeners) listener.call(server, socket)
    })
  })
}
