import { isDeepStrictEqual } from 'node:util'
import { duration, integer, isTable, type Kind, oneOf } from './kinds.ts'
import { type ConfigKey, hotKeys, type Key, type Role, SCHEMA } from './schema.ts'
import { anything, both, type Fault, named, orOff, type Shape, table, value } from './shapes.ts'

/** A route's policies as the central configuration has them: what it does not name stays as the code says. */
export interface RouteSection {
  timeout?: number | string
  priority?: 'critical' | 'normal' | 'background'
  retry?: { attempts?: number; min?: number | string; max?: number | string; jitter?: number }
  rate?: 'off' | { limit: number; per?: number | string }
  breaker?: 'off' | { failures?: number; openFor?: number | string }
  concurrency?: 'off' | number
  cache?: { ttl: number | string }
}

export interface ServiceSection {
  /** The service's own keys, for `ctx.config()`. */
  config?: Readonly<Record<string, unknown>>
  /** Shares of sessions by the track of workers, as {stable: 90, canary: 10}. */
  tracks?: Readonly<Record<string, number>>
  routes?: Readonly<Record<string, RouteSection>>
}

/** The central configuration: what its processes share, and may change while they run. */
export interface ConfigDocument {
  gateway?: Readonly<Record<string, unknown>>
  worker?: Readonly<Record<string, unknown>>
  services?: Readonly<Record<string, ServiceSection>>
}

/** Most bytes of a document as JSON. */
export const DOCUMENT_BYTES = 256 << 10

const time = (minMs: number): Shape => value(duration(minMs, 86_400_000))
const share: Kind<number> = {
  expected: 'a number from 0 to 1',
  read: raw => (typeof raw === 'number' && raw >= 0 && raw <= 1 ? raw : undefined),
}
const weight: Kind<number> = {
  expected: 'a number from 0 to 1000',
  read: raw => (typeof raw === 'number' && raw >= 0 && raw <= 1_000 ? raw : undefined),
}

/** Fields that an object must have. */
const having =
  (...names: readonly string[]): Shape =>
  (given, path) =>
    names
      .filter(name => (given as Record<string, unknown>)[name] === undefined)
      .map(name => ({ path: `${path}/${name}`, expected: 'to be there' }))

const anyWeight: Shape = (given, path) =>
  Object.values(given as Record<string, number>).some(each => each > 0) ? [] : [{ path, given, expected: 'one share above 0' }]

const retryTimes: Shape = (given, path) => {
  const { min, max } = given as NonNullable<RouteSection['retry']>
  const read = duration(0, 86_400_000).read
  if (min === undefined || max === undefined || read(min)! <= read(max)!) return []
  return [{ path: `${path}/max`, given: max, expected: `at least retry/min, ${min}` }]
}

/** What each policy of a route has to look like, for whom the reference is made too. */
export const ROUTE_POLICIES: Readonly<Record<keyof RouteSection, { shape: Shape; example: string; doc: string }>> = {
  timeout: { shape: time(1), example: '5s', doc: 'Of the handler, and of requests that bring none of their own.' },
  priority: { shape: value(oneOf('critical', 'normal', 'background')), example: 'background', doc: 'Who is refused first in an overload.' },
  retry: {
    shape: both(table({ attempts: value(integer(1, 1_000)), min: time(0), max: time(0), jitter: value(share) }), retryTimes),
    example: '{ attempts: 8, min: 200ms, max: 30s, jitter: 0.5 }',
    doc: 'Retries; what is left out stays as in the code.',
  },
  rate: {
    shape: orOff(both(table({ limit: value(integer(1, 1_000_000)), per: time(1) }), having('limit'))),
    example: '{ limit: 100, per: 1s }',
    doc: 'Messages at each worker; `off` for none.',
  },
  breaker: {
    shape: orOff(table({ failures: value(integer(1, 1_000_000)), openFor: time(1) })),
    example: '{ failures: 5, openFor: 10s }',
    doc: 'Failures in a row that open it; `off` for none. One that is open stays so unless these change.',
  },
  concurrency: {
    shape: orOff(value(integer(1, 100_000, 'messages'))),
    example: '16',
    doc: 'Messages handled at a time at each worker; `off` for as many as the worker.',
  },
  cache: {
    shape: both(table({ ttl: time(1) }), having('ttl')),
    example: '{ ttl: 30s }',
    doc: 'How long answers are kept, of a route whose code has a cache.',
  },
}

const section = (role: Role): Shape => {
  const hot = hotKeys(role)
  const shapes = Object.fromEntries(hot.map(name => [name, value((SCHEMA[name] as Key<unknown>).kind)]))
  return table(shapes, name => {
    const known = Object.hasOwn(SCHEMA, name) ? (SCHEMA[name as ConfigKey] as Key<unknown>) : undefined
    if (known === undefined) return undefined
    const elsewhere = known.hot.find(other => other !== role)
    return elsewhere === undefined
      ? 'no key that takes effect only at start: set it by file, variable or flag of each process'
      : `no key of ${elsewhere}s here: it belongs under ${elsewhere}`
  })
}

const SERVICE = table({
  config: named(/^(?!__proto__$)[^/\s]{1,128}$/, 'texts without spaces and slashes', anything),
  tracks: both(named(/^[a-z0-9][a-z0-9-]{0,31}$/, "1 to 32 of a-z, 0-9 and '-'", value(weight)), anyWeight),
  routes: named(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "1 to 128 letters, digits, '.', '_' or '-'",
    table(Object.fromEntries(Object.entries(ROUTE_POLICIES).map(([name, { shape }]) => [name, shape]))),
  ),
})

const DOCUMENT = table({
  gateway: section('gateway'),
  worker: section('worker'),
  services: named(/^[a-z0-9][a-z0-9-]{0,63}$/, "1 to 64 of a-z, 0-9 and '-'", SERVICE),
})

/** Everything that is wrong with a document; nothing where it can be used. */
export function documentFaults(document: unknown): Fault[] {
  const bytes = Buffer.byteLength(JSON.stringify(document) ?? '')
  if (bytes > DOCUMENT_BYTES) return [{ path: '', expected: `at most ${DOCUMENT_BYTES} bytes as JSON, not ${bytes}` }]
  return DOCUMENT(document, '')
}

/** JSON merge patch (RFC 7396): objects are merged, null takes a key away, anything else takes its place. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isTable(patch)) return patch
  const merged = new Map(isTable(target) ? Object.entries(target) : [])
  for (const [name, held] of Object.entries(patch)) {
    if (held === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), held))
  }
  return Object.fromEntries(merged)
}

/** One value that two documents have differently; absent where one has none. */
export interface Difference {
  /** Keys from the top, with `/` between them. */
  path: string
  before?: unknown
  after?: unknown
}

/** What changes from one document to another, value by value, in the order of paths. Lists are values. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  const [left, right] = [branches(before, after), branches(after, before)]
  if (left === undefined || right === undefined) {
    return isDeepStrictEqual(before, after) ? [] : [{ path, before, after }]
  }
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
  return names.flatMap(name => differences(left[name], right[name], path === '' ? name : `${path}/${name}`))
}

/** A table's keys; none where nothing stands beside a table that has some. Of a value undefined. */
function branches(held: unknown, beside: unknown): Readonly<Record<string, unknown>> | undefined {
  if (isTable(held)) return held
  return held === undefined && isTable(beside) && Object.keys(beside).length > 0 ? {} : undefined
}
