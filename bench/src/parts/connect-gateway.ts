// The real gateway with nothing behind it, which asks for a token, as a process of its own: `node connect-gateway.ts tcp` or `… websocket` tells that port.
import { tellServing } from '../node-part.ts'
import { JWT_SECRET } from './connect-token.ts'
import { startEchoGateway } from './echo-gateway.ts'

/** How long a session stays without its client, ms: the least there is, as nobody comes back. */
const SESSION_TTL_MS = 1_000

const { gateway } = await startEchoGateway({ flags: { auth: 'jwt', jwtSecret: JWT_SECRET, sessionTtl: SESSION_TTL_MS } })
const { tcp, http } = gateway.addresses
tellServing({ port: process.argv[2] === 'websocket' ? http.port : tcp.port })
