import type { StoreLoss } from './history.ts'
import type { RuleCheck } from './rules.ts'
import type { SessionView } from './views.ts'

/** A delivery's way from the store to its client takes this long at most, µs: what came sooner after `keptUntil` may have been kept. */
const MARGIN = 500_000

/** A session whose deliveries the store has lost is told so (G5). */
export const checkSilentLoss: RuleCheck = ({ views, losses }, found) => {
  for (const loss of losses) {
    for (const session of views.sessions.values()) {
      if (!wasHit(session, loss) || session.toldAt.some(at => at > loss.at)) continue
      const when = loss.keptUntil === 0 ? 'all it had' : `what it had of the last ${((loss.at - loss.keptUntil) / 1_000).toFixed(0)} ms`
      found({ rule: 'silent loss', session: session.id, evidence: `the store lost ${when}, and its client was never told` })
    }
  }
}

/** A store that has lost nothing tells nobody of a loss (G5): told falsely, a client gives up what it would have got. */
export const checkFalseLoss: RuleCheck = ({ views, losses }, found) => {
  for (const session of views.sessions.values()) {
    for (const at of session.toldAt) {
      if (losses.some(loss => loss.at < at)) continue
      const underWay = [...session.messages.values()].filter(message => message.sentAt < at && !message.finals.some(final => final.at < at))
      const evidence = `its client was told of a loss with ${underWay.length} messages under way, and the store had lost nothing`
      found({ rule: 'false loss', session: session.id, evidence })
    }
  }
}

/** Whether the session lived then, went on, and had something in what was lost. */
function wasHit(session: SessionView, { at, keptUntil }: StoreLoss): boolean {
  const connected = session.seen.some(event => event.type === 'connected' && event.at < at)
  const over = session.toldAt.some(told => told < at) && !session.seen.some(event => event.at > at)
  if (!connected || over) return false
  if (keptUntil === 0) return true
  return session.seen.some(event => event.type === 'delivered' && event.at > keptUntil + MARGIN && event.at < at)
}
