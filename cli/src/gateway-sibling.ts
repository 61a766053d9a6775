import { ConfigError } from '@causeway/config'
import type { Gateway, ProcessReadiness, Siblings } from '@causeway/gateway'
import { openGateway } from './open-gateway.ts'
import { type Options, setUp } from './process.ts'
import { ProcessLine } from './process-line.ts'
import { atPorts, type SharedPorts } from './shared-ports.ts'

/** How long the parent may take to answer, which may have to ask all others, ms. */
const ANSWER_MS = 4_000

/** One of the processes of `causeway gateway --processes`: ends at once, as if it were killed itself, when their parent is gone. */
export async function serveSibling(options: Options): Promise<void> {
  if (process.send === undefined) throw new ConfigError(['flag --process is for the processes of a gateway: use --processes 4'])
  const place = Number(options.process)
  const { config, settings, logger } = setUp(`gateway-${place}`, options)
  process.once('disconnect', () => {
    logger.error('the process that began this one is gone: ending')
    process.exit(1)
  })
  let gateway: Gateway | undefined
  const line = new ProcessLine(process, ANSWER_MS, {
    metrics: () => gateway!.metrics.text(),
    readiness: () => gateway!.readiness,
    drainTimeout: () => config.drainTimeout,
  })
  const ports = (await line.ask('ports')) as SharedPorts
  const own = { config: atPorts(config, ports), settings: { ...settings, config: atPorts(settings.config, ports) }, logger }
  const addresses = await openGateway(own, siblingsOver(line, place), begun => {
    gateway = begun
  })
  await line.ask('serving', addresses)
}

/** However many ask at a time, the others are asked once. */
function siblingsOver(line: ProcessLine, process: number): Siblings {
  const asking = new Map<string, Promise<unknown>>()
  const once = (about: string): Promise<unknown> => {
    const asked = asking.get(about) ?? line.ask(about).finally(() => asking.delete(about))
    asking.set(about, asked)
    return asked
  }
  return {
    process,
    metrics: async () => (await once('metrics')) as string,
    readiness: async () => (await once('readiness')) as ProcessReadiness[],
  }
}
