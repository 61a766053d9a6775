import { openBackends } from '@causeway/backends'
import { checkPorts, Gateway, type Siblings } from '@causeway/gateway'
import { type Addresses, addressesOf, renewOnSignal } from './gateways.ts'
import { closing, endOnSignal, openCentral, type SetUp } from './process.ts'

/** A gateway that serves from this process, alone or beside its siblings, until the process is told to end. */
export async function openGateway(
  { config, settings, logger }: SetUp,
  siblings?: Siblings,
  begun: (gateway: Gateway) => void = () => {},
): Promise<Addresses> {
  checkPorts(config)
  const backends = await openBackends(config, 'causeway-gateway', logger)
  const central = await openCentral('gateway', settings, backends, logger)
  const gateway = await new Gateway(config, backends, logger, central).start([], siblings)
  begun(gateway)
  endOnSignal(config, logger, closing(central, backends), [gateway])
  renewOnSignal(gateway)
  return addressesOf(gateway, backends)
}
