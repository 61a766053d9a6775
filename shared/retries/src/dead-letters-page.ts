import type { DeadLetterFilter, DeadLetterPage, DeadLetterQuery, DeadLetterSummary } from './dead-letters.ts'
import { LETTERS_READ, SUMMARY_ERROR } from './dead-letters-limits.ts'
import { type DeadLetter, deadLetterId } from './retries.ts'

/** What is known of a letter without its replays. */
export type LetterAbout = Omit<DeadLetterSummary, 'replays' | 'lastReplay'>

/** A place between letters; letters are ordered by time, service and id, newest first. */
export interface Place {
  deadAt: number
  service: string
  id: string
}

/** A service's letters behind a place, newest first, none older than `since`. */
export type LetterSource = (service: string, behind: Place | undefined, since: number) => AsyncIterator<LetterAbout>

export function aboutLetter(letter: DeadLetter): LetterAbout {
  const { service, session, msgId, route, reason, attempts, deadAt, value, errors } = letter
  const error = (errors.at(-1)?.error ?? '').slice(0, SUMMARY_ERROR)
  return { id: deadLetterId(letter), service, session, msgId, route, reason, error, attempts, deadAt, bytes: value.length }
}

/** Merges the services' letters into one page. Throws a RangeError where `before` is no cursor. */
export async function letterPage(
  services: readonly string[],
  query: DeadLetterQuery,
  source: LetterSource,
): Promise<Omit<DeadLetterPage, 'letters'> & { letters: LetterAbout[] }> {
  const behind = query.before === undefined ? undefined : readCursor(query.before)
  const wanted = query.service === undefined ? services : services.filter(service => service === query.service)
  const sources = wanted.map(service => source(service, behind, query.since ?? 0))
  const heads = await Promise.all(sources.map(each => each.next()))
  const letters: LetterAbout[] = []
  for (let read = 0; ; read++) {
    const newest = newestOf(heads)
    if (newest < 0) return { letters }
    const letter = heads[newest].value as LetterAbout
    if (fits(letter, query)) letters.push(letter)
    if (letters.length >= query.limit || read + 1 >= LETTERS_READ) return { letters, next: cursorOf(letter) }
    heads[newest] = await sources[newest].next()
  }
}

function newestOf(heads: readonly IteratorResult<LetterAbout>[]): number {
  let newest = -1
  for (const [index, head] of heads.entries()) {
    if (!head.done && (newest < 0 || isBehind(heads[newest].value as LetterAbout, head.value))) newest = index
  }
  return newest
}

/** Whether `place` comes later in the list than `other`. */
export function isBehind(place: Place, other: Place): boolean {
  if (place.deadAt !== other.deadAt) return place.deadAt < other.deadAt
  return place.service === other.service ? place.id < other.id : place.service < other.service
}

function fits(letter: LetterAbout, { route, q }: DeadLetterFilter): boolean {
  if (route !== undefined && letter.route !== route) return false
  if (q === undefined || q === '') return true
  const wanted = q.toLowerCase()
  return [letter.session, letter.route, letter.reason, letter.error].some(text => text.toLowerCase().includes(wanted))
}

const cursorOf = ({ deadAt, service, id }: Place): string => Buffer.from(JSON.stringify([deadAt, service, id])).toString('base64url')

function readCursor(text: string): Place {
  try {
    const [deadAt, service, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown, unknown]
    if (typeof deadAt === 'number' && typeof service === 'string' && typeof id === 'string') return { deadAt, service, id }
  } catch {
    // told below
  }
  throw new RangeError(`before is ${JSON.stringify(text.slice(0, 64))}: expected the "next" of a page`)
}
