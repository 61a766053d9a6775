import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { type Config, ConfigError } from '@causeway/config'

/** The ports that processes share, any free one chosen. */
export interface SharedPorts {
  named: Pick<Config, NamedPort>
  /** In the order of CAUSEWAY_LISTENERS. */
  listeners: readonly number[]
}

const NAMED = ['tcpPort', 'httpPort', 'adminPort', 'tlsPort', 'httpsPort'] as const
type NamedPort = (typeof NAMED)[number]

/** Opens nothing but looks that each port is free of other programs, so that nobody shares one by mistake; and keeps those chosen until released. */
export class PortKeeper {
  readonly #config: Config
  readonly #kept: Server[] = []

  constructor(config: Config) {
    this.#config = config
  }

  /** Rejects where a port is another program's, with ConfigError where the system shares none. */
  async choose(): Promise<SharedPorts> {
    const { host, adminHost, listeners } = this.#config
    const named = { ...this.#config }
    const overTls = this.#config.tlsCert !== undefined
    for (const name of NAMED) {
      if (!overTls && (name === 'tlsPort' || name === 'httpsPort')) continue
      named[name] = await this.#look(name === 'adminPort' ? adminHost : host, named[name], name)
    }
    const chosen: number[] = []
    for (const { port, dialect } of listeners) chosen.push(await this.#look(host, port, `listener ${dialect}`))
    const { tcpPort, httpPort, adminPort, tlsPort, httpsPort } = named
    return { named: { tcpPort, httpPort, adminPort, tlsPort, httpsPort }, listeners: chosen }
  }

  /** The processes have them. */
  release(): void {
    for (const server of this.#kept.splice(0)) server.close()
  }

  async #look(host: string, port: number, name: string): Promise<number> {
    const server = createServer(socket => socket.destroy())
    server.listen({ host, port, reusePort: port === 0 })
    try {
      await once(server, 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTSUP') throw cannotShare(this.#config)
      throw new Error(`${name} ${port} can not be opened: ${(error as Error).message}`, { cause: error })
    }
    const chosen = (server.address() as AddressInfo).port
    if (port === 0) this.#kept.push(server)
    else await new Promise(resolve => server.close(resolve))
    return chosen
  }
}

const cannotShare = ({ processes }: Config): ConfigError =>
  new ConfigError([
    `CAUSEWAY_PROCESSES is ${processes}: this system does not share a port between processes (SO_REUSEPORT); expected 1, or Linux`,
  ])

/** The configuration of one of the processes. */
export const atPorts = (config: Config, { named, listeners }: SharedPorts): Config => ({
  ...config,
  ...named,
  listeners: config.listeners.map((listener, index) => ({ ...listener, port: listeners[index]! })),
})
