/** Refuses a table that cannot be compiled, naming the field that is wrong: users write tables in their configuration. */
import { CHECKSUM_TYPES } from './checksum.ts'
import { FIELD_SIZES, largest, writeNumber } from './field.ts'
import { trailerOf } from './layout.ts'
import type { DelimiterFraming, DialectField, DialectTable, HandshakeTable, LayoutTable, LengthFraming, OperationFraming } from './table.ts'

/** The largest header; real ones have a dozen bytes. */
const MAX_HEADER = 256
/** The largest frame of a fixed size or of one that its operation tells. */
const MAX_FRAME = 1 << 20
/** Correlation values remembered for repeats; each keeps its answer. */
const MAX_REPEATS = 256
/** Bytes of two correlation fields together: more would not fit a number. */
const MAX_CORRELATION = 6

/** Throws TypeError with what, where and what was expected. */
export function checkTable(table: DialectTable): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(table.name)) {
    throw wrong(table, 'name', `is ${JSON.stringify(table.name)}`, 'lower-case letters, digits and hyphens')
  }
  checkLayout(table)
  checkCorrelation(table)
  checkOperations(table)
  checkSniffing(table)
  if (table.broadcast !== undefined) checkNumber(table, 'broadcast', table.broadcast.field, table.broadcast.value)
  if (table.modbus !== undefined) varying(table, 'modbus.unit', table.modbus.unit)
  if (table.modbus !== undefined && table.operation === undefined) throw wrong(table, 'modbus', 'is set', 'an operation: the function')
  if (table.handshake !== undefined) checkHandshake(table, table.handshake)
  if (table.repeats === undefined) return
  checkInteger(table, 'repeats', table.repeats, 1, MAX_REPEATS)
  if (table.correlation === undefined) throw wrong(table, 'repeats', `is ${table.repeats}`, 'a correlation to know repeats by')
}

function checkLayout(table: LayoutTable): void {
  checkInteger(table, 'headerSize', table.headerSize, 0, MAX_HEADER)
  checkFields(table)
  if (table.operation !== undefined) varying(table, 'operation', table.operation)
  checkChecksum(table)
  const { framing } = table
  if (framing.by === 'length') checkLength(table, framing)
  else if (framing.by === 'fixed') checkInteger(table, 'framing.size', framing.size, Math.max(1, leastFrame(table)), MAX_FRAME)
  else if (framing.by === 'delimiter') checkDelimiter(table, framing)
  else if (framing.by === 'operation') checkSizes(table, framing)
  else throw wrong(table, 'framing.by', `is ${String((framing as { by: unknown }).by)}`, 'length, fixed, delimiter or operation')
}

function checkHandshake(table: DialectTable, handshake: HandshakeTable): void {
  const name = `${table.name}: handshake`
  const named = { ...handshake, name }
  if (table.framing.by === 'delimiter') throw wrong(table, 'handshake', 'is set', 'frames that tell their size')
  if (handshake.framing.by !== 'length') throw wrong(named, 'framing.by', `is ${handshake.framing.by}`, 'length')
  checkLayout(named)
  for (const key of ['syn', 'synAck', 'ack'] as const) checkNumber(named, key, handshake.operation, handshake[key])
  const { type } = varying(named, 'number', handshake.number)
  if (type !== 'u32') throw wrong(named, 'number', `is a ${type}`, 'a u32')
  checkInteger(named, 'repeated.at', handshake.repeated.at, 0, Math.min(handshake.headerSize, table.headerSize) - 1)
  checkInteger(named, 'repeated.value', handshake.repeated.value, 0, 255)
}

/** Header and checksum. */
const leastFrame = (table: LayoutTable): number => table.headerSize + trailerOf(table)

