import { pathToFileURL } from 'node:url'
import { type Backends, openBackends } from '@causeway/backends'
import { type Config, loadConfig } from '@causeway/config'
import { type Service, Worker, workerServer } from '@causeway/consumers'
import { checkPorts, Gateway } from '@causeway/gateway'
import { createLogger, type Logger } from '@causeway/telemetry'
import type { FastifyInstance } from 'fastify'
import { configFlags } from './config-flags.ts'

type Options = Readonly<Record<string, unknown>>

/** Beyond the drain, how long a process that was told to end may take, ms. */
const END_MS = 5_000

interface Part {
  stop(): Promise<void>
}

/** `causeway start`: everything in one process. */
export async function startEmbedded(modules: readonly string[], options: Options): Promise<void> {
  const { config, logger } = setUp('causeway', options)
  checkPorts(config)
  const services = await loadServices(modules.length > 0 ? modules : ['@causeway/demo'])
  const backends = await openBackends(config, 'causeway', logger)
  const workers = await startWorkers(services, config, backends, logger)
  const gateway = await new Gateway(config, backends, logger).start()
  endOnSignal(config, logger, backends, [gateway, sideBySide(workers)])
  renewOnSignal(gateway)
  tellGateway(gateway, backends, services, options)
}

/** `causeway gateway` */
export async function serveGateway(options: Options): Promise<void> {
  const { config, logger } = setUp('gateway', options)
  checkPorts(config)
  const backends = await openBackends(config, 'causeway-gateway', logger)
  const gateway = await new Gateway(config, backends, logger).start()
  endOnSignal(config, logger, backends, [gateway])
  renewOnSignal(gateway)
  tellGateway(gateway, backends, [], options)
}

/** `causeway worker MODULE...` */
export async function serveWorker(modules: readonly string[], options: Options): Promise<void> {
  const { config, logger } = setUp('worker', options)
  const services = await loadServices(modules)
  const backends = await openBackends(config, 'causeway-worker', logger)
  const workers = await startWorkers(services, config, backends, logger)
  let stopping = false
  const server = workerServer(
    backends,
    workers.map(worker => worker.metrics),
    () => stopping,
  )
  const address = await listen(server, config)
  const draining = {
    async stop() {
      // before anything drains, so that nobody counts on this process any more
      stopping = true
      await sideBySide(workers).stop()
      await server.close()
    },
  }
  endOnSignal(config, logger, backends, [draining])
  const names = services.map(service => service.name)
  tell(options, { services: names, health: address }, [`worker   ${names.join(', ')}, health at ${address}/readyz`])
}

function setUp(name: string, options: Options): { config: Config; logger: Logger } {
  const config = loadConfig({ flags: configFlags(options), file: options.config as string | undefined })
  return { config, logger: createLogger({ name, level: config.logLevel }) }
}

async function listen(server: FastifyInstance, config: Config): Promise<string> {
  return await server.listen({ host: config.host, port: config.workerPort })
}

/** Modules by package name, path or URL; each default export is a service, or a list of them. */
export async function loadServices(modules: readonly string[]): Promise<Service[]> {
  const services: Service[] = []
  for (const name of modules) {
    const path = /^[./]|\.[cm]?[jt]s$/.test(name) ? pathToFileURL(name).href : name
    const loaded = (await import(path)) as { default?: Service | Service[] }
    const found = [loaded.default ?? []].flat()
    if (found.length === 0 || found.some(each => typeof each?.name !== 'string' || !Array.isArray(each.routes))) {
      throw new Error(`module ${name}: expected a default export made by service(name, [routes])`)
    }
    services.push(...found)
  }
  return services
}

async function startWorkers(services: readonly Service[], config: Config, backends: Backends, logger: Logger): Promise<Worker[]> {
  const workers: Worker[] = []
  for (const service of services) workers.push(await new Worker(service, config, backends, logger).start())
  return workers
}

/** Workers share one drain time. */
const sideBySide = (workers: readonly Worker[]): Part => ({
  async stop() {
    await Promise.all(workers.map(worker => worker.stop()))
  },
})

/** SIGTERM and SIGINT drain: parts in their order, then the backends. Told again, the process goes on draining. */
function endOnSignal(config: Config, logger: Logger, backends: Backends, parts: readonly Part[]): void {
  let ending = false
  const end = async (signal: string): Promise<void> => {
    if (ending) return
    ending = true
    logger.info({ signal }, 'ending')
    setTimeout(() => {
      logger.error('the drain took too long; ending without it')
      process.exit(1)
    }, config.drainTimeout + END_MS).unref()
    try {
      for (const part of parts) await part.stop()
      await backends.close()
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'ending failed')
      process.exitCode = 1
    }
    process.exit()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal))
}

/** SIGHUP says that certificates were renewed. Where there are none it ends the process, as it does when its terminal is closed. */
function renewOnSignal(gateway: Gateway): void {
  const { tls, listeners } = gateway.addresses
  if (tls !== undefined || listeners.some(({ overTls }) => overTls)) process.on('SIGHUP', () => gateway.renewCertificates())
}

function tellGateway(gateway: Gateway, backends: Backends, services: readonly Service[], options: Options): void {
  const { tcp, http, tls, https, admin, listeners } = gateway.addresses
  const at = ({ address, port, family }: { address: string; port: number; family: string }): string =>
    `${family === 'IPv6' ? `[${address}]` : address}:${port}`
  const addresses = {
    tcp: `tcp://${at(tcp)}`,
    websocket: `ws://${at(http)}/ws`,
    http: `http://${at(http)}`,
    ...(tls && { tls: `tls://${at(tls)}` }),
    ...(https && { https: `https://${at(https)}`, secureWebsocket: `wss://${at(https)}/ws` }),
    operators: `http://${at(admin)}/`,
    queues: `http://${at(admin)}/queues`,
    listeners: listeners.map(({ dialect, address, overTls }) => ({ dialect, address: `${overTls ? 'tls' : 'tcp'}://${at(address)}` })),
  }
  const lines = [
    `causeway serves on ${backends.kind === 'embedded' ? 'its own data folder (embedded)' : 'Kafka and Redis'}`,
    ...services.map(service => `service    ${service.name}: ${service.routes.map(route => route.name).join(', ')}`),
    `TCP        ${addresses.tcp}`,
    `WebSocket  ${addresses.websocket}`,
    `HTTP       ${addresses.http}/v1/messages, /livez, /readyz`,
    ...(addresses.tls ? [`TLS        ${addresses.tls}`] : []),
    ...(addresses.https ? [`HTTPS      ${addresses.https}/v1/messages, ${addresses.secureWebsocket}`] : []),
    `operators  ${addresses.operators}`,
    `queues     ${addresses.queues}`,
    ...addresses.listeners.map(({ dialect, address }) => `${dialect.padEnd(10)} ${address}`),
  ]
  tell(options, addresses, lines)
}

function tell(options: Options, json: object, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`)
}
