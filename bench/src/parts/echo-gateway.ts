import { type Backends, openBackends } from '@causeway/backends'
import { loadConfig } from '@causeway/config'
import { Gateway } from '@causeway/gateway'
import { silentLogger } from '@causeway/telemetry'
import { ECHO_OPCODE } from '../shapes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { EchoChannels } from './echo-channels.ts'
import { EchoLog } from './echo-log.ts'
import { EchoSessions } from './echo-sessions.ts'

export interface EchoGateway {
  gateway: Gateway
  backends: Backends
}

export interface EchoGatewayOptions {
  writesEach?: boolean
  flags?: Readonly<Record<string, string | number>>
}

/**
 * The real gateway, listening on free ports, with nothing behind it: log, sessions and channels keep nothing and answer at once, no worker runs. What it
 * does not touch while it is measured (retries, registry) is the embedded mode's. Lives as long as its process. `writesEach`: it writes each answer by itself;
 * `flags`: further settings, by default none.
 */
export async function startEchoGateway({ writesEach = false, flags: more = {} }: EchoGatewayOptions = {}): Promise<EchoGateway> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
  // goes with the process
  const dataDir = temporaryFolder(new AsyncDisposableStack())
  const flags = {
    auth: 'none',
    host: '127.0.0.1',
    tcpPort: 0,
    httpPort: 0,
    adminPort: 0,
    acceptRate: 0,
    logLevel: 'silent',
    dataDir,
    ...more,
  }
  const config = loadConfig({ environment: {}, flags })
  const sessions = new EchoSessions(writesEach)
  const backends: Backends = {
    ...(await openBackends(config, 'bench', silentLogger)),
    log: new EchoLog(sessions),
    sessions,
    channels: new EchoChannels(),
  }
  await announceEcho(backends)
  return { gateway: await new Gateway(config, backends, silentLogger).start(), backends }
}

/** Its route is served by a worker that is announced, and is nowhere. */
async function announceEcho({ registry }: Backends): Promise<void> {
  const route = { name: 'echo', opcode: ECHO_OPCODE, oneWay: false, timeoutMs: 60_000, order: 'session', priority: 'normal' } as const
  const about = { id: 'wk-bench', host: 'bench', startedAt: Date.now(), stats: {}, service: 'bench', version: '0' }
  await registry.announce({ kind: 'worker', ...about, routes: [route] })
}
