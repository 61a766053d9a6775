// The least that can fan out: the same bytes to every socket in a loop. `node channel-writes.ts joined` joins what is due together into one write, else
// each message is a write of its own.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { encodeFrame, FrameType } from '@causeway/protocol'
import { servePublisher } from './channel-control.ts'
import { CHANNEL_FRAME } from './channel-frames.ts'

/** Tells a subscriber that it is one: as a gateway's answer to SUBSCRIBE does. */
const SUBSCRIBED = encodeFrame({ type: FrameType.RESPONSE, msgId: 1 })
const joined = process.argv[2] === 'joined'
const sockets = new Set<Socket>()
const server = createServer({ noDelay: true }, socket => {
  sockets.add(socket)
  socket.write(SUBSCRIBED)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  socket.resume()
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
  servePublisher({ port: (server.address() as AddressInfo).port, isGateway: false }, count => {
    const bytes = joined && count > 1 ? Buffer.concat(new Array<Buffer>(count).fill(CHANNEL_FRAME)) : CHANNEL_FRAME
    for (let writes = joined ? 1 : count; writes > 0; writes--) for (const socket of sockets) socket.write(bytes)
  })
})
