import { ATTEMPTS } from './handlers.ts'
import type { Plan, Seen } from './history.ts'

/** A promise of the design that a run broke. */
export interface Violation {
  promise: string
  detail: string
}

type Of<W extends Seen['what']> = Extract<Seen, { what: W }>

/** All that was seen of one message. */
interface Message {
  session: string
  msgId: number
  plan: Plan
  sent: Of<'sent'>[]
  refused: Of<'refused'>[]
  stored: boolean
  cancelled: boolean
  /** Its final answers, each seq once. */
  finals: Of<'delivered'>[]
  handling: Of<'handling'>[]
  handled: Of<'handled'>[]
}

/** Close codes that a client which keeps the rules may see. */
const EXPECTED_CLOSES = new Set([
  'GOING_AWAY',
  'OVERLOADED',
  'IDLE',
  'SLOW_CONSUMER',
  'BACKEND_UNAVAILABLE',
  'REPLACED',
  'HANDSHAKE_EXPECTED',
])

/** A gap in the numbers has to be told within so long, ms. */
const TOLD_WITHIN_MS = 60_000

/**
 * Holds what was seen of a run against what is promised (DESIGN.md: G1 to G5 and G8). Pure. `settled`: it came to rest, so that each message has
 * its end. What a client sent before it was told of a loss may have been lost; all else may not.
 */
export function check(seen: readonly Seen[], settled: boolean): Violation[] {
  const violations: Violation[] = []
  const broken = (promise: string, detail: string): void => void violations.push({ promise, detail })
  const told = toldOf(seen)
  const messages = messagesOf(seen)
  const safe = new Map([...messages].filter(([, { session, sent }]) => sent[0]!.at > (told.get(session) ?? 0)))
  checkDeliveries(seen, told, broken)
  for (const message of messages.values()) checkHandlings(message, broken)
  for (const message of safe.values()) {
    checkAnswers(message, broken)
    if (settled) checkEnd(message, broken)
  }
  checkOneAtATime(seen, safe, broken)
  for (const session of bySession(safe)) checkOrder(session, broken)
  return violations
}

/** When each session was last told of a loss: by its resume, or by a new session in its place. */
function toldOf(seen: readonly Seen[]): Map<string, number> {
  const told = new Map<string, number>()
  for (const each of seen) {
    if (each.what === 'resumed' && !each.recovered) told.set(each.session, each.at)
    if (each.what === 'lost') told.set(each.session, Number.POSITIVE_INFINITY)
  }
  return told
}

type Broken = (promise: string, detail: string) => void

const keyOf = ({ session, msgId }: { session: string; msgId: number }): string => `${session} ${msgId}`
const nameOf = ({ session, msgId, plan }: Message): string =>
  `message ${msgId} of ${session} (number ${plan.number}, ${plan.behaviour.kind})`

function messagesOf(seen: readonly Seen[]): Map<string, Message> {
  const messages = new Map<string, Message>()
  for (const each of seen) {
    if (each.what !== 'sent') continue
    const { session, msgId, plan } = each
    const message = messages.get(keyOf(each)) ?? {
      ...{ session, msgId, plan, sent: [], refused: [], stored: false, cancelled: false, finals: [], handling: [], handled: [] },
    }
    message.sent.push(each)
    messages.set(keyOf(each), message)
  }
  for (const each of seen) {
    if (!('msgId' in each)) continue
    const message = messages.get(keyOf(each))
    if (message === undefined) continue
    if (each.what === 'refused') message.refused.push(each)
    else if (each.what === 'stored') message.stored = true
    else if (each.what === 'cancelled') message.cancelled = true
    else if (each.what === 'delivered' && each.ends && !message.finals.some(final => final.seq === each.seq)) message.finals.push(each)
    else if (each.what === 'handling') message.handling.push(each)
    else if (each.what === 'handled') message.handled.push(each)
  }
  return messages
}

function bySession(messages: ReadonlyMap<string, Message>): Message[][] {
  return [...Map.groupBy(messages.values(), ({ session }) => session).values()].map(session => session.sort((a, b) => a.msgId - b.msgId))
}

/** G5: numbers without a gap, unless it was told; what comes again is what came before. And no connection ends for a reason of ours. */
function checkDeliveries(seen: readonly Seen[], told: ReadonlyMap<string, number>, broken: Broken): void {
  const taken = new Map<string, string>()
  for (const each of seen) {
    if (each.what === 'gap' && !each.told && !(Math.abs((told.get(each.session) ?? 0) - each.at) < TOLD_WITHIN_MS))
      broken('G5', `session ${each.session}: delivery ${each.seq} came where ${each.expected} was expected, and nobody told of a loss`)
    if (each.what === 'closed' && !EXPECTED_CLOSES.has(each.code))
      broken('protocol', `${each.client} was closed with ${each.code}: ${each.detail}`)
    if (each.what !== 'delivered') continue
    const key = `${each.session} ${each.seq}`
    const before = taken.get(key)
    if (before === undefined) taken.set(key, each.bytes)
    else if (before !== each.bytes) broken('G5', `delivery ${key} came again as ${each.bytes}, before it was ${before}`)
  }
}

