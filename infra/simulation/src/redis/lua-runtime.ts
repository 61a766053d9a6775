import { pack, unpack } from './lua-struct.ts'
import { LuaError, LuaTable, type LuaValue, numberText, type Values } from './lua-value.ts'

/** What compiled Lua calls for every operation that means something else in JavaScript (lua-compiler.ts). */
export class LuaRuntime {
  readonly #globals: ReadonlyMap<string, LuaValue>

  constructor(globals: Readonly<Record<string, LuaValue>>) {
    this.#globals = new Map(Object.entries({ ...LIBRARY, ...globals }))
  }

  global(name: string): LuaValue {
    const value = this.#globals.get(name)
    // no error of the script's: nothing may catch it
    if (value === undefined) throw new TypeError(`the simulated Lua has no global ${name}: redis/lua-runtime.ts`)
    return value
  }

  truthy = (value: LuaValue): boolean => value !== undefined && value !== false
  first = (values: Values): LuaValue => values?.[0]
  or = (left: LuaValue, right: () => LuaValue): LuaValue => (this.truthy(left) ? left : right())
  and = (left: LuaValue, right: () => LuaValue): LuaValue => (this.truthy(left) ? right() : left)
  table = (list: readonly LuaValue[], fields: readonly [LuaValue, LuaValue][]): LuaTable => LuaTable.of(list, fields)
  number = (value: LuaValue): number => arithmetic(value)

  called(value: LuaValue): (...given: LuaValue[]) => Values {
    if (typeof value !== 'function') throw new LuaError(`attempt to call a ${typeName(value)} value`)
    return value
  }

  index(table: LuaValue, key: LuaValue): LuaValue {
    if (!(table instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeName(table)} value`)
    return table.get(key)
  }

  store(table: LuaValue, key: LuaValue, value: LuaValue): void {
    if (!(table instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeName(table)} value`)
    table.set(key, value)
  }

  length(value: LuaValue): number {
    if (typeof value === 'string') return value.length
    if (value instanceof LuaTable) return value.length
    throw new LuaError(`attempt to get length of a ${typeName(value)} value`)
  }

  less(left: LuaValue, right: LuaValue): boolean {
    if (typeof left === 'number' && typeof right === 'number') return left < right
    if (typeof left === 'string' && typeof right === 'string') return left < right
    throw new LuaError(`attempt to compare ${typeName(left)} with ${typeName(right)}`)
  }

  concat(left: LuaValue, right: LuaValue): string {
    return text(left, 'concatenate') + text(right, 'concatenate')
  }

  modulo(left: LuaValue, right: LuaValue): number {
    const [a, b] = [arithmetic(left), arithmetic(right)]
    return a - Math.floor(a / b) * b
  }

  *count(from: LuaValue, to: LuaValue, step: LuaValue): Generator<number> {
    const [first, last, by] = [arithmetic(from), arithmetic(to), arithmetic(step)]
    for (let at = first; by > 0 ? at <= last : at >= last; at += by) yield at
  }

  *each([next, state, control]: LuaValue[]): Generator<LuaValue[]> {
    for (;;) {
      const values = this.called(next)(state, control)
      if (values?.[0] === undefined) return
      control = values[0]
      yield values
    }
  }
}

const typeName = (value: LuaValue): string => (value === undefined ? 'nil' : value instanceof LuaTable ? 'table' : typeof value)

function arithmetic(value: LuaValue): number {
  const number = typeof value === 'string' ? toNumber(value) : value
  if (typeof number !== 'number') throw new LuaError(`attempt to perform arithmetic on a ${typeName(value)} value`)
  return number
}

function text(value: LuaValue, verb: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  throw new LuaError(`attempt to ${verb} a ${typeName(value)} value`)
}

function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) ? undefined : number
}

/** A string's part by Lua's places: from 1, negative ones from the end. */
function part(given: LuaValue, from: LuaValue, to: LuaValue): string {
  const whole = text(given, 'take a part of')
  const place = (value: number): number => (value < 0 ? Math.max(whole.length + value + 1, 0) : value)
  const first = Math.max(place(arithmetic(from)), 1)
  const last = to === undefined ? whole.length : place(arithmetic(to))
  return whole.slice(first - 1, Math.max(last, first - 1))
}

/** Lua's patterns as far as the scripts use them: classes, captures, repetition. */
function pattern(source: string): RegExp {
  return new RegExp(source.replaceAll('%w', '[A-Za-z0-9]').replace(/%(.)/g, '\\$1'))
}

function findPlain(given: LuaValue, wanted: LuaValue, from: LuaValue, plain: LuaValue): Values {
  if (plain !== true) throw new LuaError('string.find is simulated for plain text alone')
  const at = text(given, 'search').indexOf(text(wanted, 'search for'), arithmetic(from ?? 1) - 1)
  return at < 0 ? [undefined] : [at + 1, at + text(wanted, 'search for').length]
}

function protectedCall(called: LuaValue, ...given: LuaValue[]): Values {
  try {
    if (typeof called !== 'function') throw new LuaError(`attempt to call a ${typeName(called)} value`)
    return [true, ...(called(...given) ?? [])]
  } catch (error) {
    if (error instanceof LuaError) return [false, error.value]
    throw error
  }
}

const ipairs = (table: LuaValue): Values => [
  (each, at) => {
    const value = (each as LuaTable).get((at as number) + 1)
    return value === undefined ? undefined : [(at as number) + 1, value]
  },
  table,
  0,
]

function pairs(table: LuaValue): Values {
  const entries = [...(table as LuaTable).entries()]
  let at = 0
  return [() => entries[at++]]
}

function format(template: LuaValue, ...given: LuaValue[]): Values {
  const parts = String(template).split(/%(?:\.0f|d)/)
  if (parts.length !== 2 || parts.some(part => part.includes('%')))
    throw new LuaError(`string.format is simulated for one %.0f or %d, not ${String(template)}`)
  return [parts.join(arithmetic(given[0]).toFixed(0))]
}

const module = (members: Record<string, LuaValue>): LuaTable => LuaTable.of([], Object.entries(members))

const LIBRARY: Readonly<Record<string, LuaValue>> = {
  tonumber: value => [toNumber(value)],
  tostring: value => [value === undefined || typeof value === 'boolean' ? String(value ?? 'nil') : text(value, 'tell')],
  type: value => [typeName(value)],
  pcall: protectedCall,
  error: value => {
    throw new LuaError(value)
  },
  ipairs,
  pairs,
  string: module({
    sub: (given, from, to) => [part(given, from, to)],
    find: findPlain,
    rep: (given, times) => [text(given, 'repeat').repeat(arithmetic(times))],
    match: (given, wanted) =>
      pattern(wanted as string)
        .exec(text(given, 'match'))
        ?.slice(-1),
    format,
  }),
  table: module({
    concat: (table, between) => [
      (table as LuaTable)
        .list()
        .map(value => text(value, 'concatenate'))
        .join((between as string | undefined) ?? ''),
    ],
  }),
  math: module({
    floor: value => [Math.floor(arithmetic(value))],
    max: (...given) => [Math.max(...given.map(arithmetic))],
    min: (...given) => [Math.min(...given.map(arithmetic))],
  }),
  struct: module({
    pack: (layout, ...given) => [pack(layout as string, given)],
    unpack: (layout, bytes, from) => unpack(layout as string, bytes as string, (from as number | undefined) ?? 1),
  }),
}
