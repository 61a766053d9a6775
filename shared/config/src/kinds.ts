/** How a value is read from text (environment, flags) or from a file. Each kind says in words what it expects. */
export interface Kind<T> {
  /** For errors and the reference: "a port, 0 to 65535". */
  readonly expected: string
  /** The value, or undefined where the raw one is not of this kind. */
  read(raw: unknown): T | undefined
  /** What is wrong with a raw value that was not read, a line for each; without it: that it is not as expected. */
  faults?(raw: unknown): readonly string[]
  /** Whether a raw value may hold a secret, and is not shown. */
  secret?(raw: unknown): boolean
}

const whole = (raw: unknown): number | undefined => {
  const number = typeof raw === 'number' ? raw : typeof raw === 'string' && /^\d+$/.test(raw.trim()) ? Number(raw) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}

export function integer(min: number, max: number, unit = ''): Kind<number> {
  return {
    expected: `a whole number${unit === '' ? '' : ` of ${unit}`} from ${min} to ${max}`,
    read: raw => {
      const number = whole(raw)
      return number !== undefined && number >= min && number <= max ? number : undefined
    },
  }
}

export const port: Kind<number> = { ...integer(0, 65_535), expected: 'a port from 0 (any free one) to 65535' }

export const text: Kind<string> = { expected: 'a text', read: raw => (typeof raw === 'string' && raw !== '' ? raw : undefined) }

export const flag: Kind<boolean> = {
  expected: 'true or false',
  read: raw => (raw === true || raw === 'true' || raw === '1' ? true : raw === false || raw === 'false' || raw === '0' ? false : undefined),
}

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return { expected: `one of ${values.join(', ')}`, read: raw => values.find(value => value === raw) }
}

/** Texts separated by commas, or a list in a file. */
export const list: Kind<readonly string[]> = {
  expected: 'texts separated by commas',
  read: raw => {
    const items = typeof raw === 'string' ? raw.split(',').map(item => item.trim()) : raw
    return Array.isArray(items) && items.length > 0 && items.every(item => typeof item === 'string' && item !== '') ? items : undefined
  },
}

const MILLISECONDS: Record<string, number> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
/** ms, or a number with ms, s, m or h behind it. */
export function duration(minMs: number, maxMs: number): Kind<number> {
  return {
    expected: `a duration from ${minMs} ms to ${maxMs} ms, as 1500, 1500ms, 90s, 2m or 1h`,
    read: raw => {
      const match = /^(\d+)\s*(ms|s|m|h)?$/.exec(String(raw).trim())
      const ms = match === null ? Number.NaN : Number(match[1]) * MILLISECONDS[match[2] ?? '']
      return ms >= minMs && ms <= maxMs ? ms : undefined
    },
  }
}

/** ms of a duration that was checked. */
export const readDuration = (raw: number | string): number => duration(0, Number.MAX_SAFE_INTEGER).read(raw)!

const BYTES: Record<string, number> = { '': 1, b: 1, kib: 1 << 10, mib: 1 << 20, kb: 1_000, mb: 1_000_000 }
/** Bytes, or a number with KiB, MiB, KB or MB behind it. */
export function size(min: number, max: number): Kind<number> {
  return {
    expected: `a size from ${min} to ${max} bytes, as 65536, 64KiB or 1MiB`,
    read: raw => {
      const match = /^(\d+)\s*(b|kib|mib|kb|mb)?$/.exec(String(raw).trim().toLowerCase())
      const bytes = match === null ? Number.NaN : Number(match[1]) * BYTES[match[2] ?? '']
      return bytes >= min && bytes <= max ? bytes : undefined
    },
  }
}

export const powerOfTwo: Kind<number> = {
  expected: 'a power of two from 1 to 256',
  read: raw => {
    const number = whole(raw)
    return number !== undefined && number >= 1 && number <= 256 && (number & (number - 1)) === 0 ? number : undefined
  },
}

/** A value of a file, or its JSON in the environment; undefined where it is no JSON. */
export function structured(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

/** Keys and values, as a table of a file. */
export const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
