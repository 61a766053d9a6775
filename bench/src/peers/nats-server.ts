import { freePort } from '@causeway/test-backends'
import { ExternalServer, findProgram } from '../external-server.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export interface NatsServer {
  port: number
  pid: number
}

/** A nats-server with its own folder and port, JetStream's files in that folder. Throws NotInstalled where there is none. */
export async function startNatsServer(parts: AsyncDisposableStack, options: { jetStream: boolean }): Promise<NatsServer> {
  const command = findProgram('nats-server', 'nats-server')
  const port = await freePort()
  const folder = temporaryFolder(parts)
  const args = ['--addr', '127.0.0.1', '--port', String(port), ...(options.jetStream ? ['--jetstream', '--store_dir', folder] : [])]
  const server = parts.use(new ExternalServer({ name: 'nats-server', command, args }))
  await server.listening(port)
  return { port, pid: server.pid }
}
