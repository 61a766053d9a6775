/** Values of Lua as JavaScript has them here: nil is undefined, a string holds one byte a character. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction
/** What a function returns; undefined for nothing. */
export type Values = LuaValue[] | undefined
export type LuaFunction = (...given: LuaValue[]) => Values

/** An error that Lua's pcall catches. */
export class LuaError extends Error {
  readonly value: LuaValue

  constructor(value: LuaValue) {
    super(value instanceof LuaTable ? String(value.get('err')) : String(value))
    this.value = value
  }
}

/** Lua writes a number as %.14g: whole ones without a point. */
export const numberText = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(14))))

/** A table: what lies at 1, 2, 3 … in an array, all else by key. */
export class LuaTable {
  readonly #list: LuaValue[] = []
  readonly #fields = new Map<LuaValue, LuaValue>()

  static of(list: readonly LuaValue[], fields: readonly (readonly [LuaValue, LuaValue])[] = []): LuaTable {
    const table = new LuaTable()
    for (const [index, value] of list.entries()) table.set(index + 1, value)
    for (const [key, value] of fields) table.set(key, value)
    return table
  }

  get length(): number {
    return this.#list.length
  }

  get(key: LuaValue): LuaValue {
    return typeof key === 'number' && key >= 1 && key <= this.#list.length ? this.#list[key - 1] : this.#fields.get(key)
  }

  set(key: LuaValue, value: LuaValue): void {
    if (key === undefined) throw new LuaError('table index is nil')
    const end = this.#list.length
    if (typeof key === 'number' && key >= 1 && key <= end) {
      if (value !== undefined) this.#list[key - 1] = value
      else this.#cut(key)
    } else if (key === end + 1 && value !== undefined) {
      this.#fields.delete(key)
      this.#list.push(value)
      this.#takeFollowing()
    } else if (value === undefined) this.#fields.delete(key)
    else this.#fields.set(key, value)
  }

  /** The list ends before `key`; what lay behind it is found by its key. */
  #cut(key: number): void {
    const behind = this.#list.splice(key - 1)
    for (let index = 1; index < behind.length; index++) this.#fields.set(key + index, behind[index])
  }

  #takeFollowing(): void {
    for (let next = this.#fields.get(this.#list.length + 1); next !== undefined; next = this.#fields.get(this.#list.length + 1)) {
      this.#fields.delete(this.#list.length + 1)
      this.#list.push(next)
    }
  }

  list(): readonly LuaValue[] {
    return this.#list
  }

  *entries(): Generator<[LuaValue, LuaValue]> {
    for (let index = 0; index < this.#list.length; index++) yield [index + 1, this.#list[index]]
    yield* this.#fields
  }
}
