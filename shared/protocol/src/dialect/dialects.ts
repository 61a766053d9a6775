/** The dialects that ship, compiled, by name. docs/protocol.md, section 8. */
import { ABCD } from './abcd.ts'
import { compileDialect } from './compile.ts'
import type { Dialect } from './dialect.ts'
import { FIVE_A } from './five-a.ts'
import { LENGTH32 } from './length32.ts'
import { LINES } from './lines.ts'
import { MC1 } from './mc1.ts'
import { MC1_HANDSHAKE } from './mc1-handshake.ts'
import { MODBUS_RTU } from './modbus-rtu.ts'
import { MODBUS_TCP } from './modbus-tcp.ts'
import { VCL } from './vcl.ts'
import { VMOL } from './vmol.ts'

/** Every shipped dialect; one a user writes goes through `readDialectTable` and `compileDialect`. */
export const DIALECTS: Readonly<Record<string, Dialect>> = Object.fromEntries(
  [MC1, MC1_HANDSHAKE, LENGTH32, LINES, VCL, VMOL, ABCD, FIVE_A, MODBUS_TCP, MODBUS_RTU].map(table => [table.name, compileDialect(table)]),
)
