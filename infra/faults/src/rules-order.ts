import { POISON_ATTEMPTS } from './handlers.ts'
import type { Delivered } from './history.ts'
import { lifeOf, type RuleCheck } from './rules.ts'
import { completedAt, isExcused, type MessageView, type SessionView } from './views.ts'

/** Deliveries are numbered without a gap unless the resume before says so, and one that comes again says so (G5). */
export const checkNumbers: RuleCheck = ({ views }, found) => {
  for (const session of views.sessions.values()) {
    const taken = new Map<number, Delivered>()
    let last = 0
    let mayJump = false
    for (const event of session.seen) {
      if (event.type === 'connected') {
        mayJump = event.asked !== undefined && !event.recovered
        continue
      }
      const { seq } = event
      const before = taken.get(seq)
      if (before !== undefined && (!event.redelivered || before.msgId !== event.msgId))
        found({ rule: 'unmarked repeat', session: session.id, evidence: `seq ${seq}: ${wordFor(before)}, then ${wordFor(event)}` })
      if (seq > last + 1 && !mayJump)
        found({
          rule: 'gap',
          session: session.id,
          evidence: `after seq ${last} comes ${seq} (${wordFor(event)}), and nobody said that something was lost`,
        })
      mayJump = false
      taken.set(seq, event)
      last = Math.max(last, seq)
    }
  }
}

const wordFor = ({ kind, msgId, code, redelivered }: Delivered): string =>
  `${code ?? kind} of message ${msgId}${redelivered ? ', redelivered' : ''}`

/** Answers come in the order in which their messages were sent (G3). */
export const checkAnswerOrder: RuleCheck = ({ views, allowance }, found) => {
  for (const session of views.sessions.values()) {
    const finals = ordered(session, allowance.codes)
      .flatMap(message => message.finals.slice(0, 1))
      .sort((a, b) => a.seq - b.seq)
    for (let i = 1; i < finals.length; i++) {
      const [before, after] = [finals[i - 1], finals[i]]
      if (after.msgId < before.msgId) {
        const evidence = `${lifeOf(session.messages.get(after.msgId)!)} BEHIND ${lifeOf(session.messages.get(before.msgId)!)}`
        found({ rule: 'answers reordered', session: session.id, evidence })
      }
    }
  }
}

/** No handling begins before the one of the message before it has come to its end; that something is handled again is no fault (G3). */
export const checkHandlingOrder: RuleCheck = ({ views, allowance }, found) => {
  for (const session of views.sessions.values()) {
    let latest = Number.NEGATIVE_INFINITY
    let latestOf: MessageView | undefined
    for (const message of ordered(session, allowance.codes)) {
      const begun = message.handlings[0]?.at
      if (begun === undefined) continue
      if (latestOf !== undefined && begun < latest) {
        const late = ((latest - begun) / 1_000).toFixed(1)
        const evidence = `${lifeOf(message)} began ${late} ms before the end of ${lifeOf(latestOf)}`
        found({ rule: 'handling reordered', session: session.id, evidence })
      }
      const ended = completedAt(message, POISON_ATTEMPTS)
      if (ended === undefined || ended < latest) continue
      latest = ended
      latestOf = message
    }
  }
}

/** Messages of a session whose order is promised: not those that a deadline, a cancellation or a told loss took out of it. */
function ordered(session: SessionView, codes: readonly string[] = []): MessageView[] {
  return [...session.messages.values()].filter(message => {
    const code = message.finals[0]?.code
    if (code === 'TIMEOUT' || code === 'CANCELLED' || (code !== undefined && codes.includes(code))) return false
    return message.refused === undefined && !isExcused(message, session)
  })
}

/** Nothing is handled that nobody sent, and what is handled is what was sent. */
export const checkUnsent: RuleCheck = ({ views }, found) => {
  for (const { session, msgId, kind, n } of views.unsent)
    found({ rule: 'handled unsent', session, evidence: `message ${msgId} (${kind}, n ${n}) was handled and never sent` })
  for (const session of views.sessions.values()) {
    for (const { msgId, n, kind } of session.handlings) {
      const message = session.messages.get(msgId)!
      if (message.n !== n || message.kind !== kind)
        found({ rule: 'handled unsent', session: session.id, evidence: `${lifeOf(message)} was handled as ${kind}, n ${n}` })
    }
  }
}
