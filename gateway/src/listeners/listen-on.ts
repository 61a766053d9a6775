import type { ListenOptions } from 'node:net'
import type { Config } from '@causeway/config'

/** Connections that may wait for the process to take them: a storm of reconnects comes within a turn. */
const BACKLOG = 1_024

/** How every port of a gateway is opened; with several processes each opens it, and the system spreads the connections (docs/adr/0018). */
export const listenOn = ({ processes }: Pick<Config, 'processes'>, host: string, port: number): ListenOptions => ({
  host,
  port,
  backlog: BACKLOG,
  ...(processes > 1 && { reusePort: true }),
})
