/** Reads the JSON body of a control frame: every field is checked for type and bound, unknown ones are ignored, null is absent. */
import { ProtocolError } from './errors.ts'
import { utf8Decode } from './utf8.ts'

/** An object of unknown fields that names itself in errors, as `syn.waiting`. */
export class JsonBody {
  readonly #name: string
  readonly #fields: Record<string, unknown>

  constructor(name: string, value: unknown) {
    this.#name = name
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected(name, 'a JSON object', value)
    this.#fields = value as Record<string, unknown>
  }

  /** The body in a payload; throws ProtocolError BAD_FRAME where it isn't a JSON object in UTF-8. */
  static parse(name: string, payload: Uint8Array): JsonBody {
    let value: unknown
    try {
      value = JSON.parse(utf8Decode(payload))
    } catch (cause) {
      throw new ProtocolError('BAD_FRAME', `${name} has a body that is not JSON in UTF-8`, { cause })
    }
    return new JsonBody(name, value)
  }

  #get(field: string): unknown {
    return Object.hasOwn(this.#fields, field) ? (this.#fields[field] ?? undefined) : undefined
  }

  /** A text of at most `max` characters. */
  text(field: string, max: number): string | undefined {
    const value = this.#get(field)
    if (value === undefined) return undefined
    if (typeof value !== 'string') throw expected(`${this.#name}.${field}`, 'a text', value)
    if (value.length > max) {
      throw new ProtocolError('BAD_FRAME', `${this.#name}.${field} has ${value.length} characters, expected at most ${max}`)
    }
    return value
  }

  /** An integer from 0 to `max`. */
  integer(field: string, max: number): number | undefined {
    const value = this.#get(field)
    return value === undefined ? undefined : integer(`${this.#name}.${field}`, value, max)
  }

  boolean(field: string): boolean | undefined {
    const value = this.#get(field)
    if (value !== undefined && typeof value !== 'boolean') throw expected(`${this.#name}.${field}`, 'true or false', value)
    return value
  }

  /** A list of at most `max` items, each read by `read`, which is told the item's name. */
  list<Item>(field: string, max: number, read: (name: string, value: unknown) => Item): Item[] | undefined {
    const value = this.#get(field)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw expected(`${this.#name}.${field}`, 'a list', value)
    if (value.length > max) {
      throw new ProtocolError('BAD_FRAME', `${this.#name}.${field} has ${value.length} items, expected at most ${max}`)
    }
    return value.map((item: unknown, index) => read(`${this.#name}.${field}[${index}]`, item))
  }

  /** An object of at most `max` names of at most `maxName` characters, each value read by `read`. */
  map<Item>(field: string, max: number, maxName: number, read: (name: string, value: unknown) => Item): Record<string, Item> | undefined {
    const value = this.#get(field)
    if (value === undefined) return undefined
    const path = `${this.#name}.${field}`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected(path, 'a JSON object', value)
    const entries = Object.entries(value)
    if (entries.length > max) throw new ProtocolError('BAD_FRAME', `${path} has ${entries.length} names, expected at most ${max}`)
    const items: [string, Item][] = []
    for (const [name, item] of entries) {
      if (name.length > maxName) {
        throw new ProtocolError('BAD_FRAME', `${path} has a name of ${name.length} characters, expected at most ${maxName}`)
      }
      items.push([name, read(`${path}.${name}`, item)])
    }
    return Object.fromEntries(items)
  }

  /** An object inside this one. */
  object(field: string): JsonBody | undefined {
    const value = this.#get(field)
    return value === undefined ? undefined : new JsonBody(`${this.#name}.${field}`, value)
  }

  /** The value of a field that must be there. */
  required<Value>(field: string, value: Value | undefined): Value {
    if (value === undefined) throw new ProtocolError('BAD_FRAME', `${this.#name}.${field} is missing`)
    return value
  }
}

/** An integer from 0 to `max`; throws ProtocolError BAD_FRAME naming the field. */
export function integer(name: string, value: unknown, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw expected(name, `an integer from 0 to ${max}`, value)
  }
  return value
}

/** The refusal of a field that has the wrong type. */
export function expected(name: string, what: string, value: unknown): ProtocolError {
  const got = typeof value === 'number' || typeof value === 'boolean' ? String(value) : Array.isArray(value) ? 'a list' : typeof value
  return new ProtocolError('BAD_FRAME', `${name} is ${value === null ? 'null' : got}, expected ${what}`)
}
