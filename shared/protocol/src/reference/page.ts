/** The reference page of a dialect, made from its table and its vectors. */

import { CHECKSUM_TYPES } from '../dialect/checksum.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { MODBUS_FUNCTIONS } from '../dialect/modbus-function.ts'
import type { DialectField, DialectTable, HandshakeTable, LayoutTable } from '../dialect/table.ts'
import { utf8Encode } from '../utf8.ts'
import type { Vector } from './vectors.ts'
import { vectorsOf } from './vectors.ts'

/** Hex shown of an example, characters; the vectors have all of it. */
const SHOWN = 96

/** docs/dialects/NAME.md. */
export function dialectPage(dialect: Dialect): string {
  const { table } = dialect
  const sections = [
    `# \`${table.name}\``,
    `${table.title}. Made from its table by \`npm run docs\`; the rules that all dialects share are in [protocol.md](../protocol.md), section 8.`,
    layoutSection(table),
    ...(table.handshake === undefined ? [] : [handshakeSection(table.handshake)]),
    `## Questions and answers\n\n${rules(dialect)
      .map(rule => `- ${rule}`)
      .join('\n')}`,
    ...(table.modbus === undefined ? [] : [modbusSection()]),
    listenerSection(table),
    exampleSection(vectorsOf(dialect)),
  ]
  return `${sections.join('\n\n')}\n`
}

function layoutSection(table: DialectTable): string {
  return ['## Frame', ...(table.headerSize === 0 ? [] : [fieldTable(table)]), framingText(table), checksumText(table)]
    .filter(text => text !== '')
    .join('\n\n')
}

function fieldTable(table: LayoutTable): string {
  const rows = [...table.fields].sort((left, right) => left.offset - right.offset).map(field => fieldRow(table, field))
  return `| offset | field | type | value |\n|-|-|-|-|\n${rows.join('\n')}`
}

function fieldRow(table: LayoutTable, field: DialectField): string {
  const order = field.type !== 'u8' && field.little ? ', little-endian' : ''
  return `| ${field.offset} | ${field.name} | ${field.type}${order} | ${valueText(table, field)} |`
}

function valueText(table: LayoutTable, { name, type, constant }: DialectField): string {
  if (constant !== undefined) return numberText(constant, type)
  const { framing, checksum, operation } = table
  const { correlation = [], broadcast, modbus } = table as DialectTable
  const roles = [
    framing.by === 'length' && framing.field === name ? LENGTH_COUNTS[framing.counts] : '',
    operation === name ? 'the operation' : '',
    [correlation].flat().includes(name) ? 'the answer has the same' : '',
    checksum?.field === name ? `${checksum.algorithm}` : '',
    modbus?.unit === name ? 'the unit' : '',
    broadcast?.field === name ? `${broadcast.value} is for all: nobody answers` : '',
  ]
  return roles.filter(role => role !== '').join('; ')
}

const LENGTH_COUNTS = { payload: 'bytes of the payload', rest: 'bytes behind this field', frame: 'bytes of the whole frame' }

function numberText(value: number, type: DialectField['type']): string {
  return value < 10
    ? String(value)
    : `0x${value
        .toString(16)
        .toUpperCase()
        .padStart(type === 'u8' ? 2 : type === 'u16' ? 4 : 8, '0')}`
}

