import { fork } from 'node:child_process'
import { ConfigError } from '@causeway/config'
import { renewable, tellAddresses } from './gateways.ts'
import type { Options, SetUp } from './process.ts'
import { ProcessGroup } from './process-group.ts'
import { PortKeeper } from './shared-ports.ts'

/** `causeway gateway --processes n`: the parent of the processes, which holds no port and sees no message. */
export async function serveProcesses({ config, logger }: SetUp, options: Options): Promise<void> {
  const { processes, kafkaBrokers, drainTimeout } = config
  if (kafkaBrokers === undefined)
    throw new ConfigError([
      `CAUSEWAY_PROCESSES is ${processes} in the embedded mode, whose data folder is one process's: expected 1, or CAUSEWAY_KAFKA_BROKERS and CAUSEWAY_REDIS_URL`,
    ])
  const keeper = new PortKeeper(config)
  const ports = await keeper.choose()
  const begin = (place: number) => fork(process.argv[1]!, [...process.argv.slice(2), '--process', String(place)])
  const group = new ProcessGroup({ processes, begin, ports, drainTimeout, logger })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void group.end(signal).then(status => process.exit(status)))
  const addresses = await group.start(() => keeper.release())
  if (addresses === undefined) return
  if (renewable(addresses)) process.on('SIGHUP', () => group.signal('SIGHUP'))
  tellAddresses(addresses, options)
  process.exitCode = await group.hopeless
  process.exit()
}
