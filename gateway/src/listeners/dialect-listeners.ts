import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { type Config, ConfigError, type ListenerConfig } from '@causeway/config'
import type { ConnectionContext } from '../connection-context.ts'
import { listenOn } from './listen-on.ts'
import { checkDialects } from './listener-dialect.ts'
import { tcpListener } from './tcp-listener.ts'
import type { TlsPorts } from './tls-ports.ts'

interface Open {
  role: ListenerConfig
  server: Server
}

/** The ports of dialects: those of the configuration at the start, and as it changes. */
export class DialectListeners {
  readonly #context: ConnectionContext
  readonly #tls: TlsPorts
  #open: readonly Open[] = []
  /** Until those are open that took the place of others. */
  #reopening: Promise<unknown> = Promise.resolve()

  constructor(context: ConnectionContext, tls: TlsPorts) {
    this.#context = context
    this.#tls = tls
  }

  get addresses(): { dialect: string; address: AddressInfo; overTls: boolean }[] {
    return this.#open.map(({ role, server }) => ({
      dialect: role.dialect,
      address: server.address() as AddressInfo,
      overTls: this.#tls.of(role) !== undefined,
    }))
  }

  get servers(): readonly Server[] {
    return this.#open.map(({ server }) => server)
  }

  /** Opens those that are new, and nothing else yet. Rejects with none of them open where one can't be: its port is taken, its certificate can't be read. */
  async prepare(config: Config): Promise<{ commit(): void; abandon(): void }> {
    await this.#reopening
    const same = isDeepStrictEqual(
      config.listeners,
      this.#open.map(({ role }) => role),
    )
    if (same) return { commit: () => {}, abandon: () => {} }
    checkDialects(config.listeners)
    checkPortsApart(config.listeners)
    if (config.processes > 1) checkPortsNamed(config.listeners)
    // what stays as it is keeps its server, and its certificates as they were read
    const free = [...this.#open]
    const listeners = config.listeners.map(wanted => {
      const index = free.findIndex(({ role }) => isDeepStrictEqual(role, wanted))
      return index === -1 ? wanted : free.splice(index, 1)[0]!.role
    })
    const adopted = this.#tls.prepare({ ...config, listeners })
    const kept = this.#open.filter(({ role }) => listeners.includes(role))
    const closing = this.#open.filter(each => !kept.includes(each))
    const opened: Open[] = []
    // on a port of one that closes: it can only be opened in its place
    const inPlace: Open[] = []
    try {
      for (const role of listeners) {
        if (kept.some(each => each.role === role)) continue
        const server = tcpListener(this.#context, role, adopted.of(role))
        if (closing.some(each => portOf(each) === role.port)) inPlace.push({ role, server })
        else {
          opened.push({ role, server })
          await this.#listen({ role, server })
        }
      }
    } catch (error) {
      for (const { server } of opened) server.close()
      throw error
    }
    return {
      commit: () => {
        adopted.commit()
        for (const each of closing) this.#end(each)
        this.#reopening = Promise.all(inPlace.map(each => this.#listen(each).catch(error => this.#lost(each, error as Error))))
        const all = [...kept, ...opened, ...inPlace]
        this.#open = listeners.map(role => all.find(each => each.role === role)!)
        for (const { role } of [...opened, ...inPlace]) this.#tell(role)
      },
      abandon: () => {
        for (const { server } of opened) server.close()
      },
    }
  }

  async #listen({ role, server }: Open): Promise<void> {
    server.listen(listenOn(this.#context.config, this.#context.config.host, role.port))
    try {
      await once(server, 'listening')
    } catch (error) {
      throw new Error(`listener ${role.dialect}: port ${role.port} can not be opened: ${(error as Error).message}`, { cause: error })
    }
  }

  #lost({ role }: Open, error: Error): void {
    this.#context.logger.error(
      { port: role.port, dialect: role.dialect, error: error.message },
      'a listener that was changed could not be opened again',
    )
  }

  #tell({ port, dialect, auth }: ListenerConfig): void {
    if (auth === 'none') this.#context.logger.warn({ port, dialect }, 'this listener has auth: none, whoever reaches it may send')
  }

  /** Takes no new connections; those that stand are closed between two answers. */
  #end({ role, server }: Open): void {
    server.close()
    for (const connection of this.#context.connections) if (connection.listener === role) connection.leave('this listener is closed', 0)
  }
}

const portOf = ({ role, server }: Open): number => (server.address() as AddressInfo | null)?.port ?? role.port

function checkPortsApart(listeners: readonly ListenerConfig[]): void {
  const ports = listeners.map(({ port }) => port).filter(port => port !== 0)
  const twice = ports.find((port, index) => ports.indexOf(port) !== index)
  if (twice !== undefined) throw new ConfigError([`CAUSEWAY_LISTENERS has two listeners on port ${twice}: expected one`])
}

/** Each process would open another one. */
function checkPortsNamed(listeners: readonly ListenerConfig[]): void {
  const index = listeners.findIndex(({ port }) => port === 0)
  if (index !== -1)
    throw new ConfigError([`CAUSEWAY_LISTENERS[${index}].port is 0 (any free one): expected a port that all processes share`])
}