function framingText({ framing, headerSize }: LayoutTable): string {
  const behind = headerSize === 0 ? 'All of it is the payload.' : 'The payload follows the header.'
  if (framing.by === 'length') {
    const most = framing.maximum === undefined ? '`maxPayload`' : `${framing.maximum} in ${framing.field}`
    return `${behind} More than ${most} is TOO_LARGE, refused from the header alone.`
  }
  if (framing.by === 'fixed') return `Every frame has ${framing.size} bytes; a shorter payload is padded with zeros.`
  if (framing.by === 'delimiter') {
    const hiding =
      framing.escape === undefined
        ? "There is no escape: a payload can't hold it."
        : `The byte ${byteText(framing.escape)} makes the next one plain.`
    const ignore = framing.ignore === undefined ? '' : ` A byte ${byteText(framing.ignore)} right before it is ignored.`
    return `A frame ends at the byte ${byteText(framing.delimiter)}.${ignore} ${hiding} Frames longer than \`maxPayload\` are TOO_LARGE.`
  }
  const rows = Object.entries(framing.sizes).map(
    ([operation, rule]) => `| ${operation} | ${typeof rule === 'number' ? rule : `${rule.plus} and the byte at ${rule.at}`} |`,
  )
  return `The operation tells the size of the frame; any other ends where its checksum first fits, within ${framing.maximum} bytes.\n\n| operation | bytes |\n|-|-|\n${rows.join('\n')}`
}

const byteText = (byte: number): string => `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`

function checksumText({ checksum }: LayoutTable): string {
  if (checksum === undefined) return ''
  const names = {
    crc8: 'CRC-8 (polynomial 0x07, initial value 0)',
    'crc16-modbus': 'CRC-16/MODBUS (reflected polynomial 0xA001, initial value 0xFFFF)',
    crc32: 'CRC-32 (IEEE 802.3, as zlib)',
  }
  const place =
    checksum.field === undefined
      ? `It ends the frame as ${CHECKSUM_TYPES[checksum.algorithm]}${checksum.little ? ', little-endian' : ''}`
      : `It stands in ${checksum.field}`
  const from = checksum.from ? ` from byte ${checksum.from} on` : ''
  const covers = checksum.covers === 'others' ? `all other bytes of the frame${from}` : `the bytes before it${from}`
  const mismatch =
    checksum.onMismatch === 'refuse'
      ? 'A wrong one is answered with the error form, BAD_CHECKSUM: the message is to be sent again.'
      : 'A wrong one ends the connection with BAD_CHECKSUM.'
  return `Checksum: ${names[checksum.algorithm]}. ${place} and covers ${covers}. ${mismatch}`
}

function handshakeSection(handshake: HandshakeTable): string {
  const { operation, number, syn, synAck, ack } = handshake
  return [
    '## Handshake',
    'Three control frames come before the first message:',
    fieldTable(handshake),
    checksumText(handshake),
    [
      `- SYN, from the client: ${operation} ${syn}, ${number} is the client's first number c.`,
      `- SYN-ACK, from the gateway: ${operation} ${synAck}, ${number} is its own first number s, the payload is c + 1 as u32.`,
      `- ACK, from the client: ${operation} ${ack}, ${number} is s + 1. Numbers go round at 2^32.`,
      '- A SYN that comes again before the ACK gets the same SYN-ACK; an ACK that comes again is ignored. Another number in either is BAD_FRAME, a wrong checksum BAD_CHECKSUM: both end the connection.',
    ].join('\n'),
  ].join('\n\n')
}

function rules({ table, ordered }: Dialect): string[] {
  const names = [table.correlation ?? []].flat()
  const matched = ordered ? 'in the order of their questions, refusals and timeouts too' : `by ${names.join(' and ')}, as they come`
  const operation = table.operation
  return [
    `Answers come ${matched}.`,
    operation === undefined
      ? "The header names no operation: the listener's `route` is what is asked, and without one the answer is NO_ROUTE."
      : routeText(table, operation),
    ...(table.answer === undefined ? [] : [`An answer has ${operation} ${table.answer}.`]),
    errorText(table),
    ...(table.heartbeat === undefined
      ? []
      : [`${operation} ${table.heartbeat} is a heartbeat: the gateway sends it back, payload included.`]),
    ...(table.bareHeartbeat === undefined
      ? []
      : [
          `The bare bytes \`${table.bareHeartbeat.question}\` (${hexText(utf8Encode(table.bareHeartbeat.question))}) are a heartbeat too, answered \`${table.bareHeartbeat.answer}\`.`,
        ]),
    ...(table.repeats === undefined
      ? []
      : [
          `Of the last ${table.repeats} values of ${names.join(' and ')} each is remembered: the same bytes again are answered again and not handled again. What was refused with nothing stored is handled when it comes again.`,
        ]),
    'The chunks of a stream are joined into one answer. A one-way route gives none.',
  ]
}

