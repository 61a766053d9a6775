/** The dialects that ship, compiled, by name. docs/protocol.md, section 8. */
import { ABCD } from './abcd.ts'
import { compileDialect } from './compile.ts'
import type { Dialect } from './dialect.ts'
import { MC1 } from './mc1.ts'
import { VMOL } from './vmol.ts'

/** Every shipped dialect; one a user writes goes through `compileDialect`. */
export const DIALECTS: Readonly<Record<string, Dialect>> = Object.fromEntries(
  [MC1, VMOL, ABCD].map(table => [table.name, compileDialect(table)]),
)
