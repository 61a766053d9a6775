import { ROUTE_POLICIES } from '@causeway/config'

/**
 * The keys that a path names: `gateway.window`, or with `/` between them. Names of routes have dots themselves: behind `services.<name>.routes.` a name goes on
 * until the name of a policy.
 */
export function keysOf(path: string): string[] {
  const keys = path.includes('/') ? path.split('/') : dotted(path.split('.'))
  if (keys.some(key => key === ''))
    throw new Error(`path ${JSON.stringify(path)}: expected keys with dots or slashes between them, as gateway.window`)
  return keys
}

function dotted(parts: readonly string[]): string[] {
  if (parts[0] !== 'services' || parts[2] !== 'routes' || parts.length < 4) return [...parts]
  const found = parts.findIndex((part, index) => index > 3 && Object.hasOwn(ROUTE_POLICIES, part))
  const end = found === -1 ? parts.length : found
  return [...parts.slice(0, 3), parts.slice(3, end).join('.'), ...parts.slice(end)]
}

/** What a document has there; undefined where it has nothing. */
export const valueAt = (document: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>(
    (held, key) => (typeof held === 'object' && held !== null && Object.hasOwn(held, key) ? held[key as never] : undefined),
    document,
  )

/** A merge patch that sets one value; null takes it away. */
export const patchOf = (keys: readonly string[], value: unknown): unknown => keys.reduceRight((held, key) => ({ [key]: held }), value)
