import type { MessageKind } from './history.ts'
import { eachMessage, lifeOf, type RuleCheck } from './rules.ts'
import { isExcused, type MessageView } from './views.ts'

/** The code of the error that a kind ends in; none: it is answered. */
const ENDS_IN: { readonly [kind in MessageKind]?: string } = { poison: 'DEAD_LETTERED', reject: 'REJECTED' }

/** Each request has an answer, each stored notification was handled (G1, G2), unless its client was told of a loss. */
export const checkLost: RuleCheck = (input, found) =>
  eachMessage(input, (message, session) => {
    if (message.refused !== undefined || isExcused(message, session)) return
    const violation = (rule: 'lost request' | 'lost notification' | 'timed out'): void =>
      found({ rule, session: session.id, evidence: lifeOf(message) })
    if (message.kind === 'note') {
      if (message.finals.length === 0 && message.handlings.length === 0) violation('lost notification')
    } else if (message.finals.length === 0) violation('lost request')
    else if (message.finals[0].code === 'TIMEOUT' && !input.allowance.codes?.includes('TIMEOUT')) violation('timed out')
  })

/** Exactly one answer is seen (G2). */
export const checkDoubled: RuleCheck = (input, found) =>
  eachMessage(input, (message, session) => {
    if (message.finals.length > 1) found({ rule: 'doubled answer', session: session.id, evidence: lifeOf(message) })
  })

/** The answer is that of this message, and of its kind. */
export const checkAnswers: RuleCheck = (input, found) =>
  eachMessage(input, (message, session) => {
    const [final] = message.finals
    if (final === undefined) return
    if (final.code === 'TIMEOUT' || (final.code !== undefined && input.allowance.codes?.includes(final.code))) return
    const right = final.code === undefined ? final.n === message.n : final.code === ENDS_IN[message.kind] || isBrokenStream(message)
    if (!right || (final.code === undefined && ENDS_IN[message.kind] !== undefined)) {
      found({ rule: 'wrong answer', session: session.id, evidence: `${lifeOf(message)}: it answers ${final.n}` })
    }
  })

/** A stream once begun is not begun again: what dies in the midst of one ends it. */
function isBrokenStream({ kind, finals, handlings }: MessageView): boolean {
  if (kind !== 'stream' || finals[0].code !== 'HANDLER_FAILED') return false
  return handlings.filter(({ phase }) => phase === 'begin').length > 1
}

/** A refusal promises that nothing happened (G4). */
export const checkRefused: RuleCheck = (input, found) =>
  eachMessage(input, (message, session) => {
    if (message.refused === undefined) return
    if (message.handlings.length > 0 || message.finals.length > 0)
      found({ rule: 'refused with effect', session: session.id, evidence: lifeOf(message) })
  })

/** Chunks of a stream come once each and in order, before what ends it. */
export const checkStreams: RuleCheck = (input, found) =>
  eachMessage(input, (message, session) => {
    if (message.kind !== 'stream' || isExcused(message, session)) return
    const [final] = message.finals
    const values = final !== undefined && final.code === undefined ? [...message.chunks, final] : message.chunks
    const inOrder = values.every(({ chunk, seq }, index) => chunk === index + 1 && (index === 0 || seq > values[index - 1].seq))
    if (!inOrder) found({ rule: 'broken stream', session: session.id, evidence: lifeOf(message) })
  })

/** A push to the own session takes effect with the answer and before it, once. */
export const checkPushes: RuleCheck = ({ views }, found) => {
  for (const session of views.sessions.values()) {
    const pushed = new Map<number, number[]>()
    const seqs = new Set<number>()
    for (const event of session.seen) {
      if (event.type !== 'delivered' || event.kind !== 'push' || seqs.has(event.seq)) continue
      seqs.add(event.seq)
      pushed.set(event.n, [...(pushed.get(event.n) ?? []), event.seq])
    }
    for (const message of session.messages.values()) {
      const [final] = message.finals
      if (message.kind !== 'push' || final?.kind !== 'answer' || isExcused(message, session)) continue
      const at = pushed.get(message.n) ?? []
      if (at.length !== 1 || at[0] > final.seq)
        found({ rule: 'misplaced push', session: session.id, evidence: `${lifeOf(message)}: pushed at seq ${at.join(' and ') || 'none'}` })
    }
  }
}
