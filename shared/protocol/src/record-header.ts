/**
 * The one text header `causeway` of a Kafka record: what the worker must know beside the payload.
 *
 *     1;msgId;prev;kind;codec;opcode;deadline;route;gateway;epoch;incarnation;principal;key;marks
 *
 * Fixed fields come first, then those that stay the same for a session and route (the tail), then the idempotency key. `marks` is last:
 * `h` and a number where emits have led to the message, then `r` where it is sent again, so that a sender marks a record by appending one letter. In texts `%`, `;`, controls and non-ASCII are
 * percent-encoded as UTF-8.
 */
import { ProtocolError } from './errors.ts'

/** The name of the header. */
export const RECORD_HEADER = 'causeway'

/** What a client message is; kept as its first letter. */
export type RecordKind = 'request' | 'notify' | 'event'

/** A decoded header. */
export interface RecordHeader {
  msgId: number
  /** The msgId admitted before this one in the session; 0 for the first. */
  prev: number
  route: string
  codec: number
  kind: RecordKind
  /** The id of the gateway that appended the record. */
  gateway: string
  epoch: number
  incarnation: string
  principal: string
  /** Unix milliseconds. */
  deadline: number
  /** The idempotency key, or ''. */
  key: string
  opcode: number
  /** Whether an earlier append may have succeeded too. */
  resent: boolean
  /** How many emits, one after the other, have led to the message; left out where none has. */
  hops?: number
}

/** The fields that stay the same for a session and route. */
export type RecordHeaderTail = Pick<RecordHeader, 'route' | 'gateway' | 'epoch' | 'incarnation' | 'principal'>

const VERSION = '1'
const RESENT = 'r'
const HOPS = 'h'
/** Hops, then once or more often: sent again. */
const MARKS = new RegExp(`^(?:${HOPS}([1-9]\\d{0,8}))?(${RESENT}*)$`)
const KINDS: Record<string, RecordKind> = { r: 'request', n: 'notify', e: 'event' }
const KINDS_BY_LETTER: readonly (RecordKind | undefined)[] = Object.entries(KINDS).reduce((byCode: RecordKind[], [letter, kind]) => {
  byCode[letter.charCodeAt(0)] = kind
  return byCode
}, [])
const VERSION_LETTER = VERSION.charCodeAt(0)
const [SEMICOLON, ZERO, NINE] = [';', '0', '9'].map(letter => letter.charCodeAt(0)) as [number, number, number]
const ESCAPED = /[^\x20-\x24\x26-\x3a\x3c-\x7e]+/g

/** Tails a decoder remembers: about as many as there are sessions in a batch. */
const TAIL_CACHE = 4_096
const tails = new Map<string, RecordHeaderTail>()

/** The text of a header; throws RangeError where a number is no integer of 0 or more, naming the field: a reader would refuse the record. */
export function encodeRecordHeader(header: RecordHeader): string {
  const { msgId, prev, kind, codec, opcode, deadline, key, resent, hops = 0 } = header
  if (!isCount(hops)) throw unwritable({ hops })
  const text = encodeRecordHeaderWith(recordHeaderTail(header), msgId, prev, kind, codec, opcode, deadline, key)
  return text + (hops === 0 ? '' : HOPS + hops) + (resent ? RESENT : '')
}

/** The part of a header that a gateway makes once for a session and route; throws RangeError as `encodeRecordHeader` does. */
export function recordHeaderTail(tail: RecordHeaderTail): string {
  const { route, gateway, epoch, incarnation, principal } = tail
  if (!isCount(epoch)) throw unwritable({ epoch })
  return `${escapeText(route)};${escapeText(gateway)};${epoch};${escapeText(incarnation)};${escapeText(principal)}`
}

/** The text of a header, not resent, around a tail that `recordHeaderTail` made; throws RangeError as `encodeRecordHeader` does. */
export function encodeRecordHeaderWith(
  tail: string,
  msgId: number,
  prev: number,
  kind: RecordKind,
  codec: number,
  opcode: number,
  deadline: number,
  key: string,
): string {
  const writable = isCount(msgId) && isCount(prev) && isCount(codec) && isCount(opcode) && isCount(deadline)
  if (!writable) throw unwritable({ msgId, prev, codec, opcode, deadline })
  return `1;${msgId};${prev};${kind[0]};${codec};${opcode};${deadline};${tail};${key === '' ? '' : escapeText(key)};`
}

/** Reads the text of a header; throws ProtocolError BAD_FRAME saying which field is wrong. */
export function decodeRecordHeader(text: string): RecordHeader {
  return decodePlain(text) ?? decodeAny(text)
}

