import {
  type Config,
  type ConfigDocument,
  type ConfigKey,
  hotKeys,
  loadSettings,
  overlay,
  type Role,
  SCHEMA,
  SECRETS,
} from '@causeway/config'
import { configFlags } from './config-flags.ts'
import { OperatorsClient } from './operators-client.ts'
import { table } from './table.ts'

interface ShowOptions extends Record<string, unknown> {
  role: string
  url?: string
  token?: string
  json?: boolean
}

interface ShownKey {
  key: string
  value: unknown
  from: string
}

/** `causeway config show` */
export async function showConfig(options: ShowOptions): Promise<void> {
  if (options.role !== 'gateway' && options.role !== 'worker')
    throw new Error(`--role is ${JSON.stringify(options.role)}: expected gateway or worker`)
  const keys = await shownKeys(options.role, options)
  const lines = options.json === true ? [JSON.stringify(keys)] : table(keys, COLUMNS)
  process.stdout.write(`${lines.join('\n')}\n`)
}

const COLUMNS = [
  { title: 'key', read: ({ key }: ShownKey) => key },
  { title: 'from', read: ({ from }: ShownKey) => from },
  { title: 'value', read: ({ value }: ShownKey) => (value === undefined ? '-' : JSON.stringify(value)) },
]

async function shownKeys(role: Role, options: ShowOptions): Promise<ShownKey[]> {
  const settings = loadSettings({ flags: configFlags(options), file: options.config as string | undefined })
  const document =
    options.url === undefined
      ? {}
      : (await new OperatorsClient({ url: options.url, token: options.token }).get<{ document: ConfigDocument }>('/api/config')).document
  const { config, overridden } = overlay(settings, document, role)
  const central = hotKeys(role).filter(name => document[role]?.[name] !== undefined && !overridden.includes(name))
  return (Object.keys(SCHEMA) as ConfigKey[]).map(key => ({
    key,
    value: shown(key, config),
    from: central.includes(key) ? 'central' : settings.origins[key],
  }))
}

function shown(key: ConfigKey, config: Config): unknown {
  const value: unknown = config[key]
  if (SECRETS.has(key) && value !== undefined) return '(hidden)'
  return SCHEMA[key].kind.secret?.(value) ? '(hidden)' : value
}
