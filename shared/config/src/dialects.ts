import { compileDialect, DIALECTS, type DialectTable, readDialectTable } from '@causeway/protocol'
import { isTable, type Kind, structured } from './kinds.ts'

/** Tables of header dialects by name: as those that ship are written, less `name` and `shared`. A map in a file, JSON in the environment. */
export const dialects: Kind<Readonly<Record<string, DialectTable>>> = {
  expected: 'tables of dialects by name',
  read: raw => {
    const value = structured(raw)
    if (!isTable(value) || faultsOf(value).length > 0) return undefined
    return Object.fromEntries(Object.entries(value).map(([name, table]) => [name, readDialectTable(name, table)]))
  },
  faults: raw => {
    const value = structured(raw)
    return isTable(value) ? faultsOf(value) : []
  },
}

function faultsOf(tables: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(tables).flatMap(([name, raw]) => {
    if (Object.hasOwn(DIALECTS, name)) return [`.${name} has the name of a dialect that ships: expected another`]
    try {
      compileDialect(readDialectTable(name, raw))
      return []
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return [`: ${error.message}`]
    }
  })
}
