import { ConfigError } from './config-error.ts'
import type { ConfigDocument } from './document.ts'
import { checkTogether, type Settings, withTables } from './load.ts'
import { type Config, type ConfigKey, hotKeys, type Key, type Role, SCHEMA } from './schema.ts'

export interface Overlaid {
  config: Config
  /** Keys of the document that this process does not take: a flag or a variable of its own says otherwise. */
  overridden: ConfigKey[]
}

/**
 * A process's configuration with the central one between: it stands over the file and the defaults, and under flags and environment, by which whoever
 * runs one process has the last word about it. Throws ConfigError where the values don't go together. The document has been checked.
 */
export function overlay({ config, origins }: Settings, document: ConfigDocument, role: Role): Overlaid {
  const section = document[role] ?? {}
  const named = hotKeys(role).filter(name => section[name] !== undefined)
  const overridden = named.filter(name => origins[name] === 'flag' || origins[name] === 'environment')
  const taken = named.filter(name => !overridden.includes(name))
  const values = Object.fromEntries(taken.map(name => [name, (SCHEMA[name] as Key<unknown>).kind.read(section[name])]))
  const result = withTables({ ...config, ...values } as Config)
  const problems = checkTogether(result)
  if (problems.length > 0) throw new ConfigError(problems)
  return { config: result, overridden }
}