function checkFields(table: LayoutTable): void {
  const taken = new Map<number, string>()
  const names = new Set<string>()
  for (const [index, field] of table.fields.entries()) {
    const path = `fields[${index}] (${field.name})`
    if (names.has(field.name)) throw wrong(table, path, 'has a name that another field has', 'a name of its own')
    names.add(field.name)
    const size = FIELD_SIZES[field.type]
    if (size === undefined) throw wrong(table, `${path}.type`, `is ${field.type}`, Object.keys(FIELD_SIZES).join(', '))
    checkInteger(table, `${path}.offset`, field.offset, 0, MAX_HEADER)
    const end = field.offset + size
    if (end > table.headerSize) throw wrong(table, path, `ends at ${end}`, `at most headerSize, ${table.headerSize}`)
    for (let at = field.offset; at < end; at++) {
      const other = taken.get(at)
      if (other !== undefined) throw wrong(table, path, `covers byte ${at}, which ${other} covers`, 'a byte of its own')
      taken.set(at, field.name)
    }
    for (const key of ['constant', 'default'] as const) {
      const value = field[key]
      if (value !== undefined) checkInteger(table, `${path}.${key}`, value, 0, largest(field))
    }
  }
}

function checkLength(table: LayoutTable, framing: LengthFraming): void {
  const field = varying(table, 'framing.field', framing.field)
  if (!['payload', 'rest', 'frame'].includes(framing.counts)) {
    throw wrong(table, 'framing.counts', `is ${framing.counts}`, 'payload, rest or frame')
  }
  if (framing.maximum !== undefined) checkInteger(table, 'framing.maximum', framing.maximum, 0, largest(field))
}

function checkDelimiter(table: LayoutTable, framing: DelimiterFraming): void {
  for (const key of ['delimiter', 'escape', 'ignore'] as const) {
    const byte = framing[key]
    if (byte !== undefined) checkInteger(table, `framing.${key}`, byte, 0, 255)
  }
  if (framing.escape === framing.delimiter) throw wrong(table, 'framing.escape', 'is the delimiter', 'another byte')
  if (framing.ignore === framing.delimiter) throw wrong(table, 'framing.ignore', 'is the delimiter', 'another byte')
  if (framing.ignore !== undefined && framing.ignore === framing.escape)
    throw wrong(table, 'framing.ignore', 'is the escape', 'another byte')
  if (framing.escape === undefined && leastFrame(table) > 0) {
    throw wrong(table, 'framing.escape', 'is absent', 'an escape, as a header or a checksum may hold the delimiter')
  }
}

function checkSizes(table: LayoutTable, framing: OperationFraming): void {
  checkInteger(table, 'framing.maximum', framing.maximum, Math.max(1, leastFrame(table)), MAX_FRAME)
  if (table.operation === undefined) throw wrong(table, 'framing.by', 'is operation', 'an operation that tells the size')
  if (table.checksum === undefined || trailerOf(table) === 0) {
    throw wrong(table, 'framing.by', 'is operation', 'a checksum at the end, which tells where an operation that is not listed ends')
  }
  for (const [operation, rule] of Object.entries(framing.sizes)) {
    const path = `framing.sizes.${operation}`
    if (typeof rule === 'number') checkInteger(table, path, rule, leastFrame(table), framing.maximum)
    else {
      checkInteger(table, `${path}.plus`, rule.plus, leastFrame(table), framing.maximum - 255)
      checkInteger(table, `${path}.at`, rule.at, 0, rule.plus - trailerOf(table) - 1)
    }
  }
}

