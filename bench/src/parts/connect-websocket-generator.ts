// New sessions over WebSocket, each with a token of its own and closed again.
import { generate } from '../generate.ts'
import { ConnectLoop } from './connect-loop.ts'
import { overWebSocket } from './connect-visits.ts'

await generate(async options => new ConnectLoop(options, () => overWebSocket(options.port)))
