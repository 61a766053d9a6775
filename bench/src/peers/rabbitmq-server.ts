import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@causeway/test-backends'
import { ExternalServer, findProgram } from '../external-server.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export interface RabbitMq {
  port: number
  pid: number
}

/** Before PATH: Debian's wrapper there changes the user and reads the system's own configuration. */
const OWN_FOLDER = '/usr/lib/rabbitmq/bin'

/**
 * A RabbitMQ with its own folder, ports, cookie and name server, so that one which runs as a system service is not touched; no plugins.
 * Throws NotInstalled where there is none.
 */
export async function startRabbitMq(parts: AsyncDisposableStack): Promise<RabbitMq> {
  const command = findProgram('rabbitmq-server', 'rabbitmq-server', [OWN_FOLDER])
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()]
  await startNameServer(parts, epmdPort)
  const folder = temporaryFolder(parts)
  // the server may run as a user of its own
  chmodSync(folder, 0o755)
  const file = (name: string): string => join(folder, name)
  writeFileSync(file('rabbitmq.conf'), `listeners.tcp.default = 127.0.0.1:${port}\nlog.file.level = warning\n`)
  writeFileSync(file('plugins'), '[].\n')
  const environment = {
    HOME: folder,
    RABBITMQ_CONF_ENV_FILE: file('none'),
    RABBITMQ_CONFIG_FILE: file('rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins'),
    RABBITMQ_MNESIA_BASE: file('data'),
    RABBITMQ_LOG_BASE: file('log'),
    RABBITMQ_PID_FILE: file('pid'),
    RABBITMQ_NODENAME: `bench${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmdPort),
  }
  const server = parts.use(new ExternalServer({ name: 'RabbitMQ', command, args: [], environment }))
  await server.listening(port)
  // the shell script that was started is not the broker
  return { port, pid: Number(readFileSync(file('pid'), 'latin1')) }
}

/** Erlang's: one that RabbitMQ starts itself would stay when it ends. */
async function startNameServer(parts: AsyncDisposableStack, port: number): Promise<void> {
  const args = ['-port', String(port), '-address', '127.0.0.1']
  const command = findProgram('epmd', 'erlang-base')
  const server = parts.use(new ExternalServer({ name: 'epmd', command, args }))
  await server.listening(port)
}
