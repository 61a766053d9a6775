// The real gateway with nothing behind it, as a process of its own: `node gateway-server.ts tcp` or `… websocket` tells that port.
import { tellServing } from '../node-part.ts'
import { startEchoGateway } from './echo-gateway.ts'

const { gateway } = await startEchoGateway()
const { tcp, http } = gateway.addresses
tellServing({ port: process.argv[2] === 'websocket' ? http.port : tcp.port })
