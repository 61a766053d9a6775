import { type ConfigKey, flagOf, SCHEMA, variableOf } from '@causeway/config'
import { type Command, Option } from 'commander'

/** Adds a flag for every key of the configuration; values are read by the schema, not here. */
export function withConfigFlags(command: Command): Command {
  for (const [name, key] of Object.entries(SCHEMA)) {
    command.addOption(new Option(`--${flagOf(name)} <value>`, `${key.doc} (${variableOf(name)})`))
  }
  return command.option('--config <file>', 'YAML or JSON file of configuration (CAUSEWAY_CONFIG)')
}

/** The configuration's flags out of a command's options. */
export function configFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => (name as ConfigKey) in SCHEMA))
}
