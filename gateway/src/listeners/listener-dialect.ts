import { ConfigError, type ListenerConfig } from '@causeway/config'
import { Codec, compileDialect, DIALECTS, type Dialect } from '@causeway/protocol'

/** Throws ConfigError where a listener names a dialect that is none, or a route that its dialect has no use for: before anything listens. */
export function checkDialects(listeners: readonly ListenerConfig[]): void {
  const problems = listeners.map(problemOf).filter(found => found !== undefined)
  if (problems.length > 0) throw new ConfigError(problems)
}

function problemOf({ dialect: name, table = DIALECTS[name]?.table, route, routes, codec }: ListenerConfig): string | undefined {
  if (table === undefined) {
    const known = Object.keys(DIALECTS).join(', ')
    return `CAUSEWAY_LISTENERS names the dialect ${JSON.stringify(name)}: expected one of ${known}, or one of CAUSEWAY_DIALECTS`
  }
  if (table.operation !== undefined && route !== undefined) {
    return `CAUSEWAY_LISTENERS gives ${name} the route ${JSON.stringify(route)}: its header names an operation, expected routes by number`
  }
  if (table.operation === undefined && routes !== undefined) {
    return `CAUSEWAY_LISTENERS gives ${name} routes by number: its header names no operation, expected one route`
  }
  if (table.modbus !== undefined && codec !== undefined && codec !== Codec.JSON) {
    return `CAUSEWAY_LISTENERS gives ${name} the codec ${codec}: Modbus payloads are JSON, expected none`
  }
  return undefined
}

export const dialectOf = ({ dialect, table }: ListenerConfig): Dialect => (table === undefined ? DIALECTS[dialect] : compileDialect(table))
