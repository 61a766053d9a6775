// The bare echo: what a socket server in Node can do at most. Each read's whole frames go back in one write.
import { type AddressInfo, createServer } from 'node:net'
import { tellServing } from '../node-part.ts'
import { lengthFrameEnd } from './length-frames.ts'

const server = createServer({ noDelay: true }, socket => {
  let rest: Buffer | undefined
  socket.on('data', chunk => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (let end = lengthFrameEnd(bytes, 0); end > 0; end = lengthFrameEnd(bytes, at)) at = end
    if (at > 0) socket.write(bytes.subarray(0, at))
    rest = at < bytes.length ? bytes.subarray(at) : undefined
  })
  // a generator that was ended takes its sockets along
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => tellServing({ port: (server.address() as AddressInfo).port }))