function checkChecksum(table: LayoutTable): void {
  const { checksum } = table
  if (checksum === undefined) return
  const type = CHECKSUM_TYPES[checksum.algorithm]
  if (type === undefined) {
    throw wrong(table, 'checksum.algorithm', `is ${checksum.algorithm}`, Object.keys(CHECKSUM_TYPES).join(', '))
  }
  if (checksum.field !== undefined) {
    const field = varying(table, 'checksum.field', checksum.field)
    if (field.type !== type) throw wrong(table, 'checksum.field', `${field.name} is a ${field.type}`, `a ${type} for ${checksum.algorithm}`)
  }
  if (!['before', 'others', undefined].includes(checksum.covers))
    throw wrong(table, 'checksum.covers', `is ${checksum.covers}`, 'before or others')
  if (!['close', 'refuse', undefined].includes(checksum.onMismatch)) {
    throw wrong(table, 'checksum.onMismatch', `is ${checksum.onMismatch}`, 'close or refuse')
  }
  const place = checksum.field === undefined ? table.headerSize : varying(table, 'checksum.field', checksum.field).offset
  if (checksum.from !== undefined) checkInteger(table, 'checksum.from', checksum.from, 0, place)
}

function checkCorrelation(table: DialectTable): void {
  const { correlation } = table
  if (correlation === undefined) return
  const names = typeof correlation === 'string' ? [correlation] : correlation
  if (names.length < 1 || names.length > 2) throw wrong(table, 'correlation', `names ${names.length} fields`, 'one or two')
  let bytes = 0
  for (const name of names) bytes += FIELD_SIZES[varying(table, 'correlation', name).type]
  if (bytes > MAX_CORRELATION) throw wrong(table, 'correlation', `has ${bytes} bytes`, `at most ${MAX_CORRELATION}`)
}

function checkOperations(table: DialectTable): void {
  for (const key of ['request', 'answer', 'error', 'heartbeat'] as const) {
    const value = table[key]
    if (value === undefined) continue
    if (table.operation === undefined) throw wrong(table, key, `is ${value}`, 'nothing, as the header has no operation')
    checkNumber(table, key, table.operation, value)
  }
  if (table.opcodeBase !== undefined) checkInteger(table, 'opcodeBase', table.opcodeBase, 0, 0xffff)
}

function checkSniffing(table: DialectTable): void {
  const first = table.fields.find(field => field.offset === 0 && field.constant !== undefined)
  if (table.shared && first === undefined) throw wrong(table, 'shared', 'is true', 'a constant at offset 0 to tell the dialect by')
  const bare = table.bareHeartbeat
  if (bare === undefined) return
  if (!/^[\x20-\x7e]+$/.test(bare.question) || !/^[\x20-\x7e]+$/.test(bare.answer)) {
    throw wrong(table, 'bareHeartbeat', 'is empty or not ASCII', 'printable ASCII')
  }
  const constant = first === undefined ? undefined : firstByte(first)
  if (table.framing.by === 'delimiter' || constant === undefined || constant === bare.question.charCodeAt(0)) {
    throw wrong(table, 'bareHeartbeat', 'could be a frame', 'a first byte that no frame begins with')
  }
}

function firstByte(field: DialectField): number {
  const bytes = new Uint8Array(4)
  writeNumber(bytes, 0, { ...field, offset: 0 }, field.constant ?? 0)
  return bytes[0]
}

/** The field of that name, which must be there and not be a constant. */
function varying(table: LayoutTable, where: string, name: string): DialectField {
  const field = table.fields.find(candidate => candidate.name === name)
  if (field === undefined)
    throw wrong(table, where, `is ${name}`, `the name of a field: ${table.fields.map(({ name: known }) => known).join(', ')}`)
  if (field.constant !== undefined) throw wrong(table, where, `${name} is a constant`, 'a field that varies')
  return field
}

/** A value of a field that varies. */
function checkNumber(table: LayoutTable, where: string, field: string, value: number): void {
  checkInteger(table, where, value, 0, largest(varying(table, where, field)))
}

function checkInteger(table: LayoutTable, where: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw wrong(table, where, `is ${value}`, `an integer from ${least} to ${most}`)
  }
}

function wrong(table: LayoutTable, where: string, what: string, expected: string): TypeError {
  return new TypeError(`dialect ${table.name}: ${where} ${what}, expected ${expected}`)
}
