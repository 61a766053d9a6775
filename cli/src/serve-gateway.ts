import { type Options, setUp } from './process.ts'

/** `causeway gateway`: one in this process, or several processes that share its ports; what is not asked for is not loaded. */
export async function serveGateway(options: Options): Promise<void> {
  if (options.process !== undefined) {
    await (await import('./gateway-sibling.ts')).serveSibling(options)
    return
  }
  const own = setUp('gateway', options)
  if (own.config.processes > 1) {
    await (await import('./gateway-processes.ts')).serveProcesses(own, options)
    return
  }
  const { openGateway } = await import('./open-gateway.ts')
  const { tellAddresses } = await import('./gateways.ts')
  tellAddresses(await openGateway(own), options)
}
