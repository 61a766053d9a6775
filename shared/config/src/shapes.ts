import { nearest } from './config-error.ts'
import { isTable, type Kind } from './kinds.ts'

/** One thing that is wrong with a document. */
export interface Fault {
  /** Where: keys from the top, with `/` between them. */
  path: string
  /** What stands there; absent where it may hold a secret. */
  given?: unknown
  expected: string
}

/** What a part of a document has to look like. */
export type Shape = (value: unknown, path: string) => Fault[]

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`)

/** A value of a kind. */
export const value =
  (kind: Kind<unknown>): Shape =>
  (given, path) => {
    if (kind.read(given) !== undefined) return []
    const faults = kind.faults?.(given) ?? []
    if (kind.secret?.(given)) return [{ path, expected: faults.length > 0 ? faults.join('; ') : kind.expected }]
    return faults.length > 0
      ? faults.map(fault => ({ path, expected: `${kind.expected}:${fault}` }))
      : [{ path, given, expected: kind.expected }]
  }

/** The text `off`, or what the shape says. */
export const orOff =
  (shape: Shape): Shape =>
  (given, path) =>
    given === 'off' ? [] : shape(given, path)

/** Keys that are known, each with its shape. Another one is answered by `strange`, or by the nearest. */
export const table =
  (shapes: Readonly<Record<string, Shape>>, strange: (name: string) => string | undefined = () => undefined): Shape =>
  (given, path) => {
    if (!isTable(given)) return [{ path, given, expected: `keys and values: ${Object.keys(shapes).join(', ')}` }]
    return Object.entries(given).flatMap(([name, held]) => {
      const at = join(path, name)
      if (Object.hasOwn(shapes, name)) return held === undefined ? [] : shapes[name]!(held, at)
      return [{ path: at, given: held, expected: strange(name) ?? notKnown(name, Object.keys(shapes)) }]
    })
  }

function notKnown(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near === undefined ? `no such key; there are ${known.join(', ')}` : `no such key; did you mean ${near}?`
}

/** Names of the user's own, each with the same shape. */
export const named =
  (pattern: RegExp, expectedName: string, shape: Shape): Shape =>
  (given, path) => {
    if (!isTable(given)) return [{ path, given, expected: `keys and values, the keys ${expectedName}` }]
    return Object.entries(given).flatMap(([name, held]) =>
      pattern.test(name) ? shape(held, join(path, name)) : [{ path: join(path, name), given: name, expected: `as key ${expectedName}` }],
    )
  }

/** What the first finds wrong, or else the others. */
export const both =
  (first: Shape, then: Shape): Shape =>
  (given, path) => {
    const faults = first(given, path)
    return faults.length > 0 ? faults : then(given, path)
  }

export const anything: Shape = () => []

/** A fault on one line, as loadConfig's are. */
export function faultText({ path, given, expected }: Fault): string {
  const shown = given === undefined ? '' : ` is ${JSON.stringify(given)}`
  return `${path === '' ? 'the document' : path}${shown}: expected ${expected}`
}
