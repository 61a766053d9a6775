/** Dialects of a JSON file: tables by name, as a configuration has them. */
import { compileDialect } from '../dialect/compile.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { readDialectTable } from '../dialect/read-table.ts'

/** Throws where the text is no JSON or a table is wrong. */
export function readTables(text: string): Dialect[] {
  const tables = JSON.parse(text) as Record<string, unknown>
  return Object.entries(tables).map(([name, table]) => compileDialect(readDialectTable(name, table)))
}
