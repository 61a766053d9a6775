import { compileLua } from './lua-compiler.ts'
import { LuaRuntime } from './lua-runtime.ts'
import { LuaTable, type LuaValue, type Values } from './lua-value.ts'

export { LuaError, LuaTable, type LuaValue } from './lua-value.ts'

type Compiled = (runtime: LuaRuntime) => Values

/** By source: scripts are compiled once for all runs of a process. */
const compiled = new Map<string, Compiled>()

/** Runs a script as Redis would; `redis` is what it finds under that name. Returns its first value. */
export function runLua(source: string, given: readonly string[], redis: LuaTable): LuaValue {
  let run = compiled.get(source)
  if (run === undefined) {
    run = new Function('L', compileLua(source)) as Compiled
    compiled.set(source, run)
  }
  return run(new LuaRuntime({ ARGV: LuaTable.of(given), KEYS: LuaTable.of([]), redis }))?.[0]
}
