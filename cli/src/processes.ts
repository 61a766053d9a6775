import { type Backends, openBackends } from '@causeway/backends'
import { type Central, CentralConfig } from '@causeway/central-config'
import { type Config, loadSettings, type Settings } from '@causeway/config'
import { type Service, Worker, workerServer } from '@causeway/consumers'
import { checkPorts, Gateway } from '@causeway/gateway'
import { createLogger, type Logger } from '@causeway/telemetry'
import type { FastifyInstance } from 'fastify'
import { configFlags } from './config-flags.ts'
import { type LoadedModule, servicesOf, urlOf } from './module-graph.ts'
import { Reloading } from './reloading.ts'

type Options = Readonly<Record<string, unknown>>

/** Beyond the drain, how long a process that was told to end may take, ms. */
const END_MS = 5_000

interface Part {
  stop(): Promise<void>
}

interface Closing {
  close(): Promise<void>
}

/** `causeway start`: everything in one process. */
export async function startEmbedded(modules: readonly string[], options: Options): Promise<void> {
  const { config, settings, logger } = setUp('causeway', options)
  checkPorts(config)
  const { services, watched } = await served(modules.length > 0 ? modules : ['@causeway/demo'], options, logger)
  const backends = await openBackends(config, 'causeway', logger)
  const central = await openCentral('causeway', settings, backends, logger)
  const workers = await startWorkers(services, { ...config }, backends, logger, central)
  const gateway = await new Gateway(config, backends, logger, central).start()
  await watched?.begin(workers)
  endOnSignal(config, logger, closing(central, backends), [...(watched === undefined ? [] : [watched]), gateway, sideBySide(workers)])
  renewOnSignal(gateway)
  tellGateway(gateway, backends, services, options)
}

/** The services of modules; with `--watch`, served anew when they change. */
async function served(
  modules: readonly string[],
  { watch }: Options,
  logger: Logger,
): Promise<{ services: Service[]; watched: Reloading | undefined }> {
  const watched = watch === true ? new Reloading(modules, logger) : undefined
  return { services: await (watched?.load() ?? loadServices(modules)), watched }
}

/** `causeway gateway` */
export async function serveGateway(options: Options): Promise<void> {
  const { config, settings, logger } = setUp('gateway', options)
  checkPorts(config)
  const backends = await openBackends(config, 'causeway-gateway', logger)
  const central = await openCentral('gateway', settings, backends, logger)
  const gateway = await new Gateway(config, backends, logger, central).start()
  endOnSignal(config, logger, closing(central, backends), [gateway])
  renewOnSignal(gateway)
  tellGateway(gateway, backends, [], options)
}

/** `causeway worker MODULE...` */
export async function serveWorker(modules: readonly string[], options: Options): Promise<void> {
  const { config, settings, logger } = setUp('worker', options)
  const { services, watched } = await served(modules, options, logger)
  const backends = await openBackends(config, 'causeway-worker', logger)
  const central = await openCentral('worker', settings, backends, logger)
  const workers = await startWorkers(services, config, backends, logger, central)
  let stopping = false
  const server = workerServer(
    backends,
    workers.map(worker => worker.metrics),
    () => stopping,
  )
  const address = await listen(server, config)
  await watched?.begin(workers)
  const draining = {
    async stop() {
      await watched?.stop()
      // before anything drains, so that nobody counts on this process any more
      stopping = true
      await sideBySide(workers).stop()
      await server.close()
    },
  }
  endOnSignal(config, logger, closing(central, backends), [draining])
  const names = services.map(service => service.name)
  tell(options, { services: names, health: address }, [`worker   ${names.join(', ')}, health at ${address}/readyz`])
}

/** `config` is the process's to change. */
function setUp(name: string, options: Options): { config: Config; settings: Settings; logger: Logger } {
  const settings = loadSettings({ flags: configFlags(options), file: options.config as string | undefined })
  const config = { ...settings.config }
  return { config, settings, logger: createLogger({ name, level: config.logLevel }) }
}

async function openCentral(role: string, settings: Settings, { log, channels }: Backends, logger: Logger): Promise<Central> {
  const { configTopic: topic, replication, dataDir: folder } = settings.config
  return { config: await CentralConfig.open({ log, channels, topic, replication, folder, role, logger }), settings }
}

/** What ends once all parts have drained. */
const closing = ({ config }: Central, backends: Backends): Closing => ({
  async close() {
    await config.close()
    await backends.close()
  },
})

async function listen(server: FastifyInstance, config: Config): Promise<string> {
  return await server.listen({ host: config.host, port: config.workerPort })
}

/** Modules by package name, path or URL; each default export is a service, or a list of them. */
export async function loadServices(modules: readonly string[]): Promise<Service[]> {
  const services: Service[] = []
  for (const name of modules) {
    services.push(...servicesOf(name, (await import(urlOf(name))) as LoadedModule))
  }
  return services
}

async function startWorkers(
  services: readonly Service[],
  config: Config,
  backends: Backends,
  logger: Logger,
  central: Central,
): Promise<Worker[]> {
  const workers: Worker[] = []
  for (const service of services) workers.push(await new Worker(service, config, backends, logger, central).start())
  return workers
}

/** Workers share one drain time. */
const sideBySide = (workers: readonly Worker[]): Part => ({
  async stop() {
    await Promise.all(workers.map(worker => worker.stop()))
  },
})

/** SIGTERM and SIGINT drain: parts in their order, then what they stand on. Told again, the process goes on draining. */
function endOnSignal(config: Config, logger: Logger, last: Closing, parts: readonly Part[]): void {
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
      await last.close()
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
