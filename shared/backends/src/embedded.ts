import { embeddedChannels } from '@causeway/channels/embedded'
import type { Config } from '@causeway/config'
import { openDataFolder } from '@causeway/embedded'
import { openEmbeddedLog } from '@causeway/log/embedded'
import { openEmbeddedRegistry } from '@causeway/registry/embedded'
import { openEmbeddedResults } from '@causeway/results/embedded'
import { openEmbeddedRetries } from '@causeway/retries/embedded'
import { openEmbeddedSessions } from '@causeway/sessions/embedded'
import type { Logger } from '@causeway/telemetry'
import { type Backends, backends } from './ports.ts'

export async function openEmbedded(config: Config, logger: Logger): Promise<Backends> {
  const folder = await openDataFolder(config.dataDir, { logger })
  const log = await openEmbeddedLog(folder)
  const sessions = await openEmbeddedSessions(folder, { logger })
  const retries = await openEmbeddedRetries(folder, { logger })
  const registry = await openEmbeddedRegistry(folder)
  const channels = embeddedChannels()
  const results = await openEmbeddedResults(folder)
  const ports = { log, sessions, retries, registry, channels, results }
  return backends('embedded', ports, [registry, retries, sessions, channels, results, log, folder])
}
