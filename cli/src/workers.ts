import type { Backends } from '@causeway/backends'
import type { Central } from '@causeway/central-config'
import type { Config } from '@causeway/config'
import { type Service, Worker } from '@causeway/consumers'
import type { Logger } from '@causeway/telemetry'
import { loadServices } from './modules.ts'
import type { Options, Part } from './process.ts'
import type { Reloading } from './reloading.ts'

/** The services of modules; with `--watch`, served anew when they change. */
export async function served(
  modules: readonly string[],
  { watch }: Options,
  logger: Logger,
): Promise<{ services: Service[]; watched: Reloading | undefined }> {
  const watched = watch === true ? new (await import('./reloading.ts')).Reloading(modules, logger) : undefined
  return { services: await (watched?.load() ?? loadServices(modules)), watched }
}

export async function startWorkers(
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
export const sideBySide = (workers: readonly Worker[]): Part => ({
  async stop() {
    await Promise.all(workers.map(worker => worker.stop()))
  },
})