function routeText({ opcodeBase = 0 }: DialectTable, operation: string): string {
  const opcode = opcodeBase === 0 ? 'with that opcode' : `with opcode 0x${opcodeBase.toString(16).toUpperCase()} + ${operation}`
  return `${operation} asks for the route ${opcode}, unless the listener's \`routes\` name another for it.`
}

function errorText({ error, operation, modbus }: DialectTable): string {
  const json = 'the JSON problem of [errors.md](../errors.md)'
  if (modbus !== undefined)
    return 'A failure is a Modbus exception: function + 0x80 and one byte, below. A connection that ends is told nothing.'
  if (error === undefined) return `A failure is an answer whose payload is ${json}; a shorter one, or none, where it doesn't fit.`
  return `A failure has ${operation} ${error < 0x100 ? byteText(error) : numberText(error, 'u16')}, and as payload ${json}; a shorter one, or none, where it doesn't fit.`
}

function modbusSection(): string {
  const rows = Object.entries(MODBUS_FUNCTIONS).map(([code, { name, kind, of, most }]) => {
    const asked = kind === 'read' ? '{unit, address, count}' : '{unit, address, values}'
    return `| ${code} | ${name} | \`${asked}\` | ${most} | ${kind === 'read' ? `\`{values}\`, ${of === 'bits' ? 'true and false, or 1 and 0' : '0 to 65535'}` : 'anything'} |`
  })
  return [
    '## Modbus',
    'A handler gets the PDU as JSON and answers in JSON. It may answer `{exception}` with a number of its own.',
    `| function | name | payload | most values | answer |\n|-|-|-|-|-|\n${rows.join('\n')}`,
    '| exception | when |\n|-|-|\n| 1 | no such function, no route, no permission |\n| 2 | an address out of range; the handler rejected it |\n| 3 | a malformed PDU; a payload that does not fit its schema |\n| 4 | the handler failed, was given up, or its answer does not fit the question |\n| 6 | overloaded: ask again later |\n| 11 | no answer in time; the log or the session store does not answer |',
  ].join('\n\n')
}

function listenerSection({ name, operation, shared }: DialectTable): string {
  const own = `    {"port": 7411, "dialect": "${name}", "auth": "none"${operation === undefined ? ', "route": "echo"' : ''}}`
  const port = shared
    ? 'The shared port tells it by its first bytes. A port of its own, in `CAUSEWAY_LISTENERS`:'
    : 'It needs a port of its own, in `CAUSEWAY_LISTENERS`:'
  return `## Listener\n\n${port}\n\n${own}`
}

function exampleSection(vectors: readonly Vector[]): string {
  const rows = vectors.map(
    ({ meaning, hex, messages, ends }) => `| ${meaning} | ${cut(hex)} | ${ends === undefined ? repliesText(messages) : ends.code} |`,
  )
  return `## Bytes\n\nPayloads have at most 1,024 bytes here. All of it, with the fields decoded, is in \`@causeway/protocol/vectors\`.\n\n| from the client | bytes | answered with |\n|-|-|-|\n${rows.join('\n')}`
}

function repliesText(messages: Vector['messages']): string {
  return (
    messages
      .map(({ answer, reply }) => answer?.hex ?? reply ?? '')
      .filter(hex => hex !== '')
      .map(cut)
      .join(' ') || 'nothing'
  )
}

const cut = (hex: string): string => `\`${hex.length > SHOWN ? `${hex.slice(0, SHOWN)}…` : hex}\``

const hexText = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
