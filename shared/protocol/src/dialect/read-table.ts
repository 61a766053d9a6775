/** Reads a dialect's table from a configuration: what is in it is unknown, so each key is looked at before the table is. */
import { checkTable } from './check-table.ts'
import type { DialectTable } from './table.ts'

/** Throws where a value is not of its kind. `path` names it, as `framing.counts`. */
type Check = (value: unknown, path: string) => void

/** The dialect `name` as its configuration writes it: a table without `name` and `shared`; `title` may be left out. Throws TypeError naming the key that is wrong. */
export function readDialectTable(name: string, raw: unknown): DialectTable {
  try {
    table(raw, '')
  } catch (error) {
    if (!(error instanceof Wrong)) throw error
    throw new TypeError(`dialect ${name}: ${error.message}`, { cause: error })
  }
  const read = { title: name, ...(raw as Partial<DialectTable>), name } as DialectTable
  const { handshake } = read
  const whole = handshake === undefined ? read : { ...read, handshake: { ...handshake, name } }
  checkTable(whole)
  return whole
}

class Wrong extends Error {}

function wrong(path: string, value: unknown, expected: string): Wrong {
  const shown = value === undefined ? 'is absent' : `is ${JSON.stringify(value)}`
  return new Wrong(`${path === '' ? 'it' : path} ${shown}, expected ${expected}`)
}

const kind =
  (expected: string, is: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (!is(value)) throw wrong(path, value, expected)
  }

const integer = kind('an integer', Number.isInteger)
const text = kind('a text', value => typeof value === 'string')
const flag = kind('true or false', value => typeof value === 'boolean')
const oneOf = (...names: string[]): Check => kind(`one of ${names.join(', ')}`, value => names.includes(value as string))

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Keys and values; a key that is in neither list is refused. */
function record(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  const known = { ...required, ...optional }
  return (value, path) => {
    if (!isRecord(value)) throw wrong(path, value, `keys and values: ${Object.keys(known).join(', ')}`)
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(known, key)) throw new Wrong(`${at(key)} is not known, expected ${Object.keys(known).join(', ')}`)
    }
    for (const [key, check] of Object.entries(known)) {
      if (value[key] !== undefined || Object.hasOwn(required, key)) check(value[key], at(key))
    }
  }
}

function list(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrong(path, value, 'a list')
    for (const [index, item] of value.entries()) check(item, `${path}[${index}]`)
  }
}

const field = record(
  { name: text, offset: integer, type: oneOf('u8', 'u16', 'u32', 'i32') },
  { little: flag, constant: integer, default: integer },
)

const FRAMINGS: Readonly<Record<string, Check>> = {
  length: record({ by: text, field: text, counts: oneOf('payload', 'rest', 'frame') }, { maximum: integer }),
  fixed: record({ by: text, size: integer }),
  delimiter: record({ by: text, delimiter: integer }, { escape: integer, ignore: integer }),
  operation: record({ by: text, sizes, maximum: integer }),
}

function framing(value: unknown, path: string): void {
  const by = isRecord(value) ? value.by : undefined
  if (typeof by !== 'string' || !Object.hasOwn(FRAMINGS, by)) throw wrong(`${path}.by`, by, Object.keys(FRAMINGS).join(', '))
  FRAMINGS[by](value, path)
}

function sizes(value: unknown, path: string): void {
  if (!isRecord(value)) throw wrong(path, value, 'sizes by the number of an operation')
  for (const [operation, rule] of Object.entries(value)) {
    if (!/^\d+$/.test(operation)) throw new Wrong(`${path}.${operation} is not known, expected the number of an operation`)
    if (typeof rule === 'number') integer(rule, `${path}.${operation}`)
    else record({ at: integer, plus: integer })(rule, `${path}.${operation}`)
  }
}

function correlation(value: unknown, path: string): void {
  if (typeof value === 'string') return
  if (!Array.isArray(value) || value.length !== 2) throw wrong(path, value, 'the name of a field, or a list of two')
  list(text)(value, path)
}

const LAYOUT = { headerSize: integer, fields: list(field), framing }
const checksum = record(
  { algorithm: oneOf('crc8', 'crc16-modbus', 'crc32') },
  { field: text, little: flag, covers: oneOf('before', 'others'), from: integer, onMismatch: oneOf('close', 'refuse') },
)

const handshake = record(
  {
    ...LAYOUT,
    operation: text,
    number: text,
    syn: integer,
    synAck: integer,
    ack: integer,
    repeated: record({ at: integer, value: integer }),
  },
  { checksum },
)

const table = record(LAYOUT, {
  title: text,
  checksum,
  operation: text,
  correlation,
  opcodeBase: integer,
  request: integer,
  answer: integer,
  error: integer,
  heartbeat: integer,
  bareHeartbeat: record({ question: text, answer: text }),
  broadcast: record({ field: text, value: integer }),
  repeats: integer,
  modbus: record({ unit: text }),
  handshake,
})
