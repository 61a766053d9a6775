// The gateway with nothing behind it, and a publisher to one channel in the same process.
import { Codec } from '@causeway/protocol'
import { servePublisher } from './channel-control.ts'
import { CHANNEL, CHANNEL_PAYLOAD } from './channel-frames.ts'
import { startEchoGateway } from './echo-gateway.ts'

const { gateway, backends } = await startEchoGateway()
servePublisher({ port: gateway.addresses.tcp.port, isGateway: true }, count => {
  for (let i = 0; i < count; i++) void backends.channels.publish(CHANNEL, CHANNEL_PAYLOAD, Codec.BYTES)
})
