import { openBackends } from '@causeway/backends'
import { workerServer } from '@causeway/consumers'
import { Exposition } from '@causeway/telemetry'
import { closing, demandOneProcess, endOnSignal, type Options, openCentral, setUp, tell } from './process.ts'
import { served, sideBySide, startWorkers } from './workers.ts'

/** `causeway worker MODULE...` */
export async function serveWorker(modules: readonly string[], options: Options): Promise<void> {
  const { config, settings, logger } = setUp('worker', options)
  demandOneProcess('worker', settings)
  const { services, watched } = await served(modules, options, logger)
  const backends = await openBackends(config, 'causeway-worker', logger)
  const central = await openCentral('worker', settings, backends, logger)
  const workers = await startWorkers(services, config, backends, logger, central)
  let stopping = false
  const metrics = new Exposition(workers.map(worker => worker.metrics))
  const server = workerServer(backends, metrics, () => stopping)
  const address = await server.listen({ host: config.host, port: config.workerPort })
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