/** G2: at most one visible answer, of the message's own, and one that may come. */
function checkAnswers(message: Message, broken: Broken): void {
  const { finals, plan, refused, handled, cancelled } = message
  if (finals.length > 1)
    broken('G2', `${nameOf(message)} has ${finals.length} answers: ${finals.map(({ seq, bytes }) => `${seq} ${bytes}`).join(', ')}`)
  if (finals.length > 0 && refused.length > 0) broken('G4', `${nameOf(message)} was refused with ${refused[0]!.code} and answered`)
  if (finals.length > 0 && !plan.request && finals[0]!.code !== 'TIMEOUT')
    broken('G2', `${nameOf(message)} is a notification and was answered`)
  for (const { code, number, at } of finals) {
    if (code === '' && number !== plan.number && plan.behaviour.kind !== 'stream')
      broken('G2', `${nameOf(message)} got the answer of message number ${number}`)
    if (code === '' && !handled.some(({ outcome }) => outcome === 'answered'))
      broken('G2', `${nameOf(message)} was answered, and no handler did`)
    if (code === 'CANCELLED' && !cancelled) broken('G2', `${nameOf(message)} is CANCELLED, and its client did not cancel it`)
    if (code === 'REJECTED' && plan.behaviour.kind !== 'reject') broken('G2', `${nameOf(message)} is REJECTED`)
    if (code === 'DEAD_LETTERED' && plan.behaviour.kind !== 'poison' && plan.behaviour.kind !== 'fail')
      broken('G2', `${nameOf(message)} is DEAD_LETTERED`)
    if (code === 'HANDLER_FAILED' && plan.behaviour.kind !== 'stream') broken('G2', `${nameOf(message)} is HANDLER_FAILED`)
    if (code === 'TIMEOUT' && at < message.sent[0]!.at + plan.timeoutMs!) broken('G2', `${nameOf(message)} is TIMEOUT before its time`)
  }
}

/** G4: what was refused was never handled. A message that was sent on a connection before may have been stored there. */
function checkHandlings(message: Message, broken: Broken): void {
  const { handling, refused, plan } = message
  for (const { number } of handling) if (number !== plan.number) broken('content', `${nameOf(message)} was handled as number ${number}`)
  if (refused.length > 0 && refused[0]!.times === 1 && handling.length > 0)
    broken('G4', `${nameOf(message)} was refused with ${refused[0]!.code} and handled`)
}

/** G1 and G2: each message of a session that lives came to its one end. */
function checkEnd(message: Message, broken: Broken): void {
  const { plan, finals, refused, handled, handling, stored } = message
  if (refused.length > 0) return
  if (plan.request && finals.length === 0) broken('G2', `${nameOf(message)} was never answered`)
  if (!plan.request && stored && plan.timeoutMs === undefined && handled.length === 0)
    broken('G1', `${nameOf(message)} was acknowledged, and handled ${handling.length} times without an end`)
}

/** Ended by its gateway or its client, at a time of its own; or its handler may have gone on beyond its time. */
function endedFromOutside({ finals, refused, handled, plan, sent }: Message): boolean {
  const deadline = plan.timeoutMs === undefined ? Number.POSITIVE_INFINITY : sent[0]!.at + plan.timeoutMs
  if (refused.length > 0 || (!plan.request && plan.timeoutMs !== undefined)) return true
  return finals.some(({ code }) => code === 'TIMEOUT' || code === 'CANCELLED') || handled.some(({ at }) => at >= deadline)
}

/** G3: of a session's ordered messages each begins when the one before is through, and answers come in that order. */
function checkOrder(session: readonly Message[], broken: Broken): void {
  const ordered = session.filter(message => message.plan.ordered && !endedFromOutside(message))
  let throughAt = 0
  let before: Message | undefined
  for (const message of ordered) {
    const begun = message.handling[0]
    if (begun === undefined) continue
    if (before !== undefined && begun.at < throughAt)
      broken('G3', `${nameOf(message)} began at ${begun.at}, and ${nameOf(before)} was through at ${throughAt} only`)
    const end = throughOf(message)
    if (end === undefined) continue
    throughAt = end
    before = message
  }
  const answered = ordered.filter(({ finals }) => finals.length === 1)
  for (let index = 1; index < answered.length; index++) {
    const [earlier, later] = [answered[index - 1]!, answered[index]!]
    if (earlier.finals[0]!.seq > later.finals[0]!.seq) broken('G3', `${nameOf(later)} was answered before ${nameOf(earlier)}`)
  }
}

/** When a message's handling had first come to its end: an answer, a refusal of the handler, or the last of its attempts. */
function throughOf({ handled, finals }: Message): number | undefined {
  // another run of a stream ends it at once, whenever its own handler would have
  if (finals.some(({ code }) => code === 'HANDLER_FAILED')) return undefined
  return handled.find(({ outcome, attempt }) => outcome !== 'failed' || attempt >= ATTEMPTS)?.at
}

/** G3: no worker handles two ordered messages of a session at a time. A message that was through before may come again, beside the others. */
function checkOneAtATime(seen: readonly Seen[], messages: ReadonlyMap<string, Message>, broken: Broken): void {
  const running = new Map<string, Of<'handling'>>()
  for (const each of seen) {
    if (each.what !== 'handling' && each.what !== 'handled') continue
    const message = messages.get(keyOf(each))
    // a stream's handler returns before its stream ends, and one past its time is let go
    if (message === undefined || !message.plan.ordered || message.plan.behaviour.kind === 'stream' || endedFromOutside(message)) continue
    const lane = `${each.worker} ${each.session}`
    const other = running.get(lane)
    if (each.what === 'handled') {
      if (other?.msgId === each.msgId) running.delete(lane)
      continue
    }
    const through = throughOf(message)
    if (through !== undefined && through < each.at) continue
    if (other === undefined) running.set(lane, each)
    else if (other.msgId !== each.msgId)
      broken('G3', `${each.worker} handled messages ${other.msgId} and ${each.msgId} of ${each.session} at a time`)
  }
}
