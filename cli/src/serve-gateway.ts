import { openBackends } from '@causeway/backends'
import { checkPorts, Gateway } from '@causeway/gateway'
import { renewOnSignal, tellGateway } from './gateways.ts'
import { closing, endOnSignal, type Options, openCentral, setUp } from './process.ts'

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
