// An echo over WebSocket, as `ws` does it at its fastest: no compression, no tracking of clients.
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { tellServing } from '../node-part.ts'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, clientTracking: false })
server.on('connection', socket => {
  socket.on('message', (data: Buffer) => socket.send(data, { binary: true }))
  // a generator that was ended takes its sockets along
  socket.on('error', () => socket.terminate())
})
server.on('listening', () => tellServing({ port: (server.address() as AddressInfo).port }))
