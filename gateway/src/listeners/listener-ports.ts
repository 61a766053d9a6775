import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { Config } from '@causeway/config'
import type { FastifyInstance } from 'fastify'
import type { ConnectionContext } from '../connection-context.ts'
import type { Health } from '../health.ts'
import { httpServer } from '../http/http-server.ts'
import { DialectListeners } from './dialect-listeners.ts'
import { listenOn } from './listen-on.ts'
import { checkDialects } from './listener-dialect.ts'
import { tcpListener } from './tcp-listener.ts'
import type { TlsPort } from './tls-port.ts'
import { readTlsPorts, type TlsPorts } from './tls-ports.ts'

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
  readonly #dialects: DialectListeners
  readonly #httpServers: FastifyInstance[] = []
  #fixed!: Omit<PortAddresses, 'listeners'>

  private constructor(context: ConnectionContext, tls: TlsPorts) {
    this.#context = context
    this.#tls = tls
    this.#dialects = new DialectListeners(context, tls)
  }

  /** Resolves once all listen. */
  static async open(context: ConnectionContext, health: Health, tls: TlsPorts): Promise<ListenerPorts> {
    const ports = new ListenerPorts(context, tls)
    const { tcpPort, httpPort, tlsPort, httpsPort } = context.config
    const tcp = await ports.#tcp(tcpPort)
    const secured = tls.shared && { tls: await ports.#tcp(tlsPort, tls.shared) }
    await ports.prepare(context.config).then(prepared => prepared.commit())
    const http = await ports.#http(health, httpPort)
    const https = tls.shared && { https: await ports.#http(health, httpsPort, tls.shared) }
    tls.watch()
    ports.#fixed = { tcp, http, ...secured, ...https }
    return ports
  }

  get addresses(): PortAddresses {
    return { ...this.#fixed, listeners: this.#dialects.addresses }
  }

  /** Makes ready for the listeners of a configuration; rejects, with none of them open, where one can't be. */
  prepare(config: Config): Promise<{ commit(): void; abandon(): void }> {
    return this.#dialects.prepare(config)
  }

  async #tcp(port: number, tls?: TlsPort): Promise<AddressInfo> {
    const server = tcpListener(this.#context, undefined, tls)
    server.listen(listenOn(this.#context.config, this.#context.config.host, port))
    await once(server, 'listening')
    this.#servers.push(server)
    return server.address() as AddressInfo
  }

  async #http(health: Health, port: number, tls?: TlsPort): Promise<AddressInfo> {
    const server = await httpServer(this.#context, health, tls)
    await server.listen(listenOn(this.#context.config, this.#context.config.host, port))
    this.#httpServers.push(server)
    return server.server.address() as AddressInfo
  }

  /** No new connections over TCP; HTTP goes on saying that the gateway drains. */
  closeTcp(): void {
    for (const server of [...this.#servers, ...this.#dialects.servers]) server.close()
  }

  async close(): Promise<void> {
    this.#tls.close()
    for (const server of this.#httpServers) await server.close()
  }
}
