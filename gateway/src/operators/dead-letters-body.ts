import { Codec } from '@causeway/protocol'
import type { DeadLetterFilter, DeadLetterQuery, ReplayDelivery, ReplayEdit } from '@causeway/retries'
import { fieldsOf, limitOf, reasonOf, shown, textOf } from './body.ts'
import { wrong } from './operator-problem.ts'

/** Letters of one page, and how many there may be. */
const PAGE_LETTERS = 50
const PAGE_LETTERS_MOST = 500
/** Letters that one call names; a filter takes more. */
const IDS_MOST = 1_000
/** Replays begun a second, where nothing else is said: a system that has just been mended is not flooded. */
const PER_SECOND = 50
const PER_SECOND_LEAST = 0.01
const PER_SECOND_MOST = 10_000
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** POST /api/dead-letters/replay, as checked. */
export interface ReplayBody {
  ids: string[] | undefined
  filter: DeadLetterFilter | undefined
  service: string | undefined
  dryRun: boolean
  perSecond: number
  deliver: ReplayDelivery
  edit: ReplayEdit | undefined
  /** '' only for a dry run. */
  reason: string
}

export function readListQuery(raw: unknown, now: number): DeadLetterQuery {
  const query = fieldsOf(raw, 'the query', ['service', 'route', 'since', 'q', 'before', 'limit'])
  return {
    ...filterOf(query, '', now),
    before: textOf(query.before, 'before'),
    limit: limitOf(query.limit, PAGE_LETTERS, PAGE_LETTERS_MOST),
  }
}

/** `maxPayload` bounds an edited payload, bytes. */
export function readReplayBody(raw: unknown, now: number, maxPayload: number): ReplayBody {
  const known = ['ids', 'filter', 'service', 'dryRun', 'perSecond', 'edit', 'deliver', 'reason']
  const body = fieldsOf(raw, 'the body', known)
  const { dryRun = false, perSecond = PER_SECOND, deliver = 'letter' } = body
  if ((body.ids === undefined) === (body.filter === undefined)) throw wrong('ids', 'or filter: expected one of the two')
  if (body.filter !== undefined && body.service !== undefined)
    throw wrong('service', 'belongs inside filter; only beside ids it stands by itself')
  if (typeof dryRun !== 'boolean') throw wrong('dryRun', `is ${shown(dryRun)}: expected true or false`)
  if (typeof perSecond !== 'number' || !(perSecond >= PER_SECOND_LEAST && perSecond <= PER_SECOND_MOST))
    throw wrong('perSecond', `is ${shown(perSecond)}: expected a number from ${PER_SECOND_LEAST} to ${PER_SECOND_MOST}`)
  if (deliver !== 'letter' && deliver !== 'push') throw wrong('deliver', `is ${shown(deliver)}: expected "letter" or "push"`)
  return {
    ids: body.ids === undefined ? undefined : idsOf(body.ids),
    filter: body.filter === undefined ? undefined : readFilter(body.filter, now),
    ...{ service: textOf(body.service, 'service'), dryRun, perSecond, deliver },
    edit: body.edit === undefined ? undefined : editOf(body.edit, maxPayload),
    reason: dryRun && body.reason === undefined ? '' : reasonOf(body.reason),
  }
}

export function readDiscardBody(raw: unknown): { ids: string[]; service: string | undefined; reason: string } {
  const body = fieldsOf(raw, 'the body', ['ids', 'service', 'reason'])
  return { ids: idsOf(body.ids), service: textOf(body.service, 'service'), reason: reasonOf(body.reason) }
}

function readFilter(raw: unknown, now: number): DeadLetterFilter {
  const { all, ...fields } = fieldsOf(raw, 'filter', ['service', 'route', 'since', 'q', 'all'])
  const filter = filterOf(fields, 'filter.', now)
  if (all !== undefined && all !== true) throw wrong('filter.all', `is ${shown(all)}: expected true, or nothing`)
  if (all === undefined && Object.values(filter).every(value => value === undefined))
    throw wrong('filter', 'is empty: name service, route, since or q; {"all": true} takes every letter')
  return filter
}

function filterOf(fields: Record<string, unknown>, prefix: string, now: number): DeadLetterFilter {
  return {
    service: textOf(fields.service, `${prefix}service`),
    route: textOf(fields.route, `${prefix}route`),
    since: fields.since === undefined ? undefined : sinceOf(fields.since, `${prefix}since`, now),
    q: textOf(fields.q, `${prefix}q`),
  }
}

/** Unix ms, a date, or how long ago. */
function sinceOf(value: unknown, field: string, now: number): number {
  const text = String(value)
  const ago = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text)
  const time = ago !== null ? now - Number(ago[1]) * UNITS[ago[2]] : /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (!Number.isFinite(time))
    throw wrong(field, `is ${shown(value)}: expected Unix ms, a date like 2026-01-31T12:00Z, or an age like 15m, 2h, 3d`)
  return Math.floor(time)
}

function idsOf(value: unknown): string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > IDS_MOST) throw wrong('ids', `must be a list of 1 to ${IDS_MOST} ids`)
  for (const [index, id] of value.entries()) textOf(id ?? '', `ids[${index}]`)
  return [...new Set(value as string[])]
}

function editOf(raw: unknown, maxPayload: number): ReplayEdit {
  const edit = fieldsOf(raw, 'edit', ['route', 'payload', 'payload64'])
  const route = textOf(edit.route, 'edit.route')
  if (edit.payload !== undefined && edit.payload64 !== undefined) throw wrong('edit.payload', 'and edit.payload64: expected one of the two')
  if (edit.payload === undefined && edit.payload64 === undefined) {
    if (route === undefined) throw wrong('edit', 'is empty: name route, payload or payload64')
    return { route }
  }
  const isBytes = edit.payload64 !== undefined
  const payload = isBytes ? bytesOf(edit.payload64) : jsonOf(edit.payload)
  const field = isBytes ? 'edit.payload64' : 'edit.payload'
  if (payload.length > maxPayload) throw wrong(field, `has ${payload.length} bytes: expected at most ${maxPayload} (CAUSEWAY_MAX_PAYLOAD)`)
  return { route, value64: payload.toString('base64'), codec: isBytes ? Codec.BYTES : Codec.JSON }
}

function bytesOf(value: unknown): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw wrong('edit.payload64', 'must be a text of base64')
  return Buffer.from(value, 'base64')
}

/** JSON is parsed at any depth and written recursively. */
function jsonOf(value: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(value))
  } catch {
    throw wrong('edit.payload', 'is nested too deep')
  }
}
