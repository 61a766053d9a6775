const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** ms of a number of ms, or of a text as '200ms', '5s', '2m' or '1h'. Throws a TypeError that names `what`. */
export function milliseconds(value: number | string, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(value) : null
  if (match === null) throw new TypeError(`${what} is ${JSON.stringify(value)}: expected ms, or a text as '200ms', '5s', '2m', '1h'`)
  return Number(match[1]) * UNITS[match[2]]
}