/** As a gateway writes most: digits alone, no key, no marks. undefined where it is anything else, wrong or not. */
function decodePlain(text: string): RecordHeader | undefined {
  const end = text.length - 2
  if (text.charCodeAt(0) !== VERSION_LETTER || text.charCodeAt(1) !== SEMICOLON) return undefined
  if (text.charCodeAt(end) !== SEMICOLON || text.charCodeAt(end + 1) !== SEMICOLON) return undefined
  behind = 2
  const msgId = digits(text)
  const prev = digits(text)
  const kind = text.charCodeAt(behind + 1) === SEMICOLON ? KINDS_BY_LETTER[text.charCodeAt(behind)] : undefined
  behind += 2
  const codec = digits(text)
  const opcode = digits(text)
  const deadline = digits(text)
  // NaN where one of them was no number
  if (kind === undefined || !(msgId + prev + codec + opcode + deadline <= Number.MAX_SAFE_INTEGER)) return undefined
  const { route, gateway, epoch, incarnation, principal } = decodeTail(text.slice(behind, end))
  return { msgId, prev, route, codec, kind, gateway, epoch, incarnation, principal, deadline, key: '', opcode, resent: false }
}

/** Where the text goes on behind what `digits` has read. */
let behind = 0

/** The digits up to the next semicolon; NaN where there are none or anything else. */
function digits(text: string): number {
  const start = behind
  let value = 0
  let code = text.charCodeAt(behind)
  while (code >= ZERO && code <= NINE) {
    value = value * 10 + code - ZERO
    code = text.charCodeAt(++behind)
  }
  return behind++ > start && code === SEMICOLON ? value : Number.NaN
}

function decodeAny(text: string): RecordHeader {
  const ends: number[] = []
  let at = -1
  for (let field = 0; field < 7; field++) {
    at = text.indexOf(';', at + 1)
    if (at < 0) throw wrong('fields', `${field + 1}`, '14')
    ends.push(at)
  }
  const marksAt = text.lastIndexOf(';')
  const keyAt = text.lastIndexOf(';', marksAt - 1)
  if (keyAt <= at) throw wrong('fields', 'fewer', '14')
  const version = text.slice(0, ends[0])
  if (version !== VERSION) throw wrong('version', version, VERSION)
  const tail = decodeTail(text.slice(at + 1, keyAt))
  const kind = KINDS[text.slice(ends[2] + 1, ends[3])]
  if (kind === undefined) throw wrong('kind', text.slice(ends[2] + 1, ends[3]), 'r, n or e')
  const { resent, hops } = marksAt === text.length - 1 ? NO_MARKS : readMarks(text.slice(marksAt + 1))
  const header: RecordHeader = {
    msgId: number('msgId', text.slice(ends[0] + 1, ends[1])),
    prev: number('prev', text.slice(ends[1] + 1, ends[2])),
    route: tail.route,
    codec: number('codec', text.slice(ends[3] + 1, ends[4])),
    kind,
    gateway: tail.gateway,
    epoch: tail.epoch,
    incarnation: tail.incarnation,
    principal: tail.principal,
    deadline: number('deadline', text.slice(ends[5] + 1, ends[6])),
    key: keyAt + 1 === marksAt ? '' : unescapeText('key', text.slice(keyAt + 1, marksAt)),
    opcode: number('opcode', text.slice(ends[4] + 1, ends[5])),
    resent,
  }
  if (hops > 0) header.hops = hops
  return header
}

const NO_MARKS = { resent: false, hops: 0 }

function readMarks(marks: string): typeof NO_MARKS {
  const found = MARKS.exec(marks)
  if (found === null) throw wrong('marks', marks, "'', h and a number, or r behind them")
  return { resent: found[2] !== '', hops: Number(found[1] ?? 0) }
}

function decodeTail(text: string): RecordHeaderTail {
  const known = tails.get(text)
  if (known !== undefined) return known
  const fields = text.split(';')
  if (fields.length !== 5) throw wrong('fields', `${fields.length + 9}`, '14')
  const [route, gateway, epoch, incarnation, principal] = fields
  const tail = {
    route: unescapeText('route', route),
    gateway: unescapeText('gateway', gateway),
    epoch: number('epoch', epoch),
    incarnation: unescapeText('incarnation', incarnation),
    principal: unescapeText('principal', principal),
  }
  // Emptied whole rather than entry by entry: no bookkeeping on a hit, and the sessions in use are back within a batch.
  if (tails.size >= TAIL_CACHE) tails.clear()
  tails.set(text, tail)
  return tail
}

function number(field: string, text: string): number {
  const value = Number(text)
  if (text === '' || !isCount(value)) throw wrong(field, text, 'an integer of 0 or more')
  return value
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

function unwritable(numbers: Record<string, number>): RangeError {
  const [field, value] = Object.entries(numbers).find(([, value]) => !isCount(value))!
  return new RangeError(`record header ${field} is ${value}, expected an integer of 0 or more`)
}

function escapeText(text: string): string {
  return text.toWellFormed().replace(ESCAPED, encodeURIComponent)
}

function unescapeText(field: string, text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new ProtocolError('BAD_FRAME', `record header ${field} has a broken percent-encoding`, { cause })
  }
}

function wrong(field: string, got: string, expected: string): ProtocolError {
  return new ProtocolError('BAD_FRAME', `record header ${field}: got ${JSON.stringify(got.slice(0, 64))}, expected ${expected}`)
}
