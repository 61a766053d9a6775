const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
/** A hundred years. */
const MAX_MS = 100 * 365 * 86_400_000

/** Whole ms, rounded up, of a number of ms, or of a text as '200ms', '5s', '2m' or '1h'; at most 100 years. Throws a TypeError that names `what`. */
export function milliseconds(value: number | string, what: string): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(value) : null
  const ms = match === null ? value : Number(match[1]) * UNITS[match[2]]
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= MAX_MS))
    throw new TypeError(`${what} is ${JSON.stringify(value)}: expected ms, or a text as '200ms', '5s', '2m', '1h', of at most 100 years`)
  return Math.ceil(ms)
}
