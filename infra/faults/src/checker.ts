import { type Figures, figuresOf } from './figures.ts'
import type { History } from './history.ts'
import type { Allowance, RuleCheck, Violation } from './rules.ts'
import { lifeOf } from './rules.ts'
import { checkAnswers, checkDoubled, checkLost, checkPushes, checkRefused, checkStreams } from './rules-answers.ts'
import { checkFalseLoss, checkSilentLoss } from './rules-loss.ts'
import { checkAnswerOrder, checkHandlingOrder, checkNumbers, checkUnsent } from './rules-order.ts'
import { makeViews } from './views.ts'

export interface Verdict {
  violations: Violation[]
  figures: Figures
}

const RULES: readonly RuleCheck[] = [
  checkLost,
  checkDoubled,
  checkAnswers,
  checkRefused,
  checkStreams,
  checkPushes,
  checkNumbers,
  checkAnswerOrder,
  checkHandlingOrder,
  checkUnsent,
  checkSilentLoss,
  checkFalseLoss,
]

/** Holds a history against what is promised (docs/guarantees.md). Pure: the same history has the same verdict. */
export function check(history: History, allowance: Allowance = {}): Verdict {
  const views = makeViews(history)
  const violations: Violation[] = []
  const found = (violation: Violation): void => void violations.push(violation)
  for (const rule of RULES) rule({ views, losses: history.losses, allowance }, found)
  const figures = figuresOf(history, views)
  if (allowance.noErrors) {
    for (const session of views.sessions.values())
      for (const message of session.messages.values())
        if (message.refused !== undefined) found({ rule: 'error', session: session.id, evidence: lifeOf(message) })
  }
  if (allowance.resumeP99Ms !== undefined && figures.resumeP99Ms > allowance.resumeP99Ms) {
    const evidence = `p99 is ${Math.round(figures.resumeP99Ms)} ms, at most ${allowance.resumeP99Ms} is promised`
    found({ rule: 'slow resume', session: '', evidence })
  }
  for (const event of history.events) {
    if (event.type === 'closed' && event.number >= 4_500)
      found({ rule: 'error', session: event.session, evidence: `its connection was closed for good: ${event.code}` })
  }
  return { violations, figures }
}
