/** Refuses a table that cannot be compiled, naming the field that is wrong: users write tables in their configuration. */
import { CHECKSUM_SIZES } from './checksum.ts'
import { largest } from './field.ts'
import type { DialectField, DialectTable } from './table.ts'

/** The largest header; real ones have a dozen bytes. */
const MAX_HEADER = 256

/** Throws TypeError with what, where and what was expected. */
export function checkTable(table: DialectTable): void {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(table.name))
    throw wrong(table, 'name', `is ${JSON.stringify(table.name)}`, 'lower-case letters, digits and hyphens')
  checkInteger(table, 'headerSize', table.headerSize, MAX_HEADER)
  checkFields(table)
  checkFraming(table)
  for (const role of ['operation', 'correlation'] as const) checkRole(table, role)
  checkOperations(table)
  if (table.checksum !== undefined && !Object.hasOwn(CHECKSUM_SIZES, table.checksum.algorithm)) {
    throw wrong(table, 'checksum.algorithm', `is ${table.checksum.algorithm}`, Object.keys(CHECKSUM_SIZES).join(', '))
  }
  checkSniffing(table)
}

function checkFields(table: DialectTable): void {
  const taken = new Map<number, string>()
  const names = new Set<string>()
  for (const [index, field] of table.fields.entries()) {
    const path = `fields[${index}] (${field.name})`
    if (names.has(field.name)) throw wrong(table, path, 'has a name that another field has', 'a name of its own')
    names.add(field.name)
    if (![1, 2, 4].includes(field.size)) throw wrong(table, `${path}.size`, `is ${field.size}`, '1, 2 or 4 bytes')
    checkInteger(table, `${path}.offset`, field.offset, MAX_HEADER)
    if (field.offset + field.size > table.headerSize) {
      throw wrong(table, path, `ends at ${field.offset + field.size}`, `at most headerSize, ${table.headerSize}`)
    }
    for (let at = field.offset; at < field.offset + field.size; at++) {
      const other = taken.get(at)
      if (other !== undefined) throw wrong(table, path, `covers byte ${at}, which ${other} covers`, 'a byte of its own')
      taken.set(at, field.name)
    }
    for (const key of ['constant', 'default'] as const) {
      const value = field[key]
      if (value !== undefined) checkInteger(table, `${path}.${key}`, value, largest(field))
    }
  }
}

function checkFraming(table: DialectTable): void {
  const { framing } = table
  if (framing.by === 'length') {
    const field = fieldNamed(table, framing.field)
    if (field === undefined) throw wrong(table, 'framing.field', `is ${framing.field}`, 'the name of a field')
    if (field.constant !== undefined) throw wrong(table, 'framing.field', `${framing.field} is a constant`, 'a field that varies')
    if (!['payload', 'rest', 'frame'].includes(framing.counts)) {
      throw wrong(table, 'framing.counts', `is ${framing.counts}`, 'payload, rest or frame')
    }
    if (framing.maximum !== undefined) checkInteger(table, 'framing.maximum', framing.maximum, largest(field))
  } else if (framing.by === 'fixed') {
    const least = table.headerSize + (table.checksum === undefined ? 0 : CHECKSUM_SIZES[table.checksum.algorithm])
    if (!Number.isInteger(framing.size) || framing.size < Math.max(1, least)) {
      throw wrong(table, 'framing.size', `is ${framing.size}`, `at least header and checksum, ${least} bytes`)
    }
  } else if (framing.by === 'delimiter') {
    for (const key of ['delimiter', 'escape', 'ignore'] as const) {
      const byte = framing[key]
      if (byte !== undefined) checkInteger(table, `framing.${key}`, byte, 255)
    }
    if (framing.escape === framing.delimiter) throw wrong(table, 'framing.escape', 'is the delimiter', 'another byte')
  } else {
    throw wrong(table, 'framing.by', `is ${String((framing as { by: unknown }).by)}`, 'length, fixed or delimiter')
  }
}

function checkRole(table: DialectTable, role: 'operation' | 'correlation'): void {
  const name = table[role]
  if (name === undefined) return
  const field = fieldNamed(table, name)
  if (field === undefined) throw wrong(table, role, `is ${name}`, 'the name of a field')
  if (field.constant !== undefined) throw wrong(table, role, `${name} is a constant`, 'a field that varies')
}

function checkOperations(table: DialectTable): void {
  const field = table.operation === undefined ? undefined : fieldNamed(table, table.operation)
  for (const key of ['request', 'answer', 'error', 'heartbeat'] as const) {
    const value = table[key]
    if (value === undefined) continue
    if (field === undefined) throw wrong(table, key, `is ${value}`, 'nothing, as the header has no operation')
    checkInteger(table, key, value, largest(field))
  }
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
  const value = field.constant ?? 0
  return field.little ? value % 256 : Math.floor(value / 256 ** (field.size - 1)) % 256
}

/** The field of that name. */
export function fieldNamed(table: DialectTable, name: string): DialectField | undefined {
  return table.fields.find(field => field.name === name)
}

function checkInteger(table: DialectTable, where: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) throw wrong(table, where, `is ${value}`, `an integer from 0 to ${max}`)
}

function wrong(table: DialectTable, where: string, what: string, expected: string): TypeError {
  return new TypeError(`dialect ${table.name}: ${where} ${what}, expected ${expected}`)
}
