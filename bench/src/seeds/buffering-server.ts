// The real gateway with nothing behind it, that writes each answer by itself (`node buffering-server.ts each`) or all of a turn at once.
import { tellServing } from '../node-part.ts'
import { startEchoGateway } from '../parts/echo-gateway.ts'

const { gateway } = await startEchoGateway({ writesEach: process.argv[2] === 'each' })
tellServing({ port: gateway.addresses.tcp.port })
