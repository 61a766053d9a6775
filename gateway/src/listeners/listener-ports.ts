import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { Config, ListenerConfig } from '@causeway/config'
import type { FastifyInstance } from 'fastify'
import type { ConnectionContext } from '../connection-context.ts'
import type { Health } from '../health.ts'
import { httpServer } from '../http/http-server.ts'
import { checkDialects } from './listener-dialect.ts'
import { tcpListener } from './tcp-listener.ts'
import type { TlsPort } from './tls-port.ts'
import { readTlsPorts, type TlsPorts } from './tls-ports.ts'

/** Connections that may wait for the process to take them: a storm of reconnects comes within a turn. */
const BACKLOG = 1_024

export interface PortAddresses {
  tcp: AddressInfo
  http: AddressInfo
  /** Where there is a certificate. */
  tls?: AddressInfo
  https?: AddressInfo
  /** By dialect, in the order of CAUSEWAY_LISTENERS. */
  listeners: { dialect: string; address: AddressInfo; overTls: boolean }[]
}

/** Throws ConfigError where a dialect or a certificate keeps a port from opening: before anybody waits for backends. */
export function checkPorts(config: Config): void {
  checkDialects(config.listeners)
  readTlsPorts(config)
}

/** The ports of a gateway that clients reach: TCP and HTTP, the same over TLS, and those of dialects. */
export class ListenerPorts {
  readonly #context: ConnectionContext
  readonly #tls: TlsPorts
  readonly #servers: Server[] = []
  readonly #httpServers: FastifyInstance[] = []
  addresses!: PortAddresses

  private constructor(context: ConnectionContext, tls: TlsPorts) {
    this.#context = context
    this.#tls = tls
  }

  /** Resolves once all listen. */
  static async open(context: ConnectionContext, health: Health, tls: TlsPorts): Promise<ListenerPorts> {
    const ports = new ListenerPorts(context, tls)
    const { tcpPort, httpPort, tlsPort, httpsPort } = context.config
    const tcp = await ports.#tcp(undefined, tcpPort)
    const secured = tls.shared && { tls: await ports.#tcp(undefined, tlsPort, tls.shared) }
    const listeners = await ports.#dialects()
    const http = await ports.#http(health, httpPort)
    const https = tls.shared && { https: await ports.#http(health, httpsPort, tls.shared) }
    tls.watch()
    ports.addresses = { tcp, http, ...secured, ...https, listeners }
    return ports
  }

  async #dialects(): Promise<PortAddresses['listeners']> {
    const opened: PortAddresses['listeners'] = []
    for (const role of this.#context.config.listeners) {
      const tls = this.#tls.of(role)
      opened.push({ dialect: role.dialect, address: await this.#tcp(role, role.port, tls), overTls: tls !== undefined })
      if (role.auth === 'none') {
        this.#context.logger.warn({ port: role.port, dialect: role.dialect }, 'this listener has auth: none, whoever reaches it may send')
      }
    }
    return opened
  }

  async #tcp(role: ListenerConfig | undefined, port: number, tls?: TlsPort): Promise<AddressInfo> {
    const server = tcpListener(this.#context, role, tls)
    server.listen({ host: this.#context.config.host, port, backlog: BACKLOG })
    await once(server, 'listening')
    this.#servers.push(server)
    return server.address() as AddressInfo
  }

  async #http(health: Health, port: number, tls?: TlsPort): Promise<AddressInfo> {
    const server = await httpServer(this.#context, health, tls)
    await server.listen({ host: this.#context.config.host, port })
    this.#httpServers.push(server)
    return server.server.address() as AddressInfo
  }

  /** No new connections over TCP; HTTP goes on saying that the gateway drains. */
  closeTcp(): void {
    for (const server of this.#servers) server.close()
  }

  async close(): Promise<void> {
    this.#tls.close()
    for (const server of this.#httpServers) await server.close()
  }
}
