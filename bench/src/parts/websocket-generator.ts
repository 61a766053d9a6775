// Causeway's load generator over WebSocket: version-2 frames, all of a write in one binary message (causeway.v2).
import { generate } from '../generate.ts'
import { GeneratorConnection } from '../generator-connection.ts'
import { ECHO_OPCODE } from '../shapes.ts'
import { WebSocketCarrier } from './websocket-carrier.ts'

await generate(async options => {
  const connection = new GeneratorConnection({ ...options, opcode: ECHO_OPCODE, carrier: new WebSocketCarrier(options.port) })
  await connection.opened
  return connection
})
