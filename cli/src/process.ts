import type { Backends } from '@causeway/backends'
import { type Central, CentralConfig } from '@causeway/central-config'
import { type Config, ConfigError, loadSettings, type Settings } from '@causeway/config'
import { createLogger, type Logger } from '@causeway/telemetry'
import { configFlags } from './config-flags.ts'

export type Options = Readonly<Record<string, unknown>>

/** Beyond the drain, how long a process that was told to end may take, ms. */
export const END_MS = 5_000

export interface Part {
  stop(): Promise<void>
}

interface Closing {
  close(): Promise<void>
}

/** What a process begins with; `config` is its own to change. */
export interface SetUp {
  config: Config
  settings: Settings
  logger: Logger
}

export function setUp(name: string, options: Options): SetUp {
  const settings = loadSettings({ flags: configFlags(options), file: options.config as string | undefined })
  const config = { ...settings.config }
  return { config, settings, logger: createLogger({ name, level: config.logLevel }) }
}

/** `processes` is of `causeway gateway`: elsewhere it would do nothing, where it was asked for. */
export function demandOneProcess(command: string, { config: { processes }, origins }: Settings): void {
  if (processes === 1 || (command === 'worker' && origins.processes !== 'flag')) return
  const instead = command === 'worker' ? 'start more workers' : 'start `causeway gateway` and `causeway worker`'
  throw new ConfigError([`CAUSEWAY_PROCESSES is ${processes}: \`causeway ${command}\` is one process; expected 1, or ${instead}`])
}

export async function openCentral(role: string, settings: Settings, { log, channels }: Backends, logger: Logger): Promise<Central> {
  const { configTopic: topic, replication, dataDir: folder } = settings.config
  return { config: await CentralConfig.open({ log, channels, topic, replication, folder, role, logger }), settings }
}

/** What ends once all parts have drained. */
export const closing = ({ config }: Central, backends: Backends): Closing => ({
  async close() {
    await config.close()
    await backends.close()
  },
})

/** SIGTERM and SIGINT drain: parts in their order, then what they stand on. Told again, the process goes on draining. */
export function endOnSignal(config: Config, logger: Logger, last: Closing, parts: readonly Part[]): void {
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

export function tell(options: Options, json: object, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`)
}
