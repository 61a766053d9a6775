import type { Violation } from './checker.ts'
import { SERVICE } from './handlers.ts'
import type { Seen } from './history.ts'
import type { RedisData } from './redis/data.ts'

/** What is kept of a session by the routes that keep: its own numbers, or those noted of it. */
interface Kept {
  kept: number[]
  noted: number[]
}

/**
 * Holds what handlers wrote and emitted against what they answered, once all is quiet: the state of a session is what its answers said, each emit took
 * effect once and in order, and what was not answered wrote nothing. Of a store that lost nothing: what another has lost is not told before the next resume, and
 * what emits had done by then to nobody. Sessions that a client has given up are left out.
 */
export function checkEffects(data: RedisData, seen: readonly Seen[]): Violation[] {
  const violations: Violation[] = []
  const broken = (detail: string): void => void violations.push({ promise: 'effects', detail })
  const told = new Set(seen.flatMap(each => ((each.what === 'resumed' && !each.recovered) || each.what === 'lost' ? [each.session] : [])))
  const sent = seen.filter(each => each.what === 'sent' && each.plan.behaviour.kind === 'keep' && each.plan.ordered)
  for (const session of new Set(sent.map(each => (each as { session: string }).session))) {
    if (told.has(session) || !lives(data, session)) continue
    const { kept, noted } = keptOf(data, session)
    if (String(kept) !== String(noted)) broken(`session ${session} keeps ${kept} and has emitted ${noted}`)
    if (new Set(kept).size < kept.length) broken(`session ${session} keeps ${kept}: one of them twice`)
    for (const each of seen) if (each.what === 'delivered' && each.session === session && each.ends) checkAnswer(each, sent, kept, broken)
  }
  const lost = seen.some(({ what }) => what === 'lost')
  const [count, all] = [sharedCount(data), keptInAll(data)]
  if (!lost && count !== all) broken(`${all} messages have kept their number, and ${count} are counted in shared state`)
  return violations
}

function checkAnswer(
  { msgId, session, code, bytes }: Extract<Seen, { what: 'delivered' }>,
  sent: readonly Seen[],
  kept: readonly number[],
  broken: (detail: string) => void,
): void {
  const asked = sent.find(each => each.what === 'sent' && each.session === session && each.msgId === msgId)
  if (asked?.what !== 'sent') return
  const { number } = asked.plan
  if (code !== '') {
    if (kept.includes(number)) broken(`message ${msgId} of ${session} ended with ${code}, and its number ${number} is kept`)
    return
  }
  const answer = JSON.parse(bytes.slice(bytes.indexOf('{'))) as { kept: number[] }
  if (String(answer.kept) !== String(kept.slice(0, answer.kept.length)) || answer.kept.at(-1) !== number)
    broken(`message ${msgId} of ${session}, number ${number}, answered ${answer.kept}, and ${kept} is kept`)
}

function sharedCount(data: RedisData): number {
  const key = keyOf(data, `:shared:${SERVICE}`)
  const value = key === undefined ? undefined : data.read('hash', key)?.fields.get('count')
  // behind its version and the byte that says JSON
  return value === undefined ? 0 : Number(value.slice(9))
}

function keptInAll(data: RedisData): number {
  const states = [...data.keys()].filter(key => key.includes(`}:y:${SERVICE}:`) && !key.includes(`:~`))
  const lists = states.map(key => data.read('hash', key)?.fields.get('.kept'))
  return lists.reduce((sum, list) => sum + (list === undefined ? 0 : (JSON.parse(list.slice(1)) as number[]).length), 0)
}

const keyOf = (data: RedisData, end: string): string | undefined => [...data.keys()].find(key => key.endsWith(end))
const lives = (data: RedisData, session: string): boolean => keyOf(data, `}:s:${session}`) !== undefined

function keptOf(data: RedisData, session: string): Kept {
  const list = (owner: string, name: string): number[] => {
    const key = keyOf(data, `}:y:${SERVICE}:${owner}`)
    const value = key === undefined ? undefined : data.read('hash', key)?.fields.get(`.${name}`)
    // its first byte says that it is JSON
    return value === undefined ? [] : (JSON.parse(value.slice(1)) as number[])
  }
  return { kept: list(session, 'kept'), noted: list(`~${SERVICE}~${session}~${SERVICE}`, 'noted') }
}
