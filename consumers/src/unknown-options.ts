/** Names of all options of a kind; `satisfies` holds it against their type. */
export type KnownOptions = Readonly<Record<string, true>>

/** An option that nobody reads: found where it is given, told where the name of its service is known too. */
export interface UnknownOption {
  name: string
  /** Of which option it was to be a part; '' for none. */
  of: string
  known: readonly string[]
}

/** Of what is no object there are none. */
export function unknownOptions(given: unknown, known: KnownOptions, of = ''): UnknownOption[] {
  if (typeof given !== 'object' || given === null) return []
  const unknown = Object.keys(given).filter(name => !Object.hasOwn(known, name))
  return unknown.map(name => ({ name, of, known: Object.keys(known) }))
}

/** Throws a TypeError where there are some; `where` says whose they are. */
export function refuseUnknown(unknown: readonly UnknownOption[], where: string): void {
  if (unknown.length === 0) return
  const told = unknown.map(({ name, of, known }) => {
    const what = of === '' ? 'there is no option' : `${of} has no option`
    return `${what} ${JSON.stringify(name)}: expected one of ${known.join(', ')}`
  })
  throw new TypeError(`${where}: ${told.join('; ')}`)
}
