import { openBackends } from '@causeway/backends'
import { checkPorts, Gateway } from '@causeway/gateway'
import { addressesOf, renewOnSignal, tellAddresses } from './gateways.ts'
import { closing, demandOneProcess, endOnSignal, type Options, openCentral, setUp } from './process.ts'
import { served, sideBySide, startWorkers } from './workers.ts'

/** `causeway start`: everything in one process. */
export async function serveAll(modules: readonly string[], options: Options): Promise<void> {
  const { config, settings, logger } = setUp('causeway', options)
  demandOneProcess('start', settings)
  checkPorts(config)
  const { services, watched } = await served(modules.length > 0 ? modules : ['@causeway/demo'], options, logger)
  const backends = await openBackends(config, 'causeway', logger)
  const central = await openCentral('causeway', settings, backends, logger)
  const workers = await startWorkers(services, { ...config }, backends, logger, central)
  const gateway = await new Gateway(config, backends, logger, central).start(workers.map(worker => worker.metrics))
  await watched?.begin(workers)
  endOnSignal(config, logger, closing(central, backends), [...(watched === undefined ? [] : [watched]), gateway, sideBySide(workers)])
  renewOnSignal(gateway)
  tellAddresses(addressesOf(gateway, backends, services), options)
}
